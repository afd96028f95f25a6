{#-
    One calculation of a measure, as an expression for a grouped select: the ten functions of the
    reference systems, each with a filter of its own.
    Parameters:
        function: sum, average, count, count_distinct, max, min, first, last, arg_max or arg_min.
        value: the column or expression; `count` may do without and counts rows.
        where: a condition on the rows that count, none for all.
        by: what first and last (an instant) and arg_max and arg_min (any order) go by.
        tie: what decides between equal `by`, the row's key at best; first and arg_min take the
            smallest, last and arg_max the greatest, and where the tie is equal too the value decides.
            So no result depends on the order of rows.
    Rows whose value or `by` is null count for none of them. Nothing to calculate from gives null, 0
    for counts; write coalesce() around it to replace null.
-#}
{% macro measure(function, value='*', where=none, by=none, tie=none) -%}
    {%- set conditions = [] -%}
    {%- set ordered = function in ('first', 'last', 'arg_max', 'arg_min') -%}
    {%- if ordered and (by is none or tie is none) -%}
        {{ exceptions.raise_compiler_error(
            "measure('" ~ function ~ "') needs `by` and `tie`: what it goes by and what decides between equals."
        ) }}
    {%- endif -%}
    {%- if ordered -%}
        {%- do conditions.extend([value ~ ' is not null', by ~ ' is not null']) -%}
    {%- endif -%}
    {%- if where -%}{%- do conditions.append('(' ~ where ~ ')') -%}{%- endif -%}
    {%- if function in ('sum', 'max', 'min', 'count') -%}
        {{ function }}({{ value }})
    {%- elif function == 'average' -%}
        avg({{ value }})
    {%- elif function == 'count_distinct' -%}
        count(distinct {{ value }})
    {%- elif function in ('first', 'arg_min') -%}
        min_by({{ value }}, row({{ by }}, {{ tie }}, {{ value }}))
    {%- elif function in ('last', 'arg_max') -%}
        max_by({{ value }}, row({{ by }}, {{ tie }}, {{ value }}))
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "There is no function '" ~ function ~ "'. There are sum, average, count, count_distinct, max,"
            ~ " min, first, last, arg_max and arg_min."
        ) }}
    {%- endif -%}
    {%- if conditions %} filter (where {{ conditions | join(' and ') }}){% endif -%}
{%- endmacro %}

{#-
    The columns of a window per number of months, and one for all time, over `window_starts`.
    Parameters: as of `measure`; at, the column with the instant that must lie in the window; months,
    a list; name, the start of the columns' names (name_1, ..., name_lifetime). A count of no rows is
    null, because that is how no activity shows.
-#}
{% macro windowed_measures(name, months, at, function, value='*', where=none, by=none, tie=none) -%}
    {%- for number in months + ['lifetime'] -%}
        {%- set window -%}
            {%- if number == 'lifetime' -%}
                {{ where or '' }}
            {%- else -%}
                {{ at }} >= window_starts.from_{{ number }} and {{ at }} < window_starts.window_end_at
                {%- if where %} and ({{ where }}){% endif -%}
            {%- endif -%}
        {%- endset -%}
        {%- set calculation = measure(function, value, window, by, tie) -%}
        {%- if function in ('count', 'count_distinct') -%}
            nullif({{ calculation }}, 0)
        {%- else -%}
            {{ calculation }}
        {%- endif %} as {{ name }}_{{ number }}
        {%- if not loop.last %},
        {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{#-
    The CTE `windows`: the look-backs of the seed that are in the list and lifetime, with their dates.
    It needs the CTEs look_backs and refresh_period.
    Parameters: months, a list, or none for all; running_month, true when windows reach to the day of
    the refresh.
-#}
{% macro look_back_windows(months, running_month=false) -%}
{%- set tomorrow -%}
    cast({{ dbt.dateadd('day', 1, 'refresh_period.as_of_on') }} as date)
{%- endset -%}
windows as (
    select
        look_backs.look_back,
        look_backs.months,
        cast(
            {{ dbt.dateadd('month', '-look_backs.months', 'refresh_period.month_start_on') }} as date
        ) as window_from,
        case
            when look_backs.months is not null
                then {{ tomorrow if running_month else 'refresh_period.month_start_on' }}
            else {{ tomorrow }}
        end as window_to
    from look_backs
    cross join refresh_period
    {%- if months is not none %}
    where look_backs.months is null or look_backs.months in ({{ months | join(', ') }})
    {%- endif %}
)
{%- endmacro %}

{#-
    The CTE `window_starts`, one row with the edges of the windows as instants, which
    `windowed_measures` needs. It needs the CTE refresh_period.
    Parameters: as of `look_back_windows`.
-#}
{% macro window_starts(months, running_month=false) -%}
window_starts as (
    select
        {%- for number in months %}
        cast({{ dbt.dateadd('month', -number, 'month_start_on') }} as timestamp) as from_{{ number }},
        {%- endfor %}
        {%- if running_month %}
        cast({{ dbt.dateadd('day', 1, 'as_of_on') }} as timestamp) as window_end_at
        {%- else %}
        cast(month_start_on as timestamp) as window_end_at
        {%- endif %}
    from refresh_period
)
{%- endmacro %}

{#- The fixed periods of `period_measures` in full calendar months, each a row of
    seeds/policy/look_backs.csv; all time always stands beside them. -#}
{% macro period_months() -%}{{ return([12]) }}{%- endmacro %}

{#-
    Whose rows of this model end with another day than the windows do now: everybody's when a month
    begins. The model says where the windows of its rows end in `window_end_on`.
    Parameter: running_month, as of `look_back_windows`.
-#}
{% macro with_other_windows(running_month=false) -%}
    select profile_id
    from {{ this }}
    where
        window_end_on <> (
            select cast(
                {{ dbt.dateadd('day', 1, 'clock.as_of_on') if running_month else 'clock.month_start_on' }}
                as date
            )
            from {{ ref('refresh_period') }} as clock
        )
{%- endmacro %}

{#-
    Whether a place in an order says nothing: fewer are compared than there are parts, or more than
    four fifths share the value. RFM, rankings and the deciles of lifetime value all go by it.
    Parameters: ties, how many have the value; members, how many are compared; parts, how many
    scores or buckets there are.
-#}
{% macro is_without_spread(ties, members, parts) -%}
    (({{ members }}) < {{ parts }} or 5 * ({{ ties }}) > 4 * ({{ members }}))
{%- endmacro %}

{#-
    Whether the lines of a booking make it an order: something was bought, which nothing later
    changes. A credit note is none; see docs/value.md, What an order is.
-#}
{% macro is_order() -%}
    count(*) filter (where not is_return) > 0
{%- endmacro %}
