with

rules as (
    select * from {{ ref('record_match_rules') }}
    where effect in ('link', 'never')
),

record_values as (
    select * from {{ rule_values() }} as written
),

limits as (
    select coalesce(cast(max(value) as bigint), 50) as most_records
    from {{ ref('match_rules') }}
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
),

pairs_of_rules as (
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
    group by left_side.rule, left_side.record_key, right_side.record_key
),

pairs as (
    select
        record_key_a,
        record_key_b
    from pairs_of_rules
    group by record_key_a, record_key_b
),

nevers as (
    select rule
    from rules
    where effect = 'never'
    group by rule
),

-- What keeps records apart is asked of each pair that any rule looks at.
asked as (
    select
        rule,
        record_key_a,
        record_key_b
    from pairs_of_rules
    union all
    select
        nevers.rule,
        pairs.record_key_a,
        pairs.record_key_b
    from pairs
    cross join nevers
),

-- The name with fewer words first.
compared as (
    select
        asked.rule,
        asked.record_key_a,
        asked.record_key_b,
        rules.field,
        rules.comparison,
        rules.threshold,
        values_a.value as value_a,
        values_b.value as value_b,
        case
            when {{ word_count('values_a.words') }} <= {{ word_count('values_b.words') }}
                then values_a.words
            else values_b.words
        end as few_words,
        case
            when {{ word_count('values_a.words') }} <= {{ word_count('values_b.words') }}
                then values_b.words
            else values_a.words
        end as many_words
    from asked
    inner join rules
        on rules.rule = asked.rule
    left join record_values as values_a
        on
            values_a.record_key = asked.record_key_a
            and values_a.field = rules.field
    left join record_values as values_b
        on
            values_b.record_key = asked.record_key_b
            and values_b.field = rules.field
            and values_a.value is not null
),

spread_out as (
    select
        compared.*,
        {{ words_without('compared.few_words', 'compared.many_words') }} as few_left,
        {{ words_without('compared.many_words', 'compared.few_words') }} as many_left
    from compared
),

-- Names agree when all words of the shorter one stand in the other, in any order; what is left of it
-- may be initials of what is left of the other. A single word of a whole name says too little,
-- unless it is all of both names.
worded as (
    select
        spread_out.*,
        (
            spread_out.field not in ('name', 'organisation_name')
            or {{ word_count('spread_out.few_words') }} > 1
            or {{ word_count('spread_out.few_words') }} = {{ word_count('spread_out.many_words') }}
        )
        and {{ initials_agree('spread_out.few_left', 'spread_out.many_left') }} as is_worded
    from spread_out
),

-- A record may show several values of a field; one that agrees is enough.
answers as (
    select
        worded.rule,
        worded.record_key_a,
        worded.record_key_b,
        worded.field,
        worded.comparison,
        max(case when {{ values_agree('worded') }} then 1 else 0 end) = 1 as is_agreed,
        count(worded.value_b) > 0 as is_given
    from worded
    group by worded.rule, worded.record_key_a, worded.record_key_b, worded.field, worded.comparison
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
