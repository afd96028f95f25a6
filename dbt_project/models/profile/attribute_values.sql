{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id
    from {{ ref('identity_map') }}
    semi join (
        select {{ record | join(', ') }} from {{ changed('customer_records') }}
        union all
        select {{ record | join(', ') }} from {{ changed('attribute_statements') }}
    ) as changed_records using ({{ record | join(', ') }})
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

entries_of_records as (
    select
        source_system,
        source_record_id,
        updated_at,
        unnest({{ json_entries('attributes') }}) as entry
    from customer_records
    where attributes is not null
),

-- A record that lacks a value says nothing; an empty cell of a keyed file says that there is none.
values_of_records as (
    select
        source_system,
        source_record_id,
        updated_at,
        struct_extract(entry, 'key') as attribute,
        struct_extract(entry, 'value') as attribute_value,
        false as is_cleared
    from entries_of_records
    union all
    select
        source_system,
        source_record_id,
        said_at as updated_at,
        attribute,
        attribute_value,
        is_cleared
    from {{ part(ref('attribute_statements'), record, of='identity_map') }}
),

-- Systems that are not listed rank behind all that are.
values_of_people as (
    select
        identity_map.profile_id,
        declared_attributes.attribute,
        declared_attributes.merge_rule,
        values_of_records.source_system,
        values_of_records.source_record_id,
        values_of_records.source_system || ':' || values_of_records.source_record_id as record_key,
        values_of_records.updated_at,
        values_of_records.attribute_value,
        values_of_records.is_cleared,
        coalesce(source_precedence.precedence, 2147483647) as precedence
    from values_of_records
    inner join identity_map
        on
            identity_map.source_system = values_of_records.source_system
            and identity_map.source_record_id = values_of_records.source_record_id
    inner join declared_attributes
        on declared_attributes.attribute = values_of_records.attribute
    left join source_precedence
        on source_precedence.source_system = values_of_records.source_system
)

select
    profile_id,
    attribute,
    attribute_value,
    is_cleared,
    source_system,
    source_record_id,
    updated_at,
    merge_rule,
    -- What is cleared counts for no value, so whoever has one comes before.
    row_number() over (
        partition by profile_id, attribute
        order by
            is_cleared asc,
            case when merge_rule = 'precedence' then precedence end asc nulls last,
            updated_at desc nulls last,
            precedence asc,
            record_key asc
    ) as attribute_rank
from values_of_people
