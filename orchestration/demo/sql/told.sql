-- What every record says of its person, version by version.

-- One row per record and version: when it was told and by what luck.
create or replace temp table record_versions as
with records as (
    select 'web_shop' as source_system, customer_id as source_record_id, person_id, record_key,
        created_second, $account_version_rate as version_rate
    from shop_accounts
    union all
    select 'loyalty', member_no, person_id, record_key, created_second, 0.0 from loyalty_members
    union all
    select 'email_marketing', contact_id, person_id, record_key, created_second,
        $contact_version_rate
    from contacts
),

last_told as (
    select
        *,
        -- Half of the records are never touched again.
        case
            when draw(record_key, 'updated') < 0.5 then created_second
            else created_second
                + (($end_second - 1 - created_second) * draw(record_key, 'updated at'))::bigint
        end as last_second,
        case when draw(record_key, 'version') < version_rate then [1, 2] else [2] end as versions
    from records
),

versions as (
    select *, unnest(versions) as version from last_told
)

select
    source_system, source_record_id, person_id, record_key, created_second, version,
    case
        when version = 1 then created_second
        when len(versions) = 2 then least(
            $end_second - 1, greatest(last_second, created_second + 86400)
        )
        else last_second
    end as updated_second
from versions;

-- What a record says of its person.
create or replace temp table told_records as
with facts as (
    select
        record_versions.*,
        people.given_name,
        people.nickname,
        people.family_name,
        people.birth_date,
        people.country_code,
        people.city,
        people.postal_stem,
        people.home_key,
        coalesce(people.moved_second <= updated_second, false) as has_moved,
        case when coalesce(people.moved_second <= updated_second, false)
            then people.new_street_name else people.street_name
        end as street_name,
        case
            when people.uses_family_email then heads.email
            when people.has_second_email
                and draw(record_key, 'second e-mail') < $second_email_use_rate
                then reach.second_email
            else reach.email
        end as email,
        reach.country_prefix,
        reach.area,
        case
            when people.uses_family_phone then heads.phone_number
            when people.new_phone_second > updated_second then reach.old_phone_number
            else reach.phone_number
        end as phone_number
    from record_versions
    inner join people using (person_id)
    inner join reach using (person_id)
    inner join reach as heads on people.head_id = heads.person_id
)

select
    source_system,
    source_record_id,
    person_id,
    record_key,
    version,
    created_second,
    updated_second,
    said_first_name(record_key, given_name, nickname, $placeholder_name_rate, $missing_name_rate,
        $nickname_rate, $transliteration_rate, $typo_rate) as first_name,
    said_last_name(record_key, family_name, $placeholder_name_rate, $missing_name_rate,
        $transliteration_rate, $typo_rate) as last_name,
    said_email(record_key, email, $placeholder_email_rate, $missing_email_rate, $email_case_rate,
        $email_blank_rate) as email,
    said_phone(record_key, country_prefix, area, phone_number, $placeholder_phone_rate,
        $missing_phone_rate) as phone,
    said_street(
        record_key, street_name, country_code,
        1 + pick(subkey(home_key, has_moved), 'house number', 120),
        $missing_street_rate, $street_abbreviation_rate, $typo_rate
    ) as street,
    postal_code(subkey(home_key, has_moved), country_code, postal_stem) as postal_code,
    city,
    country_code,
    said_birth_date(record_key, birth_date, $placeholder_birth_date_rate,
        $invalid_birth_date_rate, $missing_birth_date_rate) as birth_date
from facts;
