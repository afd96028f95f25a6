-- Who the people are that show one e-mail address or telephone number, where they are several. What
-- may be two of them, or says nothing of a person, is nobody in particular.
{{ config(materialized='incremental', unique_key=['namespace', 'normalised_value']) }}

with

{% call reached() %}
    select namespace, normalised_value from {{ changed('shared_value_pairs') }}
{% endcall %}

pairs as (
    select * from {{ part(ref('shared_value_pairs'), ['namespace', 'normalised_value']) }}
),

ones as (
    select * from pairs
    where may_be_one
),

ambiguous as (
    select
        one.namespace,
        one.normalised_value,
        one.description_a as person_description
    from ones as one
    inner join ones as another
        on
            another.namespace = one.namespace
            and another.normalised_value = one.normalised_value
            and another.description_a = one.description_a
    inner join pairs
        on
            pairs.namespace = one.namespace
            and pairs.normalised_value = one.normalised_value
            and pairs.description_a = one.description_b
            and pairs.description_b = another.description_b
    where pairs.are_two
    group by one.namespace, one.normalised_value, one.description_a
),

descriptions as (
    select
        pairs.namespace,
        pairs.normalised_value,
        pairs.description_a as person_description,
        bool_or(pairs.is_person_a or pairs.may_be_one) and max(ambiguous.person_description) is null
            as is_somebody
    from pairs
    left join ambiguous
        on
            ambiguous.namespace = pairs.namespace
            and ambiguous.normalised_value = pairs.normalised_value
            and ambiguous.person_description = pairs.description_a
    group by pairs.namespace, pairs.normalised_value, pairs.description_a
),

-- Who is the same person, also through a third spelling.
alike as (
    select
        namespace,
        normalised_value,
        person_description as description_a,
        person_description as description_b
    from descriptions
    union
    select
        namespace,
        normalised_value,
        description_a,
        description_b
    from ones
    union
    select
        one.namespace,
        one.normalised_value,
        one.description_a,
        another.description_b
    from ones as one
    inner join descriptions as third
        on
            third.namespace = one.namespace
            and third.normalised_value = one.normalised_value
            and third.person_description = one.description_b
            and third.is_somebody
    inner join ones as another
        on
            another.namespace = one.namespace
            and another.normalised_value = one.normalised_value
            and another.description_a = one.description_b
)

-- Spellings of one person get the first of them as their mark.
select
    descriptions.namespace,
    descriptions.normalised_value,
    descriptions.person_description,
    case when descriptions.is_somebody then min(others.person_description) end as person_mark
from descriptions
inner join alike
    on
        alike.namespace = descriptions.namespace
        and alike.normalised_value = descriptions.normalised_value
        and alike.description_a = descriptions.person_description
left join descriptions as others
    on
        others.namespace = alike.namespace
        and others.normalised_value = alike.normalised_value
        and others.person_description = alike.description_b
        and others.is_somebody
group by
    descriptions.namespace, descriptions.normalised_value, descriptions.person_description,
    descriptions.is_somebody
