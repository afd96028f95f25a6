{#- Which names of two records may be one person's. -#}

{#-
    Whether the given names of two rows may be two spellings of one; null where one is missing. They
    may be swapped with the family names, an initial, cut off, or the second name of the other.
    Parameters: a and b, relations with given_name, formal_given_name, second_given_name and
    family_name.
-#}
{% macro given_names_agree(a, b) -%}
    {%- set one, other = a ~ '.given_name', b ~ '.given_name' -%}
    case
        when {{ one }} is not null and {{ other }} is not null
            then {{ a }}.formal_given_name = {{ b }}.formal_given_name
                or coalesce({{ one }} = {{ b }}.second_given_name, false)
                or coalesce({{ other }} = {{ a }}.second_given_name, false)
                or starts_with({{ one }}, {{ other }}) and length({{ other }}) <> 2
                or starts_with({{ other }}, {{ one }}) and length({{ one }}) <> 2
                or {{ _nearly_equal_names(one, other) }}
                or {{ _names_are_swapped(a, b) }}
    end
{%- endmacro %}

{#-
    Whether the given names of two rows are two people's, however alike they are: of a woman and a
    man, such as Jean and Jeanne, Jan and Janina (not Ann and Anna), or double names of which the
    second words differ: María José and María Isabel. What records say of the gender counts before
    what names say.
    Parameters: as those of given_names_agree, with gender, and with listed_gender, which is what the
    seed given_name_genders says.
-#}
{% macro given_names_of_two(a, b) -%}
    coalesce(
        {{ a }}.given_name <> {{ b }}.given_name
        and not {{ _names_are_swapped(a, b) }}
        and case
            when {{ a }}.gender = {{ b }}.gender then false
            when {{ a }}.listed_gender <> {{ b }}.listed_gender then true
            when {{ a }}.formal_given_name = {{ b }}.formal_given_name then false
            when {{ a }}.gender <> {{ b }}.gender then true
            {% for one, man in [(a, b), (b, a)] %}
                when
                    {{ regexp_matches(man ~ '.given_name', '..[^aeiouy]$') }}
                    and starts_with({{ one }}.given_name, {{ man }}.given_name)
                    and substr({{ one }}.given_name, length({{ man }}.given_name) + 1)
                    in ('a', 'e', 'ia', 'ina', 'ine', 'etta', 'ette', 'ella', 'elle')
                    or {{ regexp_matches(man ~ '.given_name', '..o$') }}
                    and {{ one }}.given_name = {{ regexp_replace_all(man ~ '.given_name', 'o$', 'a') }}
                    then coalesce({{ man }}.listed_gender, 'm') = 'm'
            {% endfor %}
        end
        or {{ a }}.given_name = {{ b }}.given_name
        and least(length({{ a }}.second_given_name), length({{ b }}.second_given_name)) > 1
        and not {{ _nearly_equal_names(a ~ '.second_given_name', b ~ '.second_given_name') }}
        and not starts_with({{ a }}.second_given_name, {{ b }}.second_given_name)
        and not starts_with({{ b }}.second_given_name, {{ a }}.second_given_name),
        false
    )
{%- endmacro %}

{#- Whether two family names may be one, swapped with the given name or part of a double one. -#}
{% macro family_names_agree(a, b) -%}
    {%- set one, other = a ~ '.family_name', b ~ '.family_name' -%}
    case
        when {{ one }} is not null and {{ other }} is not null
            then {{ _nearly_equal_names(one, other) }}
                or length({{ other }}) >= 4 and contains({{ one }}, {{ other }})
                or length({{ one }}) >= 4 and contains({{ other }}, {{ one }})
                or {{ _names_are_swapped(a, b) }}
    end
{%- endmacro %}

{#- Whether given and family name of one stand in each other's place in the other. -#}
{% macro _names_are_swapped(a, b) -%}
    coalesce(
        {{ _nearly_equal_names(a ~ '.given_name', b ~ '.family_name') }}
        and {{ _nearly_equal_names(b ~ '.given_name', a ~ '.family_name') }},
        false
    )
{%- endmacro %}

{#- Equal, or a typing error apart. -#}
{% macro _nearly_equal_names(a, b) -%}
    (
        {{ a }} = {{ b }}
        or {{ name_similarity(a, b) }} >= 0.92
        or (
            least(length({{ a }}), length({{ b }})) >= 4
            and {{ edit_distance(a, b) }} <= 1
        )
    )
{%- endmacro %}

{#- Whether two dates are equal, one digit apart, or day and month of one stand in the other order. -#}
{% macro birth_dates_agree(a, b, digits=1) -%}
    case
        when {{ a }} = {{ b }} then true
        when {{ a }} is not null and {{ b }} is not null
            then {{ edit_distance(
                date_in_any_order(regexp_replace_all('cast(' ~ a ~ ' as string)', '-', '')),
                date_in_any_order(regexp_replace_all('cast(' ~ b ~ ' as string)', '-', ''))
            ) }} <= {{ digits }}
    end
{%- endmacro %}
