"""What `profile` starts from: the conformed and the identity layer of a company, made at its size.

Four people in five are known. They have two records each on average in three systems and a browser,
four observed values, five activities; a third of them have said yes to e-mail. Texts are written
as systems write them, one city in fifty is a placeholder and one value in fifty is refused.
"""

from __future__ import annotations

TABLES = """
    create schema conformed;
    create schema identity;
    create schema profile;
    create schema value;
    create schema segments;
    create table people as
    select i, 'p' || substr(md5(i::varchar), 1, 16) as profile_id, i % 5 > 0 as is_known
    from range({customers}) as t (i);
    create table records as
    select
        i, place, profile_id,
        ['web_shop', 'loyalty', 'email_marketing'][1 + ((i + place) % 3)::int] as source_system,
        i || '-' || place as source_record_id
    from people, range(4) as places (place)
    where is_known and place < 1 + hash(i) % 3;
    create table identity.identity_map as
    select source_system, source_record_id, profile_id,
        source_system || ':' || source_record_id as record_key
    from (
        select source_system, source_record_id, profile_id from records
        union all
        select 'web_tracking', 'c' || i, profile_id from people
    )
    order by profile_id;
    create table conformed.customer_records as
    select
        source_system, source_record_id, source_system || ':' || source_record_id as record_key,
        case when hash(i, place, 1) % 10 > 0 then 'Given' || hash(i) % 4000 end as given_name,
        case when hash(i, place, 2) % 10 = 0 then 'Middle' || hash(i) % 500 end as middle_name,
        'Family' || hash(i, hash(place) % 20) % 60000 as family_name,
        case when hash(i) % 40 = 0 then 'Company ' || i end as organisation_name,
        case when hash(i, place, 3) % 3 = 0 then ['female', 'male'][1 + (i % 2)::int] end as gender,
        'Person.' || i || '@Example.org' as email,
        case when hash(i, place, 4) % 2 = 0 then '030 ' || i end as phone,
        case when source_system = 'web_shop' then 'login' || i end as login,
        case when source_system = 'loyalty' then 'L' || i end as loyalty_id,
        case when source_system = 'loyalty' then ['SILVER', 'GOLD'][1 + (i % 2)::int] end
            as loyalty_tier,
        case when hash(i, place, 5) % 3 > 0 then date '1950-01-01' + (hash(i) % 20000)::int end
            as birth_date,
        case when hash(i, place, 6) % 4 > 0 then 'Street ' || hash(i, place // 2) % 900000 end
            as street,
        cast(null as varchar) as address_line_2,
        case when hash(i, place, 6) % 4 > 0 then (10000 + hash(i) % 80000)::varchar end
            as postal_code,
        case when hash(i, place, 7) % 50 = 0 then 'Unknown'
            when hash(i, place, 6) % 4 > 0 then 'City ' || hash(i) % 2000 end as city,
        cast(null as varchar) as state,
        ['DE', 'AT', 'CH'][1 + (hash(i) % 3)::int] as country_code,
        cast(null as varchar) as attributes,
        timestamp '2024-01-01' + to_hours((hash(i, place, 8) % 8000)::int) as created_at,
        timestamp '2025-01-01' + to_hours((hash(i, place, 9) % 8000)::int) as updated_at
    from records;
    create table identity.comparison_values as
    select
        record_key, source_system, source_record_id, namespace, identity_value, normalised_value,
        case when hash(record_key, namespace) % 50 = 0 then 'too_many_records' end as refusal_reason
    from (
        select *, 'email' as namespace, email as identity_value, lower(email) as normalised_value
        from conformed.customer_records
        union all
        select *, 'phone', phone, '+4930' || phone[5:] from conformed.customer_records
        union all
        select *, 'login', login, login from conformed.customer_records
        union all
        select *, 'loyalty_id', loyalty_id, loyalty_id from conformed.customer_records
    )
    where identity_value is not null;
    create table profile.recorded_activities as
    select
        profile_id,
        timestamp '2025-01-01' + to_seconds((hash(i, n) % 30000000)::bigint) as occurred_at,
        case when is_known and n = 0 then 'order' else 'event' end as source_entity,
        case when is_known and n = 1 then 10 end as points
    from people, range(5) as numbers (n)
    order by profile_id;
    create table identity.profile_identities as
    select profile_id, 'cookie' as namespace, 'c' || i as identity_value from people
    union all
    select profile_id, 'email', 'person.' || i || '@example.org' from people where is_known
    order by profile_id;
    create table profile.effective_consent as
    select
        namespace as contact_namespace, value as contact_value, 'commercial' as purpose,
        channel, 'any' as topic, hash(i, channel) % 3 = 0 as is_allowed,
        timestamp '2025-03-01' as valid_from, cast(null as timestamp) as valid_to
    from (
        select i, 'email' as namespace, 'person.' || i || '@example.org' as value,
            'email' as channel
        from people where is_known
        union all
        select i, 'phone', '+4930' || i, unnest(['sms', 'phone']) from people where i % 3 = 0
        union all
        select i, 'profile', profile_id, 'direct_mail' from people where i % 4 = 0
    );
    create table profile.contact_points as
    select profile_id as person_key, 'email' as contact_namespace,
        'person.' || i || '@example.org' as contact_value
    from people where is_known;
    create table identity.household_members as
    select profile_id, 'h' || i // 3 as household_id from people where is_known and i % 3 < 2;
    create table identity.profile_ledger as
    select profile_id, profile_id as current_profile_id, 'active' as status,
        timestamp '2025-01-01' as founded_at
    from people;
    create table identity.record_units (record_key varchar, business_unit_id varchar);
    create table conformed.attributes (attribute varchar, merge_rule varchar);
    create table conformed.attribute_statements (
        source_system varchar, source_record_id varchar, attribute varchar,
        attribute_value varchar, is_cleared boolean, said_at timestamp
    );
    drop table records;
"""
DELTAS = (
    "conformed.customer_records", "conformed.attribute_statements", "identity.identity_map",
    "identity.comparison_values", "identity.record_units", "identity.household_members",
    "identity.profile_identities", "identity.profile_ledger", "profile.recorded_activities",
    "profile.effective_consent",
)  # fmt: skip
"""What the models look into for what has changed."""
CHANGED = (
    "select * from conformed.customer_records "
    "semi join (select profile_id, record_key from identity.identity_map "
    "where hash(profile_id) % 100 = 0) using (record_key)"
)
"""The records of one person in a hundred."""


def news() -> list[str]:
    """The statements that bring news: one person in a hundred has moved and says so."""
    changes = [
        f"create or replace table operations.delta_{table.split('.')[1]} as "
        f"select *, true as is_after from {table} limit 0"
        for table in DELTAS
    ]
    return [
        "create schema if not exists operations",
        *changes,
        "insert into operations.delta_customer_records by name "
        f"select *, false as is_after from ({CHANGED})",
        "update conformed.customer_records set street = 'New ' || coalesce(street, 'street'), "
        "updated_at = updated_at + interval 1 year "
        f"where record_key in (select record_key from ({CHANGED}))",
        "insert into operations.delta_customer_records by name "
        f"select *, true as is_after from ({CHANGED})",
    ]
