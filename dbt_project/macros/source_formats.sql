{#-
    Reading what source systems write: dates in other formats than ISO, numbers with a decimal
    comma. What can't be read is null. Formats are strptime's (%d.%m.%Y %H:%M), or epoch_seconds,
    epoch_millis. Dispatched, because the engines parse differently.
-#}

{#- A text in one format as a date; null when there is no such day. -#}
{% macro as_date(text, format) -%}{{ return(adapter.dispatch('as_date')(text, format)) }}{%- endmacro %}
{% macro duckdb__as_date(text, format) -%}
    cast({{ duckdb__parsed_timestamp(text, format) }} as date)
{%- endmacro %}

{#-
    A text in one format as a UTC timestamp, a day as its midnight; null when it is none or lies
    before the second day of 1970, as in as_instant.
-#}
{% macro as_instant_in(text, format) -%}
    {{ return(adapter.dispatch('as_instant_in')(text, format)) }}
{%- endmacro %}
{% macro duckdb__as_instant_in(text, format) -%}
    case
        when {{ duckdb__parsed_timestamp(text, format) }}
            between timestamp '1970-01-02 00:00:00' and timestamp '9999-12-31 23:59:59'
            then {{ duckdb__parsed_timestamp(text, format) }}
    end
{%- endmacro %}

{#-
    A text in one format as a birth date; null when there is no such day or it is yet to come. A
    year of two digits that would be yet to come is the century before.
-#}
{% macro as_birth_date_in(text, format) -%}
    case
        {%- if '%y' in format %}
            when {{ as_date(text, format) }} > {{ today() }}
                then cast({{ dbt.dateadd('year', -100, as_date(text, format)) }} as date)
        {%- endif %}
        when {{ as_date(text, format) }} between date '0001-01-01' and {{ today() }}
            then {{ as_date(text, format) }}
    end
{%- endmacro %}

{#- A text as decimal(18, 2); thousands separators and a currency sign at either end may be there. -#}
{% macro as_amount(text, decimal_mark='.') -%}
    cast({{ as_decimal(text, decimal_mark) }} as decimal(18, 2))
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
        {%- set pattern = '^[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?([.][0-9]*)?$' -%}
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

{#- A text as a whole number: 3, 3.0 and 3,0 are 3, and 3.5 is none. -#}
{% macro as_integer(text) -%}{{ return(adapter.dispatch('as_integer')(text)) }}{%- endmacro %}
{% macro duckdb__as_integer(text) -%}
    try_cast(regexp_extract(trim({{ text }}), '^([+-]?[0-9]+)([.,]0*)?$', 1) as int)
{%- endmacro %}

{#- Given and family name out of a full name: what stands before and after the last blank, or `Family, Given`. -#}
{% macro given_name_of(full_name) -%}
    nullif(trim(case
        when {{ full_name }} like '%,%' then {{ regexp_replace_all(full_name, '^[^,]*,', '') }}
        when trim({{ full_name }}) like '% %'
            then {{ regexp_replace_all('trim(' ~ full_name ~ ')', ' [^ ]*$', '') }}
    end), '')
{%- endmacro %}
{% macro family_name_of(full_name) -%}
    nullif(trim(case
        when {{ full_name }} like '%,%' then {{ regexp_replace_all(full_name, ',.*$', '') }}
        else {{ regexp_replace_all('trim(' ~ full_name ~ ')', '^.* ', '') }}
    end), '')
{%- endmacro %}

{#- Path of an address, without host and query: a query may hold an e-mail address. -#}
{% macro url_path_of(url) -%}
    nullif(regexp_extract({{ url }}, '^([a-z]+://[^/?#]*)?([^?#]*)', 2), '')
{%- endmacro %}

{% macro duckdb__parsed_timestamp(text, format) -%}
    {%- if format == 'epoch_seconds' -%}
        make_timestamp(try_cast(trim({{ text }}) as bigint) * 1000000)
    {%- elif format == 'epoch_millis' -%}
        make_timestamp(try_cast(trim({{ text }}) as bigint) * 1000)
    {%- elif '%Y' in format and not format.startswith('%Y') -%}
        {#- strptime reads the 18 of 1/2/18 as the year 18. -#}
        case
            when regexp_matches({{ text }}, '[/.-][0-9]{4}([T ].*)?$')
                then try_strptime(trim({{ text }}), '{{ format }}')
        end
    {%- elif '%y' in format -%}
        case
            when regexp_matches({{ text }}, '[/.-][0-9]{2}([T ].*)?$')
                then try_strptime(trim({{ text }}), '{{ format }}')
        end
    {%- else -%}
        try_strptime(trim({{ text }}), '{{ format }}')
    {%- endif -%}
{%- endmacro %}

{#- Without blanks, apostrophes and a currency at either end; a minus behind the number goes before it. -#}
{% macro duckdb__bare_number(text) -%}
    regexp_replace(regexp_replace(regexp_replace(
        {{ text }}, '[\s\x{00a0}\x{202f}''’]', '', 'g'
    ), '^(-?)(€|[$]|£|EUR|USD|GBP|CHF)|(€|[$]|£|EUR|USD|GBP|CHF)$', '\1', 'g'), '^([0-9.,]+)-$', '-\1')
{%- endmacro %}
