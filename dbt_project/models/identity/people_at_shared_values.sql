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

-- Spellings of one person get the first of them as their mark; twice, for those that are alike
-- through a third only.
marked as (
    select
        descriptions.namespace,
        descriptions.normalised_value,
        descriptions.person_description,
        descriptions.is_somebody,
        coalesce(
            min(least(others.person_description, descriptions.person_description)),
            descriptions.person_description
        ) as person_mark
    from descriptions
    left join ones
        on
            ones.namespace = descriptions.namespace
            and ones.normalised_value = descriptions.normalised_value
            and ones.description_a = descriptions.person_description
    left join descriptions as others
        on
            others.namespace = ones.namespace
            and others.normalised_value = ones.normalised_value
            and others.person_description = ones.description_b
            and others.is_somebody
    group by
        descriptions.namespace, descriptions.normalised_value, descriptions.person_description,
        descriptions.is_somebody
)

select
    marked.namespace,
    marked.normalised_value,
    marked.person_description,
    case
        when marked.is_somebody
            then coalesce(min(least(others.person_mark, marked.person_mark)), marked.person_mark)
    end as person_mark
from marked
left join ones
    on
        ones.namespace = marked.namespace
        and ones.normalised_value = marked.normalised_value
        and ones.description_a = marked.person_description
left join marked as others
    on
        others.namespace = ones.namespace
        and others.normalised_value = ones.normalised_value
        and others.person_description = ones.description_b
        and others.is_somebody
group by
    marked.namespace, marked.normalised_value, marked.person_description, marked.person_mark,
    marked.is_somebody
