{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set attributes = merged_attributes() %}
{% set fields = attributes | map(attribute='fields') | sum(start=[]) %}

with

{% call reached() %}
    select profile_id from {{ changed('ranked_records') }}
    union all
    select profile_id from {{ changed('attribute_values') }}
{% endcall %}

policies as (
    select
        policy,
        row_number() over (order by policy) as policy_number,
        stitching,
        is_default,
        {%- for attribute in attributes %}
            coalesce(bool_or(attribute = '{{ attribute.name }}' and rule = 'precedence'), false)
                as {{ attribute.name }}_goes_by_precedence
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ ref('attribute_rules') }}
    group by policy, stitching, is_default
),

attribute_values as (
    select
        policy,
        profile_id,
        record_key,
        attribute,
        attribute_value,
        attribute_rank,
        is_declared
    from {{ part(ref('attribute_values'), ['profile_id']) }}
    where not is_declared or attribute_rank = 1
),

-- Of attributes whose rule ranks them by their values.
places_by_value as (
    select
        policy,
        record_key,
        {%- for attribute in attributes %}
            max(case when attribute = '{{ attribute.name }}' then attribute_rank end)
                as {{ attribute.name }}_rank
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from attribute_values
    where not is_declared
    group by policy, record_key
),

{% set is_alone = "(policies.stitching = 'none' or ranked_records.record_count = 1)" %}

-- Without stitching each record is a profile by itself, as is a person's only one.
alone as (
    select
        policies.policy,
        policies.is_default,
        case
            when policies.stitching = 'none'
                then 'r' || substr(md5(ranked_records.record_key), 1, 16)
            else ranked_records.profile_id
        end as merged_id,
        ranked_records.profile_id,
        {%- for field in fields %}
            ranked_records.{{ field }},
        {%- endfor %}
        1 as record_count
    from {{ part(ref('ranked_records'), ['profile_id']) }} as ranked_records
    cross join policies
    where {{ is_alone }}
),

placed as (
    select
        policies.policy_number,
        ranked_records.*,
        {%- for attribute in attributes %}
            {%- set by_value = 'places_by_value.' ~ attribute.name ~ '_rank' %}
            {%- if not loop.first %},{% endif %}
            case
                when not ({{ attribute.is_said }}) then null
                when {{ by_value }} is not null then {{ by_value }}
                when policies.{{ attribute.name }}_goes_by_precedence then precedence_rank
                else recent_rank
            end
            + case when {{ attribute.is_made }} then 0 else record_count end as {{ attribute.name }}_rank
        {%- endfor %}
    from {{ part(ref('ranked_records'), ['profile_id']) }} as ranked_records
    cross join policies
    left join places_by_value
        on
            places_by_value.policy = policies.policy
            and places_by_value.record_key = ranked_records.record_key
    where not {{ is_alone }}
),

-- Each attribute from the record that the policy ranks first among those that have it; what the
-- winner of a group lacks is not taken from another.
stitched as (
    select
        policy_number,
        profile_id,
        {%- for attribute in attributes if not attribute.is_group %}
            min_by({{ attribute.fields[0] }}, {{ attribute.name }}_rank) as {{ attribute.fields[0] }},
        {%- endfor %}
        {%- for attribute in attributes if attribute.is_group %}
            min_by(
                {{ 'struct_pack(' }}
                {%- for field in attribute.fields %}
                    {{ field ~ ' := ' ~ field }} {{- '' if loop.last else ',' }}
                {%- endfor %}
                {{ ')' }}, {{ attribute.name }}_rank
            ) as {{ attribute.name }},
        {%- endfor %}
        count(*) as record_count
    from placed
    group by policy_number, profile_id
),

merged as (
    select * from alone
    union all
    select
        policies.policy,
        policies.is_default,
        stitched.profile_id as merged_id,
        stitched.profile_id,
        {%- for attribute in attributes %}
            {%- for field in attribute.fields %}
                {{ 'struct_extract(stitched.' ~ attribute.name ~ ", '" ~ field ~ "') as " ~ field
                    if attribute.is_group else 'stitched.' ~ field }},
            {%- endfor %}
        {%- endfor %}
        stitched.record_count
    from stitched
    inner join policies
        on policies.policy_number = stitched.policy_number
),

declared as (
    select
        {%- for attribute in declared_attributes() %}
            cast(
                max(
                    case
                        when attribute_values.attribute = '{{ attribute.name }}'
                            then attribute_values.attribute_value
                    end
                )
                as {{ attribute.type }}
            ) as {{ attribute.name }},
        {%- endfor %}
        attribute_values.policy,
        policies.is_default,
        case
            when policies.stitching = 'none'
                then 'r' || substr(md5(attribute_values.record_key), 1, 16)
            else attribute_values.profile_id
        end as merged_id,
        attribute_values.profile_id
    from attribute_values
    inner join policies
        on policies.policy = attribute_values.policy
    where attribute_values.is_declared
    group by
        attribute_values.policy, policies.is_default, merged_id, attribute_values.profile_id
)

select
    coalesce(merged.policy, declared.policy) as policy,
    coalesce(merged.is_default, declared.is_default) as is_default,
    coalesce(merged.merged_id, declared.merged_id) as merged_id,
    coalesce(merged.profile_id, declared.profile_id) as profile_id,
    {%- for field in fields %}
        merged.{{ field }},
    {%- endfor %}
    {%- for attribute in declared_attributes() %}
        declared.{{ attribute.name }},
    {%- endfor %}
    coalesce(merged.record_count, 0) as record_count
from merged
full outer join declared
    on
        declared.policy = merged.policy
        and declared.merged_id = merged.merged_id
