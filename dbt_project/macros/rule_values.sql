{#-
    What the rules of record_match_rules compare: a subquery of record_key, field, value (how it is
    written when it is compared as a whole) and words (of names, each as `spelling/formal name`).
    Only the fields that a rule names are written down; without rules nothing is.
-#}
{% macro rule_values() %}
    (
        with

        fields as (
            select field
            from {{ ref('record_match_rules') }}
            where effect in ('link', 'never')
            group by field
        ),

        customer_records as (
            select * from {{ ref('customer_records') }}
            where exists (select 1 from fields)
        ),

        match_records as (
            select * from {{ ref('match_records') }}
            where exists (select 1 from fields)
        ),

        comparison_values as (
            select * from {{ ref('comparison_values') }}
            where namespace in (select field from fields)
        ),

        given_name_variants as (
            {{ formal_given_names() }}
        ),

        plain_records as (
            select
                record_key,
                organisation_name,
                street,
                {{ plain_letters('given_name') }} as given_name,
                {{ plain_letters('middle_name') }} as middle_name,
                {{ plain_letters('family_name') }} as family_name,
                {{ plain_letters('street') }} as plain_street
            from customer_records
        ),

        -- Placeholders are left out as they are where records are compared for likeness.
        spelled as (
            select
                plain_records.record_key,
                case
                    when match_records.given_name is not null
                        then {{ name_words('plain_records.given_name') }}
                end as given_words,
                {{ name_words('plain_records.middle_name') }} as middle_words,
                case
                    when match_records.family_name is not null
                        then {{ name_words('plain_records.family_name') }}
                end as family_words,
                plain_records.organisation_name,
                {{ house_and_street('plain_records.plain_street') }} as address,
                {{ letters_and_digits('plain_records.street') }} as street,
                match_records.birth_date,
                match_records.gender,
                match_records.phone_end,
                match_records.postal_code,
                match_records.city,
                match_records.state,
                match_records.country_code
            from plain_records
            inner join match_records
                on match_records.record_key = plain_records.record_key
        ),

        {{ rule_names() }}

        attributes as (
            {% for field in [
                'birth_date', 'gender', 'phone_end', 'address', 'street', 'postal_code', 'city', 'state',
                'country_code'
            ] %}
                select
                    record_key,
                    '{{ field }}' as field,
                    {{ field }} as value
                from spelled
                where {{ field }} is not null
                union all
            {% endfor %}
            select
                record_key,
                'name_suffix' as field,
                coalesce(
                    {{ generation_of('family_words') }},
                    {{ generation_of('given_words', with_first=true) }}
                ) as value
            from spelled
            union all
            select
                record_key,
                namespace as field,
                normalised_value as value
            from comparison_values
            where refusal_reason is null or refusal_reason in ('shared_value', 'shared_device', 'too_many_records')
            group by record_key, namespace, normalised_value
        ),

        written as (
            select
                record_key,
                field,
                value,
                words
            from names
            union all
            select
                record_key,
                field,
                value,
                cast(null as string) as words
            from attributes
        )

        select
            written.record_key,
            written.field,
            written.value,
            written.words
        from written
        inner join fields
            on fields.field = written.field
        where written.value <> ''
    )
{% endmacro %}
