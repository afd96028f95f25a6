-- The records of a person in the three systems that know names.
-- Every number space is shuffled its own way: equal numbers in two systems mean nothing.

create or replace temp table shop_accounts as
with account_numbers as (
    select
        people.person_id, people.k, members_of.known_since_second,
        unnest(case when members_of.has_second_account then [1, 2] else [1] end) as account_number
    from people
    inner join members_of using (person_id)
    where members_of.in_shop
),

opened as (
    select
        person_id,
        account_number,
        subkey(subkey(k, 'account'), account_number) as record_key,
        shuffled(2 * person_id + account_number - 1, 7368787, 1234567, $number_digits)
            as customer_number,
        shuffled(2 * person_id + account_number - 1, 6180339, 271828, $number_digits)
            as login_number,
        -- Early enough for the first order and the failed attempt before it.
        greatest(
            $start_second, known_since_second - 3600 - pick(k, 'account before order', 5 * 86400)
        ) as first_created_second
    from account_numbers
)

select
    person_id,
    account_number,
    record_key,
    customer_number,
    'C' || customer_number as customer_id,
    choose(
        record_key, 'login',
        ['heron', 'otter', 'lynx', 'robin', 'badger', 'falcon', 'marten', 'swift', 'beaver', 'wren']
    ) || '_' || login_number as login,
    case account_number
        when 1 then first_created_second
        else first_created_second
            + (($end_second - first_created_second) * draw(record_key, 'opened'))::bigint
    end as created_second
from opened;

create or replace temp table loyalty_members as
select
    people.person_id,
    subkey(people.k, 'member') as record_key,
    shuffled(people.person_id, 4142137, 577215, 8) as member_number,
    'L' || shuffled(people.person_id, 4142137, 577215, 8) as member_no,
    -- Most enrol when they first buy, some much later.
    case
        when draw(people.k, 'enrols at once') < 0.6 then members_of.known_since_second
        else members_of.known_since_second
            + (($end_second - members_of.known_since_second) * draw(people.k, 'enrols'))::bigint
    end as created_second
from people
inner join members_of using (person_id)
where members_of.in_loyalty;

create or replace temp table contacts as
select
    people.person_id,
    subkey(people.k, 'contact') as record_key,
    'K' || shuffled(people.person_id, 3028771, 161803, $number_digits) as contact_id,
    case
        when draw(people.k, 'subscribes at once') < 0.6 then members_of.known_since_second
        else members_of.known_since_second
            + (($end_second - members_of.known_since_second) * draw(people.k, 'subscribes'))::bigint
    end as created_second
from people
inner join members_of using (person_id)
where members_of.is_contact;

-- What people can be reached by. Domains are reserved for examples: nobody real is addressed.
create or replace temp table reach as
with mail_parts as (
    select
        person_id,
        k,
        replace(lower(transliterated(given_name)), ' ', '') as given,
        mail_name,
        to_base(person_id, 36) as mark,
        2 * person_id as phone_index,
        case country_code when 'DE' then '49' when 'NL' then '31' when 'FR' then '33' else '44' end
            as country_prefix,
        case country_code when 'DE' then '199' when 'NL' then '6' when 'FR' then '7' else '79' end
            as area
    from people
)

select
    person_id,
    choose(k, 'mail form', [
        given || '.' || mail_name || '.' || lower(mark), mail_name || lower(mark),
        given[1] || mail_name || '_' || lower(mark), given || '-' || lower(mark)
    ]) || '@' || choose(k, 'mail domain', [
        'mail.example.com', 'post.example.org', 'web.example.net', 'inbox.example',
        'freemail.example', 'home.example.com', 'office.example.org'
    ]) as email,
    given || lower(mark) || '@' || choose(
        k, 'second domain', ['work.example.net', 'campus.example', 'old.example.com']
    ) as second_email,
    country_prefix,
    area,
    shuffled(phone_index, 17320509, 1414213, 8) as phone_number,
    shuffled(phone_index + 1, 17320509, 1414213, 8) as old_phone_number
from mail_parts;
