with

accepted as (
    select * from {{ ref('comparison_values') }}
    where refusal_reason is null
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
