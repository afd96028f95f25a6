{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    select profile_id from {{ changed('identity_map') }}
    union all
    select profile_id from {{ changed('ranked_records') }}
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

attribute_rules as (
    select * from {{ ref('attribute_rules') }}
),

entries_of_records as (
    select
        source_system,
        source_record_id,
        updated_at,
        unnest({{ json_entries('attributes') }}) as entry
    from {{ part(ref('customer_records'), record, of='identity_map') }}
    where attributes is not null
),

-- A record that lacks a value says nothing; an empty cell of a keyed file says that there is none.
declared_values as (
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

-- Read only where a policy merges some of their attributes by a rule for which ranked_records has
-- no order of its own.
records as (
    select
        *,
        {%- for attribute in merged_attributes() %}
            {{ attribute.filled_count }} {{ 'as filled_count' if loop.last else '+' }}
        {%- endfor %}
    from {{ part(ref('ranked_records'), ['profile_id']) }}
    where exists (
        select 1 from attribute_rules
        where attribute_rules.is_ranked_by_value and not attribute_rules.is_declared
    )
),

values_of_people as (
    -- Systems that are not listed rank behind all that are.
    select
        identity_map.profile_id,
        declared_values.source_system,
        declared_values.source_record_id,
        identity_map.record_key,
        declared_values.updated_at,
        coalesce(source_precedence.precedence, 2147483647) as precedence,
        declared_values.attribute,
        declared_values.attribute_value,
        declared_values.is_cleared,
        1 as tier,
        1 as filled_count
    from declared_values
    inner join identity_map
        on
            identity_map.source_system = declared_values.source_system
            and identity_map.source_record_id = declared_values.source_record_id
    left join {{ ref('source_precedence') }} as source_precedence
        on source_precedence.source_system = declared_values.source_system
    {%- for attribute in merged_attributes() %}
        union all
        select
            profile_id,
            source_system,
            source_record_id,
            record_key,
            updated_at,
            precedence,
            '{{ attribute.name }}' as attribute,
            {{ attribute.text }} as attribute_value,
            false as is_cleared,
            case when {{ attribute.is_made }} then 1 else 2 end as tier,
            {{ attribute.filled_count if attribute.is_group else 'filled_count' }} as filled_count
        from records
        where {{ attribute.text }} is not null
    {%- endfor %}
),

frequencies as (
    select
        attribute_rules.policy,
        values_of_people.profile_id,
        values_of_people.attribute,
        lower(values_of_people.attribute_value) as spelling,
        count(*) as record_count
    from values_of_people
    inner join attribute_rules
        on
            attribute_rules.attribute = values_of_people.attribute
            and attribute_rules.rule = 'most_frequent'
    group by 1, 2, 3, 4
),

-- What a rule compares before times and systems are asked, the greatest first.
weighed as (
    select
        attribute_rules.policy,
        attribute_rules.stitching,
        attribute_rules.is_declared,
        attribute_rules.rule as merge_rule,
        values_of_people.*,
        case attribute_rules.rule
            when 'precedence' then -own_order.precedence
            when 'most_filled' then values_of_people.filled_count
            when 'most_frequent' then frequencies.record_count
        end as weight
    from values_of_people
    inner join attribute_rules
        on
            attribute_rules.attribute = values_of_people.attribute
            and attribute_rules.is_ranked_by_value
    left join {{ ref('merge_source_order') }} as own_order
        on
            own_order.policy = attribute_rules.policy
            and own_order.attribute = values_of_people.attribute
            and own_order.source_system = values_of_people.source_system
    left join frequencies
        on
            frequencies.policy = attribute_rules.policy
            and frequencies.profile_id = values_of_people.profile_id
            and frequencies.attribute = values_of_people.attribute
            and frequencies.spelling = lower(values_of_people.attribute_value)
)

select
    policy,
    profile_id,
    attribute,
    is_declared,
    attribute_value,
    is_cleared,
    source_system,
    source_record_id,
    record_key,
    updated_at,
    precedence,
    merge_rule,
    tier,
    cast(weight as bigint) as weight,
    -- What is cleared counts for no value, so whoever has one comes before.
    row_number() over (
        partition by
            policy, case when stitching = 'none' then record_key else profile_id end, attribute
        order by
            is_cleared asc,
            tier asc,
            weight desc nulls last,
            case when merge_rule = 'least_recent' then updated_at end asc nulls last,
            case when merge_rule = 'precedence' then precedence end asc nulls last,
            updated_at desc nulls last,
            precedence asc,
            record_key asc
    ) as attribute_rank
from weighed
