-- The word lists, numbered within their language, and how long each list is.

create or replace temp table given_names as
select
    language,
    gender,
    row_number() over (partition by language, gender order by given_name) - 1 as position,
    given_name,
    nickname
from read_csv($given_names_file, header = true, all_varchar = true);

create or replace temp table family_names as
select
    language,
    row_number() over (partition by language order by family_name) - 1 as position,
    family_name,
    replace(lower(transliterated(family_name)), ' ', '') as mail_name
from read_csv($family_names_file, header = true, all_varchar = true);

create or replace temp table streets as
select
    language,
    row_number() over (partition by language order by street_name) - 1 as position,
    street_name
from read_csv($streets_file, header = true, all_varchar = true);

create or replace temp table cities as
select
    language,
    row_number() over (partition by language order by city) - 1 as position,
    country_code,
    city,
    postal_stem
from read_csv($cities_file, header = true, all_varchar = true);

-- Shortest list per language: positions are drawn below it, so every draw finds its word.
create or replace temp table list_lengths as
with given_lengths as (
    select language, min(names) as given_length
    from (select language, gender, count(*) as names from given_names group by all)
    group by language
),

family_lengths as (
    select language, count(*) as family_length from family_names group by language
),

street_lengths as (
    select language, count(*) as street_length from streets group by language
),

city_lengths as (
    select language, count(*) as city_length from cities group by language
)

select language, given_length, family_length, street_length, city_length
from given_lengths
inner join family_lengths using (language)
inner join street_lengths using (language)
inner join city_lengths using (language);

-- Eight categories of fifty price points each, 13 % apart: a product for every amount.
create or replace temp table categories as
select position, category, brands
from (
    values
    (0, 'Kitchen', ['Nordherd', 'Pannetta', 'Kupfer & Co']),
    (1, 'Garden', ['Grünwerk', 'Larkfield', 'Tuinhof']),
    (2, 'Books', ['Leseland', 'Quaystone Press', 'Éditions du Pont']),
    (3, 'Toys', ['Holzfuchs', 'Merrybrook', 'Speelvogel']),
    (4, 'Beauty', ['Alpenrose', 'Belle Marée', 'Clearwell']),
    (5, 'Sports', ['Laufgut', 'Ridgeway', 'Vélocourt']),
    (6, 'Home', ['Wohnlicht', 'Hearthside', 'Thuisgoed']),
    (7, 'Electronics', ['Funkwerk', 'Brightwire', 'Voltaire Audio'])
) as listed (position, category, brands);

create or replace macro product_number(category, price_point) as
    'P' || lpad((category * 50 + price_point + 1)::varchar, 4, '0');

create or replace macro price_cents(price_point) as
    (round(20 * power(1.13, price_point)) * 10 + 9)::integer;

-- The cheapest price point whose price is not below an amount.
create or replace macro price_point_for(cents) as
    greatest(0, least(49, ceil(ln(greatest(cents, 1) / 200.0) / ln(1.13))))::integer;
