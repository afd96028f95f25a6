{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('record_components') }}
    union all
    select record_key
    from {{ ref('record_components') }}
    semi join {{ changed('component_profiles') }} using (component_id)
{% endcall %}

records as (
    select * from {{ part(ref('record_components'), ['record_key']) }}
)

select
    records.source_system,
    records.source_record_id,
    profiles.profile_id,
    records.record_key
from records
inner join {{ part(ref('component_profiles'), ['component_id'], of='records') }} as profiles
    on profiles.component_id = records.component_id
-- A look-up of a person then reads the row groups only that the id can be in.
order by profiles.profile_id
