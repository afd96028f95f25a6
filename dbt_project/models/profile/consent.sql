{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('consents') }} using ({{ record | join(', ') }})
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), ['profile_id']) }}
),

consents as (
    select * from {{ part(ref('consents'), record, of='identity_map') }}
)

select
    identity_map.profile_id,
    consents.purpose,
    consents.channel,
    consents.status,
    consents.recorded_at,
    consents.source_system
from consents
inner join identity_map
    on
        identity_map.source_system = consents.source_system
        and identity_map.source_record_id = consents.source_record_id
-- The last word counts; of two at one instant the more careful one, so a denial wins.
qualify row_number() over (
    partition by identity_map.profile_id, consents.purpose, consents.channel
    order by
        consents.recorded_at desc nulls last,
        case consents.status when 'denied' then 1 when 'pending' then 2 else 3 end,
        consents.source_system asc,
        consents.consent_id asc
) = 1
