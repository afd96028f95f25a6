-- The promises of macros/normalise.sql, as examples. A new rule starts with a row here.
with

emails (example, written, expected) as (
    values
    ('lower case', 'Ann.Lee@MAIL.Example', 'ann.lee@mail.example'),
    ('outer and inner blanks', '  ann @mail.example ', 'ann@mail.example'),
    ('no-break space', 'ann@mail.example' || chr(160), 'ann@mail.example'),
    ('dots and plus signs stay', 'a.b+c@mail.example', 'a.b+c@mail.example')
),

card_numbers (example, written, expected) as (
    values
    ('lower case', 'l00000123', 'L00000123'),
    ('groups', ' L 0000-0123 ', 'L00000123')
),

given_names (example, written, expected) as (
    values
    ('accents', 'Émile', 'emile'),
    ('umlaut', 'Jürgen', 'juergen'),
    ('first of two', 'Anna-Lena Maria', 'anna'),
    ('blanks', '  Tom ', 'tom'),
    ('initial with dot', 'T.', 't')
),

phones (example, written, calling_code, trunk_prefix, expected) as (
    values
    ('international', '+49 170 1234567', '49', '0', '+491701234567'),
    ('international with 00', '0049 170/1234567', '49', '0', '+491701234567'),
    ('national', '0170-1234567', '49', '0', '+491701234567'),
    ('area code in brackets', '(0170) 1234 567', '49', '0', '+491701234567'),
    ('trunk prefix noted', '+49 (0)170 1234567', '49', '0', '+491701234567'),
    ('extension', '0170 1234567 ext. 12', '49', '0', '+491701234567'),
    ('label in front', 'Tel.: 0170 1234567', '49', '0', '+491701234567'),
    ('plus was lost', '491701234567', '49', '0', '+491701234567'),
    ('zeros before the country', '+0049170 1234567', '49', '0', '+491701234567'),
    ('another country than the record', '+31 6 12345678', '49', '0', '+31612345678'),
    ('no trunk prefix', '600 123 123', '34', null, '+34600123123'),
    ('trunk prefix of two digits', '06 20 1234567', '36', '06', '+36201234567'),
    ('trunk prefix equals country', '1 (212) 555-0100', '1', '1', '+12125550100'),
    ('italian zero stays', '06 1234 5678', '39', null, '+390612345678'),
    ('country unknown', '0170 1234567', null, null, null)
),

results as (
    select
        'e-mail: ' || example as example,
        {{ normalise_email('written') }} as actual,
        expected
    from emails
    union all
    select
        'card number: ' || example as example,
        {{ normalise_card_number('written') }} as actual,
        expected
    from card_numbers
    union all
    select
        'given name: ' || example as example,
        {{ normalise_given_name('written') }} as actual,
        expected
    from given_names
    union all
    select
        'phone: ' || example as example,
        {{ international_phone(phone_digits('written'), 'calling_code', 'trunk_prefix') }} as actual,
        expected
    from phones
)

select
    example,
    actual,
    expected
from results
where actual is distinct from expected
