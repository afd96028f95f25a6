{{ config(materialized='incremental', unique_key=['namespace', 'normalised_value']) }}

with

{% call reached() %}
    select namespace, normalised_value
    from {{ ref('normalised_values') }}
    semi join {{ changed('normalised_values') }} using (record_key)
    where kind in ('cookie', 'device')
    union all
    select namespace, normalised_value
    from {{ changed('normalised_values') }}
    where kind in ('cookie', 'device')
{% endcall %}

observed as (
    select
        record_key,
        namespace,
        kind,
        normalised_value
    from {{ ref('normalised_values') }}
    where normalised_value is not null
),

devices as (
    select
        namespace,
        normalised_value,
        record_key
    from {{ part('observed', ['namespace', 'normalised_value']) }}
    where kind in ('cookie', 'device')
    group by namespace, normalised_value, record_key
),

persons as (
    select
        record_key,
        namespace,
        normalised_value
    from {{ part('observed', ['record_key'], of='devices') }}
    where kind = 'person'
    group by record_key, namespace, normalised_value
),

-- A login and a member number on one device may be one person's two, so namespaces count apart.
people_by_namespace as (
    select
        devices.namespace,
        devices.normalised_value,
        count(distinct persons.normalised_value) as people_count
    from devices
    left join persons
        on persons.record_key = devices.record_key
    group by devices.namespace, devices.normalised_value, persons.namespace
)

select
    namespace,
    normalised_value,
    max(people_count) as people_count
from people_by_namespace
group by namespace, normalised_value
