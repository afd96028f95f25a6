-- The business unit of a record that has one. What its source writes counts, and where it writes
-- nothing, the unit that the source is as a whole.
{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('customer_records') }}
    union all
    select record_key from {{ changed('identity_observations') }}
{% endcall %}

business_units as (
    select * from {{ ref('business_units') }}
),

records as (
    select
        record_key,
        source_system,
        nullif(lower(trim(json_extract_string(attributes, '$.business_unit'))), '') as written
    from {{ part(ref('customer_records'), ['record_key']) }}
    where source_system in (select source_system from business_units)
    union all
    select
        record_key,
        source_system,
        cast(null as string) as written
    from {{ part(ref('identity_observations'), ['record_key']) }}
    where source_system in (select source_system from business_units)
),

said as (
    select
        record_key,
        source_system,
        max(written) as written
    from records
    group by record_key, source_system
)

select
    said.record_key,
    business_units.business_unit_id
from said
inner join business_units
    on
        business_units.source_system = said.source_system
        and lower(trim(coalesce(business_units.written, ''))) = coalesce(said.written, '')
