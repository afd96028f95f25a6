-- Values that records of more than one business unit show: each unit has them for itself.
{{ config(materialized='incremental', unique_key=['namespace', 'normalised_value']) }}

with

{% call reached() %}
    select namespace, normalised_value from {{ changed('normalised_values') }}
    union all
    select namespace, normalised_value
    from {{ ref('normalised_values') }}
    semi join {{ changed('record_units') }} using (record_key)
{% endcall %}

normalised_values as (
    select * from {{ part(ref('normalised_values'), ['namespace', 'normalised_value']) }}
    where normalised_value is not null
)

select
    normalised_values.namespace,
    normalised_values.normalised_value
from normalised_values
inner join {{ ref('record_units') }} as record_units
    on record_units.record_key = normalised_values.record_key
group by normalised_values.namespace, normalised_values.normalised_value
having min(record_units.business_unit_id) < max(record_units.business_unit_id)
