{#- The steps of rule_values that take names apart, from `spelled` to `names`. -#}
{% macro rule_names() %}
        organisations as (
            select
                text,
                plain_text
            from {{ normalise_organisations(
                '(select organisation_name as text from spelled where organisation_name is not null group by organisation_name)'
            ) }} as plain
        ),

        parts_of_names as (
            select
                record_key,
                'given_name' as part,
                1 as place,
                {{ without_generation('given_words', with_first=true) }} as text
            from spelled
            where given_words is not null
            union all
            select
                record_key,
                'given_name' as part,
                2 as place,
                middle_words as text
            from spelled
            where middle_words is not null
            union all
            select
                record_key,
                'family_name' as part,
                3 as place,
                {{ without_generation('family_words') }} as text
            from spelled
            where family_words is not null
            union all
            select
                spelled.record_key,
                'organisation_name' as part,
                4 as place,
                organisations.plain_text as text
            from spelled
            inner join organisations
                on organisations.text = spelled.organisation_name
        ),

        -- Few names, many records: each spelling is taken apart once.
        words_of_texts as (
            select
                text,
                word,
                position
            from {{ words_with_positions('(select text from parts_of_names group by text)', 'text', 'text') }} as words
        ),

        words as (
            select
                parts_of_names.record_key,
                parts_of_names.part,
                parts_of_names.place,
                words_of_texts.position,
                words_of_texts.word,
                coalesce(given_name_variants.given_name, words_of_texts.word) as formal_word
            from parts_of_names
            inner join words_of_texts
                on words_of_texts.text = parts_of_names.text
            left join given_name_variants
                on
                    given_name_variants.variant = words_of_texts.word
                    and parts_of_names.part <> 'organisation_name'
            left join {{ ref('name_titles') }} as titles
                on titles.title = words_of_texts.word
            -- A title stands in front of the given name and is not all of it.
            where
                titles.title is null
                or parts_of_names.place <> 1
                or words_of_texts.position > 1
                or words_of_texts.word = parts_of_names.text
        ),

        -- Fields by their words. As one value a given name is its first word, a family or company name all
        -- letters, a whole name its words in the order of the alphabet.
        names as (
            select
                record_key,
                part as field,
                case
                    when part = 'given_name'
                        then min_by(formal_word, place * 1000 + position)
                    else {{ regexp_replace_all(joined_words('word', 'position'), ' ', '') }}
                end as value,
                {{ joined_words("word || '/' || formal_word", 'place * 1000 + position') }} as words
            from words
            group by record_key, part
            union all
            select
                record_key,
                'name' as field,
                {{ joined_words('formal_word', 'formal_word') }} as value,
                {{ joined_words("word || '/' || formal_word", 'formal_word') }} as words
            from words
            where part <> 'organisation_name'
            group by record_key
        ),
{% endmacro %}
