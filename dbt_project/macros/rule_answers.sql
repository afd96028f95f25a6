{#- The steps of rule_pairs that ask the conditions, from `asked` to `answers`. -#}
{% macro rule_answers() %}
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
{% endmacro %}
