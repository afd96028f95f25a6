{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set weight = 'coalesce(weight, -2147483648)' %}
{% set instant = "coalesce(updated_at, cast('0001-01-01' as timestamp))" %}

with

{% call reached() %}
    select profile_id from {{ changed('ranked_records') }}
    union all
    select profile_id from {{ changed('attribute_values') }}
{% endcall %}

ranked_records as (
    select * from {{ part(ref('ranked_records'), ['profile_id']) }}
),

attribute_rules as (
    select * from {{ ref('attribute_rules') }}
    where is_default
),

values_of_records as (
    {%- for attribute in merged_attributes() %}
        select
            profile_id,
            '{{ attribute.name }}' as attribute,
            {{ attribute.text }} as attribute_value,
            case when {{ attribute.is_made }} then 1 else 2 end as tier,
            source_system,
            source_record_id,
            record_key,
            updated_at,
            precedence,
            recent_rank,
            precedence_rank
        from ranked_records
        where {{ attribute.text }} is not null
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

-- Attributes whose rule ranks the records as a whole, and those that it ranks by their values.
ranked as (
    select
        values_of_records.profile_id,
        values_of_records.attribute,
        values_of_records.attribute_value,
        false as is_cleared,
        values_of_records.source_system,
        values_of_records.source_record_id,
        values_of_records.record_key,
        values_of_records.updated_at,
        values_of_records.precedence,
        attribute_rules.rule,
        values_of_records.tier,
        cast(null as bigint) as weight,
        case
            when attribute_rules.rule = 'precedence' then values_of_records.precedence_rank
            else values_of_records.recent_rank
        end as attribute_rank
    from values_of_records
    inner join attribute_rules
        on
            attribute_rules.attribute = values_of_records.attribute
            and not attribute_rules.is_ranked_by_value
    union all
    select
        attribute_values.profile_id,
        attribute_values.attribute,
        attribute_values.attribute_value,
        attribute_values.is_cleared,
        attribute_values.source_system,
        attribute_values.source_record_id,
        attribute_values.record_key,
        attribute_values.updated_at,
        attribute_values.precedence,
        attribute_values.merge_rule as rule,
        attribute_values.tier,
        attribute_values.weight,
        attribute_values.attribute_rank
    from {{ part(ref('attribute_values'), ['profile_id']) }} as attribute_values
    inner join attribute_rules
        on
            attribute_rules.policy = attribute_values.policy
            and attribute_rules.attribute = attribute_values.attribute
),

placed as (
    select
        *,
        row_number() over by_place as place,
        first_value(attribute_value) over by_place as winning_value,
        first_value(is_cleared) over by_place as winner_is_cleared,
        tier <> first_value(tier) over by_place as differs_in_tier,
        {{ weight }} <> first_value({{ weight }}) over by_place as differs_in_weight,
        {{ instant }} <> first_value({{ instant }}) over by_place as differs_in_time,
        precedence <> first_value(precedence) over by_place as differs_in_system
    from ranked
    window by_place as (partition by profile_id, attribute order by tier asc, attribute_rank asc)
)

select
    profile_id,
    attribute,
    place,
    attribute_value,
    is_cleared,
    source_system,
    source_record_id,
    updated_at,
    rule,
    -- What was decisive between the record and the winner, in the order in which it is asked.
    case
        when place = 1 then null
        when is_cleared <> winner_is_cleared then 'cleared'
        when differs_in_tier then 'incomplete_group'
        when differs_in_weight then 'rule'
        when rule in ('recent', 'least_recent') and differs_in_time then 'rule'
        when rule = 'precedence' and differs_in_system then 'rule'
        when differs_in_time then 'updated_at'
        when differs_in_system then 'precedence'
        else 'record_key'
    end as lost_by,
    coalesce(attribute_value = winning_value, is_cleared and winner_is_cleared) as is_winning_value
from placed
-- A look-up of a person then reads the row groups only that the id can be in.
order by profile_id
