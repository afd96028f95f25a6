with

accepted as (
    select comparison_values.*
    from {{ ref('comparison_values') }} as comparison_values
    left join {{ ref('refused_in_replay') }} as refused
        on
            refused.record_key = comparison_values.record_key
            and refused.namespace = comparison_values.namespace
            and refused.comparison_value = comparison_values.comparison_value
    where comparison_values.refusal_reason is null and refused.record_key is null
),

identity_map as (
    select * from {{ ref('identity_map') }}
)

select
    identity_map.profile_id,
    accepted.namespace,
    accepted.normalised_value as identity_value,
    count(distinct accepted.record_key) as record_count
from accepted
inner join identity_map
    on
        identity_map.source_system = accepted.source_system
        and identity_map.source_record_id = accepted.source_record_id
group by identity_map.profile_id, accepted.namespace, accepted.normalised_value
