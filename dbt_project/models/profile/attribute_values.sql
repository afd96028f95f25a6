{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join {{ changed('customer_records') }} using ({{ record | join(', ') }})
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), ['profile_id']) }}
),

customer_records as (
    select * from {{ part(ref('customer_records'), record, of='identity_map') }}
),

declared_attributes as (
    select * from {{ ref('attributes') }}
),

source_precedence as (
    select * from {{ ref('source_precedence') }}
),

values_of_records as (
    select
        source_system,
        source_record_id,
        record_key,
        updated_at,
        unnest({{ json_entries('attributes') }}) as entry
    from customer_records
    where attributes is not null
),

-- Systems that are not listed rank behind all that are.
values_of_people as (
    select
        identity_map.profile_id,
        declared_attributes.attribute,
        declared_attributes.merge_rule,
        values_of_records.source_system,
        values_of_records.source_record_id,
        values_of_records.record_key,
        values_of_records.updated_at,
        values_of_records.entry.value as attribute_value,
        coalesce(source_precedence.precedence, 2147483647) as precedence
    from values_of_records
    inner join identity_map
        on
            identity_map.source_system = values_of_records.source_system
            and identity_map.source_record_id = values_of_records.source_record_id
    inner join declared_attributes
        on declared_attributes.attribute = values_of_records.entry.key
    left join source_precedence
        on source_precedence.source_system = values_of_records.source_system
)

select
    profile_id,
    attribute,
    attribute_value,
    source_system,
    source_record_id,
    updated_at,
    merge_rule,
    row_number() over (
        partition by profile_id, attribute
        order by
            case when merge_rule = 'precedence' then precedence end asc nulls last,
            updated_at desc nulls last,
            precedence asc,
            record_key asc
    ) as attribute_rank
from values_of_people
