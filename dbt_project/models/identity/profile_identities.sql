{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('comparison_values') }} using (record_key)
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('refused_in_replay') }} using (record_key)
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), ['profile_id']) }}
),

accepted as (
    {{ accepted_identities('identity_map') }}
)

select
    identity_map.profile_id,
    accepted.namespace,
    accepted.normalised_value as identity_value,
    count(distinct accepted.record_key) as record_count
from accepted
inner join identity_map
    on identity_map.record_key = accepted.record_key
group by identity_map.profile_id, accepted.namespace, accepted.normalised_value
-- A look-up of a person then reads the row groups only that the id can be in.
order by identity_map.profile_id
