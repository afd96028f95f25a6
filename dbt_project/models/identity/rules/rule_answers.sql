with

rules as (
    select * from {{ ref('record_match_rules') }}
    where effect in ('link', 'never')
),

record_values as (
    select * from {{ ref('rule_values') }}
),

pairs_of_rules as (
    select * from {{ ref('rule_candidates') }}
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

-- The comparisons of record_match_rules. Null where a value is missing. Whether two contradict each
-- other is asked of two values that are given.
agreeing as (
    select
        *,
        case comparison
            when 'shared' then value_a = value_b
            when 'equal' then value_a = value_b
            when 'shared_date' then {{ date_in_any_order('value_a') }} = {{ date_in_any_order('value_b') }}
            when 'similar' then {{ name_similarity('value_a', 'value_b') }} >= threshold
            when 'edits' then {{ edit_distance('value_a', 'value_b') }} <= threshold
            when 'words' then is_worded
            else
                value_a = value_b
                or coalesce(is_worded, false)
                or (
                    field = 'birth_date'
                    and {{ edit_distance(date_in_any_order('value_a'), date_in_any_order('value_b')) }} <= 1
                )
        end as is_agreed
    from worded
)

-- A record may show several values of a field; one that agrees is enough.
select
    rule,
    record_key_a,
    record_key_b,
    field,
    comparison,
    max(case when is_agreed then 1 else 0 end) = 1 as is_agreed,
    count(value_b) > 0 as is_given
from agreeing
group by rule, record_key_a, record_key_b, field, comparison
