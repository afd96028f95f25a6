-- What records say about the people at an e-mail address or telephone number that several share, two
-- by two: may the two be one person, or are they two?
{{ config(materialized='incremental', unique_key=['namespace', 'normalised_value']) }}

with

{% call reached() %}
    {{ changed_candidates() }}
{% endcall %}

limits as (
    select
        {% for rule, delivered in [
            ('most_names_of_a_family', 3), ('most_family_names_of_a_family', 2),
            ('years_of_a_generation', 15), ('least_likeness_of_names', 0.8),
            ('shortest_given_name_in_mailbox', 3), ('shortest_family_name_in_mailbox', 4)
        ] -%}
            coalesce(max(case when rule = '{{ rule }}' then value end), {{ delivered }}) as {{ rule }}
            {{- '' if loop.last else ',' }}
    {% endfor %}
    from {{ ref('match_settings') }}
),

-- Most values are one record's, or say the same in all of them: nobody is to be told apart there.
candidates as (
    select
        observed.*,
        namespaces.max_records_per_value as most_records
    from {{ part(ref('normalised_values'), ['namespace', 'normalised_value']) }} as observed
    inner join {{ ref('identity_namespaces') }} as namespaces
        on namespaces.namespace = observed.namespace
    left join {{ ref('refused_on_sight') }} as on_sight
        on
            on_sight.record_key = observed.record_key
            and on_sight.namespace = observed.namespace
            and on_sight.identity_value = observed.identity_value
    left join {{ ref('refused_as_outdated') }} as outdated
        on
            outdated.record_key = observed.record_key
            and outdated.namespace = observed.namespace
            and outdated.identity_value = observed.identity_value
    where
        namespaces.splits_by_person
        and observed.normalised_value is not null
        and on_sight.record_key is null
        and outdated.record_key is null
),

values_in_question as (
    select
        namespace,
        normalised_value,
        count(distinct formal_given_name) as name_count,
        count(distinct family_name) as family_name_count
    from candidates
    group by namespace, normalised_value
    having
        min(person_description) < max(person_description)
        and count(distinct record_key) <= max(most_records)
),

listed_genders as (
    select
        {{ normalise_given_name('given_name') }} as given_name,
        min(gender) as gender
    from {{ ref('given_name_genders') }}
    group by {{ normalise_given_name('given_name') }}
),

descriptions as (
    select
        candidates.namespace,
        candidates.normalised_value,
        candidates.person_description,
        candidates.written_given_name as given_name,
        candidates.formal_given_name,
        candidates.second_given_name,
        candidates.family_name,
        candidates.generation,
        candidates.gender,
        candidates.birth_date,
        max(listed_genders.gender) as listed_gender,
        max(values_in_question.name_count) as name_count,
        max(values_in_question.family_name_count) as family_name_count
    from candidates
    inner join values_in_question
        on
            values_in_question.namespace = candidates.namespace
            and values_in_question.normalised_value = candidates.normalised_value
    left join listed_genders
        on listed_genders.given_name = candidates.written_given_name
    group by
        candidates.namespace, candidates.normalised_value, candidates.person_description,
        candidates.written_given_name, candidates.formal_given_name, candidates.second_given_name,
        candidates.family_name, candidates.generation, candidates.gender, candidates.birth_date
),

-- What is null says nothing.
agreements as (
    select
        a.namespace,
        a.normalised_value,
        a.person_description as description_a,
        b.person_description as description_b,
        a.formal_given_name is not null or a.birth_date is not null as is_person_a,
        a.name_count > limits.most_names_of_a_family
        or a.name_count > 1 and a.family_name_count > limits.most_family_names_of_a_family
            as has_many_names,
        coalesce(a.generation <> b.generation, false) as is_junior_and_senior,
        {{ given_names_of_two('a', 'b') }} as is_another_given_name,
        {{ given_names_agree('a', 'b') }} and not {{ given_names_of_two('a', 'b') }}
            as is_same_given_name,
        {{ family_names_agree('a', 'b') }} as is_same_family_name,
        {{ birth_dates_agree('a.birth_date', 'b.birth_date') }} as is_same_birth_date,
        abs({{ dbt.datediff('a.birth_date', 'b.birth_date', 'year') }})
        >= limits.years_of_a_generation as is_generation_apart,
        -- A name in the place of the other, whose own is missing.
        coalesce(
            a.family_name is null and b.family_name = a.given_name
            or b.family_name is null and a.family_name = b.given_name,
            false
        ) as is_out_of_place,
        extract(year from a.birth_date) = extract(year from b.birth_date)
        or {{ birth_dates_agree('a.birth_date', 'b.birth_date', digits=2) }} as is_near_birth_date,
        -- A mailbox that is made of a name is that person's.
        coalesce(
            length(coalesce(a.given_name, b.given_name)) >= limits.shortest_given_name_in_mailbox
            and contains(split_part(a.normalised_value, '@', 1), coalesce(a.given_name, b.given_name)),
            false
        ) as is_named_for_one,
        coalesce(
            length(a.family_name) >= limits.shortest_family_name_in_mailbox
            and contains(split_part(a.normalised_value, '@', 1), a.family_name)
            or length(b.family_name) >= limits.shortest_family_name_in_mailbox
            and contains(split_part(a.normalised_value, '@', 1), b.family_name),
            false
        ) as is_named_for_family,
        coalesce(
            a.gender <> b.gender
            or {{ name_similarity('a.given_name', 'b.given_name') }} < limits.least_likeness_of_names,
            false
        ) as is_unlike
    from descriptions as a
    inner join descriptions as b
        on
            b.namespace = a.namespace
            and b.normalised_value = a.normalised_value
            and b.person_description <> a.person_description
    cross join limits
),

judged as (
    select
        namespace,
        normalised_value,
        description_a,
        description_b,
        is_person_a,
        coalesce(case
            when is_junior_and_senior then true
            -- Another birth date is a mistake where the name is one, and a father's or a mother's
            -- where a generation lies between. Where a name is missing or not quite the same, it is
            -- one within a year, in which nobody has two children, and where two digits differ; where
            -- it is missing, also at a mailbox that holds the other's.
            when not is_same_birth_date
                then
                    is_generation_apart
                    or coalesce(
                        not is_same_given_name and (is_unlike or not is_near_birth_date),
                        is_unlike or not (is_near_birth_date or is_named_for_one)
                    )
                    or not coalesce(is_same_family_name, true)
                    and not (is_same_given_name and (is_named_for_one or is_named_for_family))
            -- People marry; at an office two have one given name.
            when is_same_given_name
                then not is_same_family_name and is_same_birth_date is null and has_many_names
            -- Twins.
            when is_same_birth_date then not is_same_given_name and is_unlike and not is_out_of_place
            when is_same_given_name is null then not is_same_family_name
            else is_unlike or is_another_given_name or not is_same_family_name
        end, false) as are_two,
        coalesce(is_same_given_name, is_same_birth_date, false) as agrees
    from agreements
)

select
    namespace,
    normalised_value,
    description_a,
    description_b,
    is_person_a,
    are_two,
    agrees and not are_two as may_be_one
from judged
qualify bool_or(are_two) over (partition by namespace, normalised_value)
