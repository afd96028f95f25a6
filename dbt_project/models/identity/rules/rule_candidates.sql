with

rules as (
    select * from {{ ref('record_match_rules') }}
),

record_values as (
    select * from {{ ref('rule_values') }}
),

limits as (
    select coalesce(cast(max(value) as bigint), 50) as most_records
    from {{ ref('match_settings') }}
    where rule = 'largest_plausible_profile'
),

shared_conditions as (
    select
        rules.rule,
        rules.field,
        rules.comparison,
        coalesce(cast(rules.threshold as bigint), limits.most_records) as most_records
    from rules
    cross join limits
    where rules.effect = 'link' and rules.comparison in ('shared', 'shared_date')
),

shared_values as (
    select
        shared_conditions.rule,
        shared_conditions.most_records,
        record_values.record_key,
        case shared_conditions.comparison
            when 'shared_date' then {{ date_in_any_order('record_values.value') }}
            else record_values.value
        end as value
    from shared_conditions
    inner join record_values
        on record_values.field = shared_conditions.field
),

-- What more records show than one person or company can have says nothing, and would cost the
-- square of its records.
usable_values as (
    select
        rule,
        value
    from shared_values
    group by rule, value
    having count(distinct record_key) between 2 and max(most_records)
),

records_to_compare as (
    select
        shared_values.rule,
        shared_values.value,
        shared_values.record_key
    from shared_values
    inner join usable_values
        on
            usable_values.rule = shared_values.rule
            and usable_values.value = shared_values.value
)

-- Of two business units nobody is one person.
select
    left_side.rule,
    left_side.record_key as record_key_a,
    right_side.record_key as record_key_b
from records_to_compare as left_side
inner join records_to_compare as right_side
    on
        right_side.rule = left_side.rule
        and right_side.value = left_side.value
        and right_side.record_key > left_side.record_key
left join {{ ref('record_units') }} as left_units
    on left_units.record_key = left_side.record_key
left join {{ ref('record_units') }} as right_units
    on right_units.record_key = right_side.record_key
where coalesce(left_units.business_unit_id = right_units.business_unit_id, true)
group by left_side.rule, left_side.record_key, right_side.record_key
