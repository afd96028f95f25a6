-- The promises of macros/normalise/words.sql, as examples over the seeds.
with

addresses (text, expected) as (
    values
    ('12 North Main Street', '12 n main st'),
    ('12 N. Main St.', '12 n main st'),
    ('Hauptstraße 5', 'haupt str 5'),
    ('Hauptstr. 5', 'haupt str 5'),
    ('Haupt Strasse 5', 'haupt str 5'),
    ('Kerkstraat 10-b', 'kerk str 10 b'),
    ('Lindenallee ７', 'linden allee 7'),
    ('3, Avenue des Champs-Élysées', '3 ave des champs elysees'),
    ('Bd. de la République 1', 'blvd de la republique 1'),
    ('Postfach 12', 'po box 12'),
    ('Apartment 4', 'apt 4'),
    ('', '')
),

organisations (text, expected) as (
    values
    ('Acme Trading Co., Ltd.', 'acme'),
    ('ACME GmbH & Co. KG', 'acme'),
    ('Bakkerij Jansen B.V.', 'bakkerij jansen b v'),
    ('Bakkerij Jansen BV', 'bakkerij jansen'),
    ('Dupont et Fils SARL', 'dupont'),
    ('The Company', 'the company')
),

titles (text, expected) as (
    values
    ('Professor Anna Lee', 'prof anna lee'),
    ('Prof. Anna Lee', 'prof anna lee'),
    ('Herr Dr. Jürgen Groß', 'mr dr juergen gross'),
    ('Mevrouw de Vries', 'mrs de vries')
),

untitled (text, expected) as (
    values
    ('Herr Dr. Jürgen Groß', 'juergen gross'),
    ('Mrs', 'mrs')
),

plain_addresses as (
    select * from {{ normalise_addresses('addresses') }} as written
),

plain_organisations as (
    select * from {{ normalise_organisations('organisations') }} as written
),

plain_titles as (
    select * from {{ normalise_titles('titles') }} as written
),

plain_untitled as (
    select * from {{ normalise_titles('untitled', left_out=true) }} as written
),

results as (
    select
        addresses.text,
        plain_addresses.plain_text,
        addresses.expected
    from addresses
    left join plain_addresses
        on plain_addresses.text = addresses.text
    union all
    select
        organisations.text,
        plain_organisations.plain_text,
        organisations.expected
    from organisations
    left join plain_organisations
        on plain_organisations.text = organisations.text
    union all
    select
        titles.text,
        plain_titles.plain_text,
        titles.expected
    from titles
    left join plain_titles
        on plain_titles.text = titles.text
    union all
    select
        untitled.text,
        plain_untitled.plain_text,
        untitled.expected
    from untitled
    left join plain_untitled
        on plain_untitled.text = untitled.text
)

select
    text,
    plain_text,
    expected
from results
where plain_text is distinct from expected
