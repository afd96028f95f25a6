-- The promises of macros/normalise/phone.sql, as examples over the seed; tests/identity holds it
-- against the library phonenumbers for all countries.
with

examples (example, phone, country_code, expected) as (
    values
    ('international', '+49 170 1234567', 'DE', '+491701234567'),
    ('international with 00', '0049 170/1234567', 'DE', '+491701234567'),
    ('national', '0170-1234567', 'DE', '+491701234567'),
    ('area code in brackets', '(0170) 1234 567', 'DE', '+491701234567'),
    ('trunk prefix noted', '+49 (0)170 1234567', 'DE', '+491701234567'),
    ('extension', '0170 1234567 ext. 12', 'DE', '+491701234567'),
    ('extension by x', '+1 212 555 0100 x 123', 'US', '+12125550100'),
    ('remark behind', '0170 1234567 (mobile)', 'DE', '+491701234567'),
    ('label in front', 'Tel.: 0170 1234567', 'DE', '+491701234567'),
    ('plus was lost', '31612345678', 'NL', '+31612345678'),
    ('plus was lost, but 4917 is an area, too', '491701234567', 'DE', '+49491701234567'),
    ('zeros before the country', '+0049170 1234567', 'DE', '+491701234567'),
    ('zero before the calling code', '+01 212 555 0100', 'US', '+12125550100'),
    ('another country than the record', '+31 6 12345678', 'DE', '+31612345678'),
    ('no trunk prefix', '600 123 123', 'ES', '+34600123123'),
    ('trunk prefix of two digits', '06 20 1234567', 'HU', '+36201234567'),
    ('trunk prefix equals country', '1 (212) 555-0100', 'US', '+12125550100'),
    ('prefix of abroad', '011 49 170 1234567', 'US', '+491701234567'),
    ('00 where abroad is 011', '0049 170 1234567', 'US', '+491701234567'),
    ('italian zero stays', '06 1234 5678', 'IT', '+390612345678'),
    ('keypad', '1-800-FLOWERS', 'US', '+18003569377'),
    ('full-width', '＋４９ １７０ １２３４５６７', '', '+491701234567'),
    ('main country of a shared code', '+44 (0)1481 960194', 'DE', '+441481960194'),
    ('international without a country', '00491701234567', '', '+491701234567'),
    ('country unknown', '0170 1234567', '', null),
    ('no such calling code', '+999 170 1234567', '', null),
    ('no digits', 'unknown', 'DE', null)
),

written as (
    select
        phone,
        country_code
    from examples
),

numbers as (
    select * from {{ international_phones('written', ref('calling_codes')) }} as found
)

select
    examples.example,
    numbers.international_phone as actual,
    examples.expected
from examples
left join numbers
    on
        numbers.phone = examples.phone
        and numbers.country_code = examples.country_code
where numbers.international_phone is distinct from examples.expected
