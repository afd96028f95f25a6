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
