{{ config(materialized='incremental', unique_key=['phone']) }}

with

{% call reached() %}
    select identity_value as phone
    from {{ changed('identity_observations') }}
    semi join (select * from {{ ref('identity_namespaces') }} where kind = 'phone') using (namespace)
{% endcall %}

observations as (
    select * from {{ part(ref('identity_observations'), {'identity_value': 'phone'}) }}
),

countries as (
    select * from {{ ref('calling_codes') }}
),

-- A number that many records show is worked out once.
written_numbers as (
    select distinct
        observations.identity_value as phone,
        coalesce(upper(observations.country_code), '{{ var("default_country") | upper }}') as country_code
    from observations
    inner join {{ ref('identity_namespaces') }} as namespaces
        on namespaces.namespace = observations.namespace
    where namespaces.kind = 'phone'
),

-- From the first digit or plus on, without what follows the last letter or digit.
numbers_found as (
    select
        phone,
        country_code,
        {{ regexp_replace_all(
            regexp_replace_all(normalise_numerals("replace(phone, '＋', '+')"), '^[^0-9+]+|[^\\p{L}\\p{N}#]+$', ''),
            '([\\\\/] *x|;isub=|;phone-context=).*$', ''
        ) }} as found
    from written_numbers
),

{%- set mark = '[:.．]?[ \\x{a0}\\t,-]*' -%}
{%- set extension_patterns = [
    ';ext=[0-9]{1,20}',
    '[ \\x{a0}\\t,]*(?:e?xt(?:ensi(?:o\\x{301}?|ó))?n?|ｅ?ｘｔｎ?|доб|anexo)' ~ mark ~ '[0-9]{1,20}#?',
    '[ \\x{a0}\\t,]*(?:[xｘ#＃~～]|int|ｉｎｔ)' ~ mark ~ '[0-9]{1,9}#?',
    '[- ]+[0-9]{1,6}#',
    '[ \\x{a0}\\t]*(?:,,|;)' ~ mark ~ '[0-9]{1,15}#?',
    '[ \\x{a0}\\t]*,+' ~ mark ~ '[0-9]{1,9}#?',
] %}

-- What is dialled after the call is answered stands at the end of the text.
without_extensions as (
    select
        phone,
        country_code,
        {{ regexp_replace_all('found', '(?i)(?:' ~ extension_patterns | join('|') ~ ')$', '') }} as found
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

-- How the number is dialled from its country: international, or else as a national one. Most
-- international prefixes are plain digits, which are cheaper to look for than a pattern; no calling
-- code starts with 0. A number that has lost its plus starts with the calling code of its country and
-- is too long to be one of it, or is none of it before the code is taken off but one after.
dialled as (
    select
        digits.phone,
        digits.country_code,
        digits.has_plus,
        digits.digits,
        home.country_code as home_country,
        substr(digits.digits, length(home.calling_code) + 1) as after_code,
        {{ without_trunk_prefix('after_code', 'home') }} as national_after_code,
        case
            when digits.has_plus and digits.digits not like '0%' then digits.digits
            when digits.has_plus and ltrim(digits.digits, '0') like coalesce(home.calling_code, '') || '%'
                then ltrim(digits.digits, '0')
            when
                length(home.international_prefix) <= 3
                and digits.digits like home.international_prefix || '%'
                and digits.digits not like home.international_prefix || '0%'
                then substr(digits.digits, length(home.international_prefix) + 1)
            when
                length(home.international_prefix) > 3
                and {{ regexp_matches_column('digits.digits', 'home.international_prefix') }}
                and {{ regexp_replace_column('digits.digits', 'home.international_prefix', "''") }}
                not like '0%'
                then {{ regexp_replace_column('digits.digits', 'home.international_prefix', "''") }}
            when digits.digits like '00%' and digits.digits not like '000%'
                then case
                    when not {{ is_number_of('digits.digits', 'home') }} then substr(digits.digits, 3)
                end
            when
                digits.digits like home.calling_code || '%'
                and (
                    length(digits.digits) > cast(right(home.number_lengths, 2) as int)
                    or (
                        not {{ is_number_of('digits.digits', 'home') }}
                        and {{ is_number_of('national_after_code', 'home') }}
                    )
                )
                then home.calling_code || national_after_code
        end as international_digits
    from digits
    left join countries as home
        on home.country_code = digits.country_code
),

{%- set two_digit_codes = '20 27 3[0-469] 4[013-9] 5[1-8] 6[0-6] 8[1246] 9[0-58]'.replace(' ', '|') %}

-- The calling code that an international number starts with (ITU-T E.164).
coded as (
    select
        *,
        case
            when left(international_digits, 1) in ('1', '7') then left(international_digits, 1)
            when {{ regexp_matches('international_digits', '^(' ~ two_digit_codes ~ ')') }}
                then left(international_digits, 2)
            else left(international_digits, 3)
        end as calling_code
    from dialled
),

numbered as (
    select
        coded.phone,
        coded.country_code,
        case
            when main.country_code is not null then main.country_code
            -- A plus before no calling code says nothing; after 00 it is no number.
            when coded.has_plus or coded.international_digits is null then coded.home_country
        end as rule_country,
        case
            when main.country_code is not null
                then substr(coded.international_digits, length(main.calling_code) + 1)
            else coded.digits
        end as national_number
    from coded
    left join countries as main
        on
            main.is_main_country
            and main.calling_code = coded.calling_code
),

stripped as (
    select
        numbered.phone,
        numbered.country_code,
        '+' || countries.calling_code as code,
        numbered.national_number,
        countries.number_lengths,
        {{ without_trunk_prefix('numbered.national_number', 'countries') }} as without_trunk
    from numbered
    left join countries
        on countries.country_code = numbered.rule_country
),

international as (
    select
        phone,
        country_code,
        code || case
            when length(national_number) < 2 then null
            when {{ has_length('without_trunk', 'number_lengths') }} then without_trunk
            when length(without_trunk) > cast(right(number_lengths, 2) as int) then without_trunk
            else national_number
        end as international_phone
    from stripped
)

select
    phone,
    country_code,
    -- E.164 has 15 digits at most; below 8 it is an extension or a service number.
    case when length(international_phone) between 9 and 16 then international_phone end as international_phone
from international
