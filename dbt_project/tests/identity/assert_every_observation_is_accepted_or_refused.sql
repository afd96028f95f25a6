-- Refusing a value must not lose it: what was observed is either used or listed with its reason.
with

counts as (
    select
        (select count(*) from {{ ref('identity_observations') }}) as observed_count,
        (
            select count(*)
            from {{ ref('comparison_values') }} as judged
            left join {{ ref('refused_in_replay') }} as refused
                on
                    refused.record_key = judged.record_key
                    and refused.namespace = judged.namespace
                    and refused.comparison_value = judged.comparison_value
            where judged.refusal_reason is null and refused.record_key is null
        ) as accepted_count,
        (
            select count(*) from {{ ref('refused_links') }}
            where link_kind = 'exact'
        ) as refused_count
)

select
    observed_count,
    accepted_count,
    refused_count
from counts
where observed_count <> accepted_count + refused_count
