{{ config(materialized='incremental', unique_key=['namespace', 'normalised_value']) }}

with

{% call reached() %}
    select namespace, normalised_value from {{ changed('normalised_values') }}
    union all
    select namespace, normalised_value
    from {{ ref('normalised_values') }}
    semi join {{ changed('refused_on_sight') }} using (record_key, namespace)
{% endcall %}

candidates as (
    select
        normalised_values.namespace,
        normalised_values.normalised_value
    from {{ part(ref('normalised_values'), ['namespace', 'normalised_value']) }} as normalised_values
    left join {{ ref('refused_on_sight') }} as refused_on_sight
        on
            refused_on_sight.record_key = normalised_values.record_key
            and refused_on_sight.namespace = normalised_values.namespace
            and refused_on_sight.identity_value = normalised_values.identity_value
    where
        refused_on_sight.record_key is null
        and normalised_values.normalised_value is not null
)

select
    namespace,
    normalised_value,
    count(*) as record_count
from candidates
group by namespace, normalised_value
having count(*) > 1
