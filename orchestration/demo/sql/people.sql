-- People $first_person to $last_person: who they are, where they live, which systems know them.

create or replace temp table people as
with households as (
    select
        range as person_id,
        ((range - 1) // $family_block) * $family_block + 1 as head_id,
        ((range - 1) % $family_block)::integer as place,
        person_key($seed, range) as k,
        subkey(person_key($seed, ((range - 1) // $family_block) * $family_block + 1), 'household')
            as block_key
    from range($first_person::bigint, $last_person::bigint + 1)
),

living_together as (
    select
        *,
        case
            when draw(block_key, 'size') < $family_rate then true
            when draw(block_key, 'size') < $family_rate + $pair_rate then place < 2
            else false
        end as shares_home
    from households
),

homes as (
    select
        *,
        case when shares_home then block_key else k end as home_key,
        case when shares_home and draw(k, 'own name') >= $own_family_name_rate
            then block_key else k end as name_key,
        shares_home and place > 0 as follows_head
    from living_together
),

languages as (
    select
        *,
        case
            when draw(home_key, 'country') < 0.50 then 'de'
            when draw(home_key, 'country') < 0.68 then 'nl'
            when draw(home_key, 'country') < 0.84 then 'fr'
            else 'en'
        end as language,
        ['f', 'm'][1 + pick(k, 'gender', 2)] as gender
    from homes
),

-- Four apart within a block: no two of a household have the same given name.
drawn_words as (
    select
        languages.*,
        (pick(block_key, 'given name', given_length) + 4 * place) % given_length as given_position,
        pick(name_key, 'family name', family_length) as family_position,
        pick(home_key, 'street', street_length) as street_position,
        pick(home_key, 'new street', street_length) as new_street_position,
        pick(home_key, 'city', city_length) as city_position
    from languages
    inner join list_lengths using (language)
)

select
    person_id,
    drawn_words.k,
    drawn_words.head_id,
    follows_head,
    follows_head and draw(drawn_words.k, 'family e-mail') < $family_email_rate as uses_family_email,
    follows_head and draw(drawn_words.k, 'family phone') < $family_phone_rate as uses_family_phone,
    follows_head and draw(drawn_words.k, 'shared device') < $shared_device_rate as shares_device,
    given_names.given_name,
    given_names.nickname,
    family_names.family_name,
    family_names.mail_name,
    make_date(1944, 1, 1)
        + case
            when place < 2 then pick(drawn_words.k, 'birth', 20000)
            else 14000 + pick(drawn_words.k, 'birth', 9000)
        end as birth_date,
    cities.country_code,
    cities.city,
    cities.postal_stem,
    home_key,
    streets.street_name,
    new_streets.street_name as new_street_name,
    -- People of one home move together.
    case when draw(home_key, 'moves') < $moved_rate
        then $start_second + ($end_second - $start_second) * draw(home_key, 'moved at')
    end as moved_second,
    case when draw(drawn_words.k, 'new phone') < $new_phone_rate
        then $start_second + ($end_second - $start_second) * draw(drawn_words.k, 'new phone at')
    end as new_phone_second,
    draw(drawn_words.k, 'second e-mail') < $second_email_rate as has_second_email
from drawn_words
inner join given_names
    on drawn_words.language = given_names.language and drawn_words.gender = given_names.gender
    and drawn_words.given_position = given_names.position
inner join family_names
    on drawn_words.language = family_names.language
    and drawn_words.family_position = family_names.position
inner join streets
    on drawn_words.language = streets.language and drawn_words.street_position = streets.position
inner join streets as new_streets
    on drawn_words.language = new_streets.language
    and drawn_words.new_street_position = new_streets.position
inner join cities
    on drawn_words.language = cities.language and drawn_words.city_position = cities.position;

-- Which systems know a person, and the rates of those who buy.
create or replace temp table members_of as
with base_draws as (
    select
        person_id,
        k,
        draw(k, 'shop') < $shop_base_rate as shop_drawn,
        draw(k, 'loyalty') < $loyalty_base_rate as loyalty_drawn,
        draw(k, 'contact') < $contact_base_rate as contact_drawn,
        draw(k, 'only system') as only_draw
    from people
),

systems as (
    select
        person_id,
        k,
        shop_drawn or (not loyalty_drawn and not contact_drawn and only_draw < $only_shop_rate)
            as in_shop,
        loyalty_drawn or (
            not shop_drawn and not contact_drawn and only_draw >= $only_shop_rate
            and only_draw < $only_shop_rate + $only_loyalty_rate
        ) as in_loyalty,
        contact_drawn or (
            not shop_drawn and not loyalty_drawn
            and only_draw >= $only_shop_rate + $only_loyalty_rate
        ) as is_contact
    from base_draws
)

select
    person_id,
    in_shop,
    in_loyalty,
    is_contact,
    in_shop and draw(k, 'buyer') < $buyer_rate as is_buyer,
    in_shop and draw(k, 'second account') < $second_account_rate as has_second_account,
    -- When the company got to know the person, under a density that grows by $growth.
    ($start_second + $first_order_delay
        + ($end_second - $start_second - $first_order_delay)
        * (sqrt(1 + draw(k, 'known since') * ($growth * $growth + 2 * $growth)) - 1) / $growth
    )::bigint as known_since_second
from systems;
