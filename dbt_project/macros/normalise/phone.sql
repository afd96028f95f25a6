{#-
    Phone numbers by the rules of the library `phonenumbers` (parse, then format as E.164), over the
    seed calling_codes, which holds its metadata. Where that needs a country and there is none, a
    national number stays unusable. More lenient than the library in three places, all of them where
    it finds no number: `00` is international without a country, too, and where the country dials
    another prefix; zeros between the plus and a calling code are dropped; letters after seven
    digits are a remark and not a word on a keypad.
    tests/identity/test_phone_numbers.py compares both over all countries.
-#}

{#-
    Numbers as written in E.164: a subquery of phone, country_code and international_phone, null
    when it cannot be. `phones` is a relation of phone and country_code (ISO 3166-1, upper case, ''
    where it is unknown), each pair once; `calling_codes` the relation of the seed.
-#}
{% macro international_phones(phones, calling_codes) %}
    (
        with

        countries as (
            select * from {{ calling_codes }}
        ),

        -- From the first digit or plus on, without what follows the last letter or digit.
        numbers_found as (
            select
                phone,
                country_code,
                {{ regexp_replace_all(
                    regexp_replace_all(
                        regexp_replace_all(normalise_numerals("replace(phone, '＋', '+')"), '^[^0-9+]+', ''),
                        '[^\\p{L}\\p{N}#]+$', ''
                    ),
                    '([\\\\/] *x|;isub=|;phone-context=).*$', ''
                ) }} as found
            from {{ phones }}
        ),

        without_extensions as (
            select
                phone,
                country_code,
                {{ regexp_replace_all('found', phone_extension(), '') }} as found
            from numbers_found
        ),

        without_letters as (
            select
                phone,
                country_code,
                case
                    when not {{ regexp_matches('found', '[A-Za-z]') }} then found
                    when {{ regexp_matches('found', '^[^A-Za-z0-9]*(?:[0-9][^A-Za-z0-9]*){7}') }}
                        then {{ regexp_replace_all('found', '[A-Za-z].*$', '') }}
                    when {{ regexp_matches('found', '(?:[A-Za-z].*){3}') }}
                        then translate(upper(found), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '22233344455566677778889999')
                    else found
                end as found
            from without_extensions
        ),

        digits as (
            select
                phone,
                country_code,
                found like '+%' as has_plus,
                {{ regexp_replace_all('found', '[^0-9]', '') }} as digits
            from without_letters
        ),

        -- How the number is dialled from its country: international, or else as a national one.
        dialled as (
            select
                digits.phone,
                digits.country_code,
                digits.has_plus,
                digits.digits,
                home.country_code as home_country,
                case
                    when digits.has_plus and digits.digits not like '0%' then digits.digits
                    when
                        digits.has_plus
                        and ltrim(digits.digits, '0') like coalesce(home.calling_code, '') || '%'
                        then ltrim(digits.digits, '0')
                    -- No calling code starts with 0.
                    when {{ starts_international('digits.digits', 'home.international_prefix') }}
                        then {{ regexp_replace_column('digits.digits', 'home.international_prefix', "''") }}
                    when digits.digits like '00%' and digits.digits not like '000%'
                        then case
                            when {{ is_number_of('digits.digits', 'home') }} then null
                            else substr(digits.digits, 3)
                        end
                    when
                        digits.digits like home.calling_code || '%'
                        then {{ number_after_calling_code('digits.digits', 'home') }}
                end as international_digits
            from digits
            left join countries as home
                on home.country_code = digits.country_code
        ),

        -- A calling code is looked up by its length; no code is the beginning of another one.
        numbered as (
            select
                dialled.phone,
                case
                    when main.country_code is not null then main.country_code
                    -- A plus before no calling code says nothing; after 00 it is no number.
                    when dialled.has_plus or dialled.international_digits is null
                        then dialled.home_country
                end as rule_country,
                dialled.country_code,
                case
                    when main.country_code is not null
                        then substr(dialled.international_digits, length(main.calling_code) + 1)
                    else dialled.digits
                end as national_number
            from dialled
            left join countries as main
                on
                    main.is_main_country
                    and main.calling_code = substr(
                        dialled.international_digits,
                        1,
                        {{ calling_code_length('dialled.international_digits') }}
                    )
        ),

        stripped as (
            select
                numbered.phone,
                numbered.country_code,
                countries.calling_code,
                numbered.national_number,
                countries.number_lengths,
                {{ without_trunk_prefix('numbered.national_number', 'countries') }} as without_trunk
            from numbered
            left join countries
                on countries.country_code = numbered.rule_country
        )

        select
            phone,
            country_code,
            '+' || calling_code || case
                when length(national_number) < 2 then null
                when
                    {{ has_length('without_trunk', 'number_lengths') }}
                    or length(without_trunk) > cast(right(number_lengths, 2) as int)
                    then without_trunk
                else national_number
            end as international_phone
        from stripped
    )
{% endmacro %}

{#- What is dialled after the call is answered, at the end of the text. -#}
{% macro phone_extension() -%}
    {%- set blank = '[ \\x{a0}\\t]*' -%}
    {%- set blank_or_comma = '[ \\x{a0}\\t,]*' -%}
    {%- set mark = '[:.．]?[ \\x{a0}\\t,-]*' -%}
    {%- set word = '(?:e?xt(?:ensi(?:o\\x{301}?|ó))?n?|ｅ?ｘｔｎ?|доб|anexo)' -%}
    {%- set sign = '(?:[xｘ#＃~～]|int|ｉｎｔ)' -%}
    {{- return(
        '(?i)(?:;ext=[0-9]{1,20}'
        ~ '|' ~ blank_or_comma ~ word ~ mark ~ '[0-9]{1,20}#?'
        ~ '|' ~ blank_or_comma ~ sign ~ mark ~ '[0-9]{1,9}#?'
        ~ '|[- ]+[0-9]{1,6}#'
        ~ '|' ~ blank ~ '(?:,,|;)' ~ mark ~ '[0-9]{1,15}#?'
        ~ '|' ~ blank ~ ',+' ~ mark ~ '[0-9]{1,9}#?)$'
    ) -}}
{%- endmacro %}

{#- Whether a number starts with its country's international prefix; most are plain digits, and cheap. -#}
{% macro starts_international(number, prefix) -%}
    case
        when length({{ prefix }}) <= 3
            then
                {{ number }} like {{ prefix }} || '%'
                and {{ number }} not like {{ prefix }} || '0%'
        when {{ regexp_matches_column(number, prefix) }}
            then {{ regexp_replace_column(number, prefix, "''") }} not like '0%'
    end
{%- endmacro %}

{#- Digits of the calling code that an international number starts with (ITU-T E.164). -#}
{% macro calling_code_length(digits) -%}
    case
        when substr({{ digits }}, 1, 1) in ('1', '7') then 1
        when
            substr({{ digits }}, 1, 2) in (
                '20', '27', '30', '31', '32', '33', '34', '36', '39', '40', '41', '43', '44', '45',
                '46', '47', '48', '49', '51', '52', '53', '54', '55', '56', '57', '58', '60', '61',
                '62', '63', '64', '65', '66', '81', '82', '84', '86', '90', '91', '92', '93', '94',
                '95', '98'
            )
            then 2
        else 3
    end
{%- endmacro %}

{#- Whether a number is as long as one of the lengths in a text such as `07 10`. -#}
{% macro has_length(number, lengths) -%}
    ' ' || {{ lengths }} || ' ' like '% ' || right('0' || cast(length({{ number }}) as string), 2) || ' %'
{%- endmacro %}

{#- Whether a number is one of its country by its digits; the pattern is looked at last, for its cost. -#}
{% macro is_number_of(number, country) -%}
    case
        when {{ has_length(number, country ~ ".number_lengths || ' ' || coalesce(" ~ country ~ ".local_lengths, '')") }}
            then {{ regexp_matches_column(number, "'(?:' || " ~ country ~ ".number_pattern || ')$'") }}
        else false
    end
{%- endmacro %}

{#-
    A national number without what is dialled before it inside the country. A number that is one
    with its first digits and none without them keeps them.
-#}
{% macro without_trunk_prefix(number, country) -%}
    {%- set without_digits -%}
        substr({{ number }}, length({{ country }}.trunk_prefix) + 1)
    {%- endset -%}
    {%- set rewritten = trunk_pattern_removed(number, country) -%}
    case
        when {{ country }}.trunk_prefix is not null
            then case
                when {{ number }} not like {{ country }}.trunk_prefix || '%' then {{ number }}
                when not {{ country }}.is_trunk_ambiguous then {{ without_digits }}
                when
                    {{ is_number_of(number, country) }}
                    and not {{ is_number_of(without_digits, country) }}
                    then {{ number }}
                else {{ without_digits }}
            end
        when {{ country }}.trunk_pattern is not null
            then case
                when not {{ regexp_matches_column(number, country ~ '.trunk_pattern') }} then {{ number }}
                when
                    {{ is_number_of(number, country) }}
                    and not {{ is_number_of(rewritten, country) }}
                    then {{ number }}
                else {{ rewritten }}
            end
        else {{ number }}
    end
{%- endmacro %}

{#- Some countries dial a local number where another one puts a prefix: trunk_replacement adds it. -#}
{% macro trunk_pattern_removed(number, country) -%}
    case
        when
            {{ country }}.trunk_replacement is not null
            and {{ regexp_replace_column(
                number, "'(?:' || " ~ country ~ ".trunk_pattern || ').*$'", 'right(' ~ country ~ '.trunk_replacement, 2)'
            ) }} <> ''
            then {{ regexp_replace_column(number, country ~ '.trunk_pattern', country ~ '.trunk_replacement') }}
        else {{ regexp_replace_column(number, country ~ '.trunk_pattern', "''") }}
    end
{%- endmacro %}

{#-
    An international number that has lost its plus, null when it is a national one: it starts with
    the calling code of its country, and is no number of it before the code is taken off but one
    after, or it is too long to be one.
-#}
{% macro number_after_calling_code(number, country) -%}
    {%- set rest = 'substr(' ~ number ~ ', length(' ~ country ~ '.calling_code) + 1)' -%}
    {%- set national = without_trunk_prefix(rest, country) -%}
    case
        when length({{ number }}) > cast(right({{ country }}.number_lengths, 2) as int)
            then {{ country }}.calling_code || {{ national }}
        when not {{ is_number_of(number, country) }}
            then case
                when {{ is_number_of(national, country) }}
                    then {{ country }}.calling_code || {{ national }}
            end
    end
{%- endmacro %}
