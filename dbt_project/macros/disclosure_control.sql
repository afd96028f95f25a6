{#-
    Statistical disclosure control of what is published, by the terms of the field (Hundepool et al.,
    Statistical Disclosure Control, 2012): no cell of fewer people than `vars.minimum_cell_size`, and no
    amount from which one person's can be worked out closer than `vars.amount_protection`, a share of
    it (the p % rule). docs/decisions/insights.md has the reasons.
-#}

{#-
    The fewest people that a table may tell of: `vars.minimum_cell_sizes` for it, else that of all.
    Parameters: table, its name; the model that is made when left out.
-#}
{% macro minimum_cell_size(table=none) -%}
    {%- set name, sizes = table or this.identifier, var('minimum_cell_sizes', {}) -%}
    {{ sizes[name] if name in sizes else var('minimum_cell_size') }}
{%- endmacro %}

{#-
    A number of people counted up over rows in an order: people are told of in whole groups of the minimum,
    in the row in which a group is full; the last group has all that are left, so that all rows together are
    exact, and is full while less than another one is missing, so that who follows stays unknown, too. A row,
    and any run of rows, is off by less than three times the minimum, before the last group by less than it.
    Empty where no group is full, which is nobody or few; 0 where nobody is in any row. All rows are empty
    where they have fewer people than two groups less one.
    Parameters: people, a number that is not null; order, the columns that order the rows and tell them
    apart; within, the columns of rows that are counted up by themselves, [] for the whole table.
-#}
{% macro told_in_groups(people, order, within=[]) -%}
    {%- set size = minimum_cell_size() | int -%}
    {%- set group = ('partition by ' ~ within | join(', ') ~ ' ') if within else '' -%}
    {%- set total = 'sum(' ~ people ~ ') over (' ~ group | trim ~ ')' -%}
    {%- set upto = 'sum(' ~ people ~ ') over (' ~ group ~ 'order by ' ~ order | join(', ') ~ ' rows unbounded preceding)' -%}
    {%- if size == 1 -%}
    cast({{ people }} as bigint)
    {%- else -%}
    case
        when {{ total }} = 0 then 0
        when {{ total }} >= {{ 2 * size - 1 }}
            then cast(nullif(
                {{ _told_upto(upto, total, size) }} - {{ _told_upto(upto ~ ' - ' ~ people, total, size) }}, 0
            ) as bigint)
    end
    {%- endif -%}
{%- endmacro %}

{#- Of so many people up to a row how many are told of, as an expression; size is the minimum. -#}
{% macro _told_upto(people, total, size) -%}
    case when {{ people }} > {{ total }} - {{ size }} then {{ total }} else {{ size }} * least(floor(({{ people }}) / {{ size }}), floor(({{ total }} - {{ 2 * size - 1 }}) / {{ size }})) end
{%- endmacro %}

{#-
    Rows of `told_in_groups`, each with the amount of all since the row before that tells of people (the
    last also of those that follow), as a query; to be rounded by the largest amount of one person.
    Parameters: rows, a relation whose columns `people`, `amount` and `largest` are named by `of`, a list
    of names: `<name>_conversion_count`, `<name>_net_amount`, `<name>_largest`; order and within as there.
-#}
{% macro amounts_of_groups(rows, of, order, within=[]) -%}
    {%- set group = ('partition by ' ~ within | join(', ') ~ ' ') if within else '' -%}
    select
        * exclude ({% for name in of %}{{ name }}_net_amount, {{ name }}_largest, {{ name }}_group{{ ', ' if not loop.last }}{% endfor %}),
        {%- for name in of %}
        {%- set group_of = (within + [name ~ '_group']) | join(', ') %}
        sum({{ name }}_net_amount) over (partition by {{ group_of }}) as {{ name }}_net_amount,
        max({{ name }}_largest) over (partition by {{ group_of }}) as {{ name }}_largest{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            *,
            {%- for name in of %}
            {%- set people = name ~ '_conversion_count' %}
            least(
                count({{ people }}) over ({{ group }}order by {{ order | join(', ') }} rows between unbounded preceding and 1 preceding),
                count({{ people }}) over ({{ group | trim }}) - 1
            ) as {{ name }}_group{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ rows }}
    ) as grouped
{%- endmacro %}

{#-
    Whether a row goes into the rest of its group, as a condition: it is small, or the small ones alone
    are too few people, so that the smallest others go with them until they are enough. A model then
    groups by `case when is_pooled then <rest> else <key> end`, which leaves every total as it was.
    Parameters: is_small, a condition; size, people of a row; within, the columns of the group, [] for
    the whole table; key, the column that tells its rows apart.
-#}
{% macro is_pooled(is_small, size, within, key) -%}
    {%- set group = ('partition by ' if within else '') ~ within | join(', ') -%}
    (
        {{ is_small }}
        or (
            {{ size }} > 0
            and count(case when {{ is_small }} then 1 end) over ({{ group }}) > 0
            and coalesce(sum({{ size }}) over (
                {{ group }}
                order by case when {{ is_small }} then 0 else 1 end, {{ size }}, {{ key }}
                rows between unbounded preceding and 1 preceding
            ), 0) < {{ minimum_cell_size() }}
        )
    )
{%- endmacro %}

{#-
    To what an amount is rounded: at least the largest that one person has in it, so that a person more
    or less, today or in another table, is no more than a step. Where the total of a group is published
    as it is, the steps together also hide the share `vars.amount_protection` of the largest of all.
    Parameters: largest, the largest amount of one person, without its sign; within, the columns of the
    group that has a total, [] for the whole table; none where rows have no total.
-#}
{% macro rounding_step(largest, within=none) -%}
    {%- if within is not none -%}
        {%- set window = 'over (' ~ ('partition by ' if within else '') ~ within | join(', ') ~ ')' -%}
        {%- set share = 2 * var('amount_protection') -%}
        {%- set largest -%}
            greatest(
                {{ largest }},
                {{ share }} * max({{ largest }}) {{ window }} / greatest(count(*) {{ window }} - 1, 1)
            )
        {%- endset -%}
    {%- endif -%}
    {{ rounded_bound(largest, is_upper=true) if minimum_cell_size() | int > 1 else 0 }}
{%- endmacro %}

{#-
    An amount outwards to 1, 2 or 5 times a power of ten, so that it tells of a person's what a scale
    does. Parameters: amount; is_upper, whether away from everything below it.
-#}
{% macro rounded_bound(amount, is_upper) -%}
    {%- set power = 'power(10, floor(log10(nullif(abs(' ~ amount ~ '), 0))))' -%}
    {%- set digits = 'cast(abs(' ~ amount ~ ') / ' ~ power ~ ' as decimal(18, 6))' -%}
    {%- if minimum_cell_size() | int == 1 -%}
    cast({{ amount }} as decimal(18, 2))
    {%- else -%}
    cast(coalesce(
        {{ power }} * case
            when ({{ amount }} > 0) = {{ is_upper }}
                then case
                    when {{ digits }} <= 1 then 1
                    when {{ digits }} <= 2 then 2
                    when {{ digits }} <= 5 then 5
                    else 10
                end
            when {{ digits }} < 2 then 1
            when {{ digits }} < 5 then 2
            else 5
        end * sign({{ amount }}),
        0
    ) as decimal(18, 2))
    {%- endif -%}
{%- endmacro %}

{#-
    An amount rounded to its step; the greatest of a group takes what the rounding of the others
    leaves over, so that the total stays as it was (controlled rounding).
    Parameters: amount; step, as of `rounding_step`, 0 or null leaves it as it is; within, the columns
    of the group, [] for the whole table; key, columns that tell its rows apart.
-#}
{% macro controlled_rounding(amount, step, within, key) -%}
    {%- set group = ('partition by ' if within else '') ~ within | join(', ') -%}
    {%- set rounded = 'coalesce(round(' ~ amount ~ ' / nullif(' ~ step ~ ', 0)) * ' ~ step ~ ', ' ~ amount ~ ')' -%}
    cast(
        {{ rounded }} + case
            when row_number() over ({{ group }} order by abs({{ amount }}) desc nulls last, {{ key }}) = 1
                then sum({{ amount }} - {{ rounded }}) over ({{ group }})
            else 0
        end as decimal(18, 2)
    )
{%- endmacro %}

{#-
    A number of people, or a value of theirs, null where they are fewer than may be told of. For rows
    that overlap, such as segments: there is no total from which what is left out could be taken.
    Parameters: people, their number, at least 0; value, the number when left out; type; others, a number
    of people from which theirs would follow, so that it may not be small either.
-#}
{% macro unless_small(people, value=none, type='bigint', others=none) -%}
    case
        when
            ({{ people }} = 0 or {{ people }} >= {{ minimum_cell_size() }})
            {%- if others %}
            and ({{ others }} = 0 or {{ others }} >= {{ minimum_cell_size() }})
            {%- endif %}
            then cast({{ value or people }} as {{ type }})
    end
{%- endmacro %}
