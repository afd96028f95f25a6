{#-
    Reading what source systems write: dates in other formats than ISO, numbers with a decimal
    comma. What can't be read is null, never an error. Formats are strptime's (%d.%m.%Y %H:%M), iso,
    or epoch_seconds, epoch_millis, epoch_micros. `c360 source add` asks these macros what they read
    before it proposes a format, so there is no second list of what a date or a number is.
    Dispatched, because the engines parse differently.
-#}

{#- A text in one format as a date; null when there is no such day. -#}
{% macro as_date(text, format) -%}{{ return(adapter.dispatch('as_date')(text, format)) }}{%- endmacro %}
{% macro duckdb__as_date(text, format) -%}
    try_cast({{ duckdb__parsed_timestamp(text, format) }} as date)
{%- endmacro %}

{#-
    A text in one format as a UTC timestamp, a day as its midnight; null when it is none or lies
    before the second day of 1970, as in as_instant. `zone` is the time zone of texts that name
    none: an offset such as +01:00, a name such as Europe/Berlin, or SQL in brackets.
-#}
{% macro as_instant_in(text, format, zone='UTC') -%}
    {{ return(adapter.dispatch('as_instant_in')(text, format, zone)) }}
{%- endmacro %}
{% macro duckdb__as_instant_in(text, format, zone) -%}
    {%- set local = duckdb__parsed_timestamp(text, format) -%}
    {%- set instant = local if '%z' in format else duckdb__from_zone(local, zone) -%}
    {%- if format == 'iso' and zone != 'UTC' -%}
        {%- set named = ':.*(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)$' -%}
        {%- set instant = 'case when regexp_matches(trim(' ~ text ~ "), '" ~ named ~ "') then " ~ local
            ~ ' else ' ~ instant ~ ' end' -%}
    {%- endif -%}
    case
        when {{ instant }}
            between timestamp '1970-01-02 00:00:00' and timestamp '9999-12-31 23:59:59'
            then {{ instant }}
    end
{%- endmacro %}

{#- A local timestamp of a zone in UTC. -#}
{% macro duckdb__from_zone(local, zone) -%}
    {%- if zone == 'UTC' -%}
        {{ local }}
    {%- elif zone[:1] in '+-' -%}
        {%- set minutes = zone[1:3] | int * 60 + zone[4:] | int -%}
        {{ local ~ (' - ' if zone[:1] == '+' else ' + ') ~ 'to_minutes(' ~ minutes ~ ')' }}
    {%- elif zone[:1] == '(' -%}
        (({{ local }} at time zone {{ zone }}) at time zone 'UTC')
    {%- else -%}
        (({{ local }} at time zone '{{ zone }}') at time zone 'UTC')
    {%- endif -%}
{%- endmacro %}

{#-
    A text in one format as a birth date; null when there is no such day or it is yet to come. A
    year of two digits that would be yet to come is the century before.
-#}
{% macro as_birth_date_in(text, format) -%}
    {%- set day = as_date(text, format) -%}
    {%- if '%y' in format -%}
        {%- set before = dbt.dateadd('year', -100, day) -%}
        {%- set day = 'case when ' ~ day ~ ' > ' ~ today() ~ ' then cast(' ~ before
            ~ ' as date) else ' ~ day ~ ' end' -%}
    {%- endif -%}
    case
        when {{ day }} between date '0001-01-01' and {{ today() }}
            then {{ day }}
    end
{%- endmacro %}

{#-
    The eight digits, year, month and day, of a text that is a birth date in its form and no such
    day, such as 1993-62-21; else null. Formats with names of months or two digits of a year have
    none.
-#}
{% macro digits_of_no_date(text, format) -%}
    {{ return(adapter.dispatch('digits_of_no_date')(text, format)) }}
{%- endmacro %}
{% macro duckdb__digits_of_no_date(text, format) -%}
    {%- set form = '%Y-%m-%d' if format == 'iso' else format.split(' ')[0].split('T')[0] -%}
    {%- set pattern = form.replace('.', '[.]').replace('%Y', '([0-9]{4})')
        .replace('%m', '([0-9]{1,2})').replace('%d', '([0-9]{1,2})') -%}
    {%- if '%' in pattern or form.count('%') != 3 -%}
        cast(null as string)
    {%- else -%}
        {%- set places = [form.find('%Y'), form.find('%m'), form.find('%d')] -%}
        {%- set part = [] -%}
        {%- for place in places -%}
            {%- do part.append("regexp_extract(trim(" ~ text ~ "), '^" ~ pattern ~ "', "
                ~ (places | select('le', place) | list | length) ~ ")") -%}
        {%- endfor -%}
        case
            when
                {{ as_birth_date_in(text, format) }} is null
                and {{ part[0] }} not in ('', '0000', '9999')
                then {{ part[0] }} || lpad({{ part[1] }}, 2, '0') || lpad({{ part[2] }}, 2, '0')
        end
    {%- endif -%}
{%- endmacro %}

{#-
    A text as decimal(18, 2); thousands separators and a currency at either end may be there. Digits
    of the minor unit, such as cents, are counted by `minor_digits`: 2 makes 1234 into 12.34.
-#}
{% macro as_amount(text, decimal_mark='.', minor_digits=0) -%}
    {%- set unit = ' * 0.' ~ '0' * (minor_digits - 1) ~ '1' if minor_digits else '' -%}
    try_cast({{ as_decimal(text, decimal_mark) ~ unit }} as decimal(18, 2))
{%- endmacro %}

{#- A text as decimal(18, 6), for prices that are multiplied before they are rounded. -#}
{% macro as_decimal(text, decimal_mark='.') -%}
    {{ return(adapter.dispatch('as_decimal')(text, decimal_mark)) }}
{%- endmacro %}
{% macro duckdb__as_decimal(text, decimal_mark) -%}
    {%- set bare = duckdb__bare_number(text) -%}
    {%- if decimal_mark == ',' -%}
        {%- set pattern = '^[+-]?([0-9]+|[0-9]{1,3}([.][0-9]{3})+)(,[0-9]+)?$' -%}
        {%- set plain = "replace(replace(" ~ bare ~ ", '.', ''), ',', '.')" -%}
    {%- else -%}
        {%- set groups = '[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}' -%}
        {%- set pattern = '^[+-]?([0-9]+|' ~ groups ~ ')?([.][0-9]*)?$' -%}
        {%- set plain = "replace(" ~ bare ~ ", ',', '')" -%}
    {%- endif -%}
    case
        when regexp_matches({{ bare }}, '{{ pattern }}')
            then try_cast({{ plain }} as decimal(18, 6))
        -- What programs write for very small and very large numbers: 4.44e-16.
        when regexp_matches({{ bare }}, '^[+-]?[0-9]+([.][0-9]+)?[eE][+-]?[0-9]+$')
            then try_cast(try_cast({{ bare }} as double) as decimal(18, 6))
    end
{%- endmacro %}

{#- A text as a whole number: 3, 3.0 and 1,000 are one, and 3.5 is none. -#}
{% macro as_integer(text, decimal_mark='.') -%}
    try_cast(
        case
            when {{ as_decimal(text, decimal_mark) }} % 1 = 0
                then {{ as_decimal(text, decimal_mark) }}
        end as int
    )
{%- endmacro %}

{#- A text in one format as a timestamp, as it stands there; in UTC where the format has a %z. -#}
{% macro duckdb__parsed_timestamp(text, format) -%}
    {%- set units = {'epoch_seconds': 1000000, 'epoch_millis': 1000, 'epoch_micros': 1} -%}
    {%- set parsed = 'try_strptime(trim(' ~ text ~ "), '" ~ format ~ "')" -%}
    {%- if '%z' in format -%}
        {%- set parsed = 'cast(' ~ parsed ~ ' as timestamp)' -%}
    {%- endif -%}
    {#- Without signs between them, strptime would take fewer digits for a part; and it reads the
        18 of 1/2/18 as the year 18. -#}
    {%- set digits = '[/. -][0-9]{' ~ (4 if '%Y' in format else 2) ~ '}([T ,].*)?$' -%}
    {%- if format in units -%}
        try(make_timestamp(cast(try_cast(trim({{ text }}) as decimal(24, 6)) * {{ units[format] }} as bigint)))
    {%- elif format == 'iso' -%}
        {{ duckdb__to_utc_timestamp(text) }}
    {%- elif format in ('%Y%m%d', '%d%m%Y', '%m%d%Y') -%}
        case when regexp_full_match(trim({{ text }}), '[0-9]{8}') then {{ parsed }} end
    {%- elif not format.startswith('%Y') and ('%Y' in format or '%y' in format) -%}
        case when regexp_matches(trim({{ text }}), '{{ digits }}') then {{ parsed }} end
    {%- else -%}
        {{ parsed }}
    {%- endif -%}
{%- endmacro %}

{#-
    A number's digits, marks and sign alone: without blanks, apostrophes and a currency at either
    end. Books write a minus as (40.00), 40.00- or 40.00CR.
-#}
{% macro duckdb__bare_number(text) -%}
    {%- set codes = 'EUR|USD|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|BRL|MXN|ZAR|TRY' -%}
    {%- set currency = '(\\p{Sc}|[A-Z]{0,2}[$]|kr[.]?|zł|Kč|(?i:' ~ codes ~ '))' -%}
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        replace({{ text }}, '−', '-'),
        '[\s\p{Z}''’]', '', 'g'
    ), '(?i)^(.*[0-9.,])DR$', '\1'), '^{{ currency }}?[(](.*)[)]{{ currency }}?$|(?i)^(.*[0-9.,])CR$', '-\2\4'),
    '^([+-]?){{ currency }}([+-]?)|{{ currency }}$', '\1\3', 'g'), '^([0-9.,]+)-$', '-\1')
{%- endmacro %}
