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
    select comparison_values.*
    from {{ part(ref('comparison_values'), ['record_key'], of='identity_map') }} as comparison_values
    left join {{ part(ref('refused_in_replay'), ['record_key'], of='identity_map') }} as refused
        on
            refused.record_key = comparison_values.record_key
            and refused.namespace = comparison_values.namespace
            and refused.comparison_value = comparison_values.comparison_value
    where comparison_values.refusal_reason is null and refused.record_key is null
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
