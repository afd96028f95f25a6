-- Refusing a value must not lose it: what was observed is either used or listed with its reason.
with

counts as (
    select
        (select count(*) from {{ ref('identity_observations') }}) as observed_count,
        (
            select count(*) from {{ ref('comparison_values') }}
            where refusal_reason is null)
            as accepted_count,
        (select count(*) from {{ ref('refused_links') }}) as refused_count
)

select
    observed_count,
    accepted_count,
    refused_count
from counts
where observed_count <> accepted_count + refused_count
