{{ config(materialized='incremental', unique_key=['record_key_a', 'record_key_b']) }}

with

rules as (
    select * from {{ ref('record_match_rules') }}
    where effect in ('link', 'never')
),

answers as (
    select * from {{ ref('rule_answers') }}
),

holding as (
    select
        rule,
        record_key_a,
        record_key_b
    from answers
    group by rule, record_key_a, record_key_b
    having
        min(
            case comparison
                when 'not_contradicting' then case when is_agreed or not is_given then 1 else 0 end
                when 'contradicting' then case when is_given and not is_agreed then 1 else 0 end
                else case when is_agreed then 1 else 0 end
            end
        ) = 1
),

ranked_rules as (
    select
        rule,
        coalesce(min(priority), 0) as priority,
        min(effect) as effect
    from rules
    group by rule
),

kept_apart as (
    select
        holding.record_key_a,
        holding.record_key_b,
        min_by(holding.rule, lpad(cast(ranked_rules.priority as string), 9, '0') || holding.rule)
            as never_rule
    from holding
    inner join ranked_rules
        on ranked_rules.rule = holding.rule
    where ranked_rules.effect = 'never'
    group by holding.record_key_a, holding.record_key_b
),

joined as (
    select
        holding.rule,
        holding.record_key_a,
        holding.record_key_b,
        ranked_rules.priority
    from holding
    inner join ranked_rules
        on ranked_rules.rule = holding.rule
    where ranked_rules.effect = 'link'
),

joined_and_not_apart as (
    select joined.*
    from joined
    left join kept_apart
        on
            kept_apart.record_key_a = joined.record_key_a
            and kept_apart.record_key_b = joined.record_key_b
    where kept_apart.record_key_a is null
),

both_ways as (
    select
        rule,
        record_key_a as record_key,
        record_key_b as other_record_key
    from joined_and_not_apart
    union all
    select
        rule,
        record_key_b as record_key,
        record_key_a as other_record_key
    from joined_and_not_apart
),

-- A record that one rule links to two others which must stay apart may be either's: it says neither.
ambiguous as (
    select
        first_way.rule,
        least(first_way.record_key, first_way.other_record_key) as record_key_a,
        greatest(first_way.record_key, first_way.other_record_key) as record_key_b
    from both_ways as first_way
    inner join both_ways as second_way
        on
            second_way.rule = first_way.rule
            and second_way.record_key = first_way.record_key
    inner join kept_apart
        on
            kept_apart.record_key_a
            = least(first_way.other_record_key, second_way.other_record_key)
            and kept_apart.record_key_b
            = greatest(first_way.other_record_key, second_way.other_record_key)
    group by
        first_way.rule,
        least(first_way.record_key, first_way.other_record_key),
        greatest(first_way.record_key, first_way.other_record_key)
),

decided as (
    select
        joined.rule,
        joined.priority,
        joined.record_key_a,
        joined.record_key_b,
        kept_apart.never_rule,
        case
            when kept_apart.record_key_a is not null then 'never'
            when ambiguous.rule is not null then 'ambiguous'
            else 'link'
        end as decision
    from joined
    left join kept_apart
        on
            kept_apart.record_key_a = joined.record_key_a
            and kept_apart.record_key_b = joined.record_key_b
    left join ambiguous
        on
            ambiguous.rule = joined.rule
            and ambiguous.record_key_a = joined.record_key_a
            and ambiguous.record_key_b = joined.record_key_b
    union all
    select
        cast(null as string) as rule,
        cast(null as int) as priority,
        kept_apart.record_key_a,
        kept_apart.record_key_b,
        kept_apart.never_rule,
        'never' as decision
    from kept_apart
)

-- The surest rule that joins a pair stands for it.
select
    record_key_a,
    record_key_b,
    decision,
    rule,
    cast(priority as int) as priority,
    never_rule
from decided
qualify
    row_number() over (
        partition by record_key_a, record_key_b
        order by
            case when decision = 'link' then 0 else 1 end asc,
            priority asc nulls last,
            rule asc nulls last
    ) = 1
