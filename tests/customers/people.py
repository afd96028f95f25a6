"""A few people as the warehouse has them, and the file of them that the page reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb
from werkzeug.security import generate_password_hash

from orchestration.customers.store import write_people
from orchestration.layers_reader import ShownTable
from orchestration.settings import Settings

ANN, BOB, CLEO = "p000000000000000a", "p000000000000000b", "p000000000000000c"
FORMER = "p00000000000000ff"
PASSWORD = "correct horse battery staple"
ROLES = {"ana": "analyst", "sam": "service", "dora": "data_protection"}
# Little work to check, as it is done for every request of a test.
HASH = generate_password_hash(PASSWORD, method="pbkdf2:sha256:1")
SECRETS = (
    "ann.lee@x.example", "+491701234567", "12 Mill Lane", "annlee", "1980-02-03", "Flat 9",
    "ann.old@x.example", "cookie-of-ann", "shop-login-77",
)  # fmt: skip
"""What nobody sees without the right to contact points."""

LABELLED: Mapping[str, set[str]] = {
    "profile.profiles": {
        "given_name", "family_name", "organisation_name", "email", "phone", "login", "street",
        "address_line_2", "postal_code", "city", "birth_date", "loyalty_id", "shop_login",
    },
    "profile.provenance": {"attribute_value", "source_record_id"},
    "profile.attribute_history": {"attribute_value", "previous_value", "source_record_id"},
    "identity.profile_identities": {"identity_value"},
    "identity.identity_map": {"source_record_id", "record_key"},
    "profile.consent": {"contact_value"},
    "profile.alternate_keys": {"key_value"},
    "profile.search_terms": {"term"},
}  # fmt: skip
TABLES = {
    "policy.identity_namespaces": "select unnest(['email', 'phone', 'cookie']) as namespace",
    "policy.search_columns": "select unnest(['email', 'family_name', 'given_name', 'city', "
    "'street', 'login']) as attribute, 4 as weight",
    "profile.profiles": f"""
        select '{ANN}' as profile_id, true as is_known, 'Ann' as given_name, 'Lee' as family_name,
            null as organisation_name, 'ann.lee@x.example' as email, '+491701234567' as phone,
            'annlee' as login, '12 Mill Lane' as street, 'Flat 9' as address_line_2,
            '10115' as postal_code, 'Berlin' as city, 'DE' as country_code,
            date '1980-02-03' as birth_date, 'L77' as loyalty_id, 'Gold' as loyalty_tier,
            'shop-login-77' as shop_login, true as may_be_emailed, false as may_be_phoned,
            timestamp '2024-03-01' as first_seen_at, timestamp '2026-10-30 09:00' as last_seen_at,
            2 as record_count
        union all
        select '{BOB}', true, 'Bob', 'Lee', null, 'ann.lee@x.example', null, null, null, null,
            '10115', 'Berlin', 'DE', null, null, null, null, false, false,
            timestamp '2025-01-01', timestamp '2025-01-01', 1
        union all
        select '{CLEO}', true, 'Cleo <img src=x onerror=alert(1)>', 'O''Hara', null, null, null,
            null, null, null, null, 'Köln', 'DE', null, null, null, null, false, false,
            timestamp '2026-02-01', timestamp '2026-02-01', 1""",
    "profile.alternate_keys": f"""
        select * from (values ('identity', 'email', 'ann.lee@x.example', '{ANN}'),
            ('identity', 'email', 'ann.lee@x.example', '{BOB}'),
            ('identity', 'phone', '+491701234567', '{ANN}'),
            ('source_record', 'shop', '77', '{ANN}'),
            ('former_profile', 'profile_id', '{FORMER}', '{ANN}'))
            as keys(key_kind, namespace, key_value, profile_id)""",
    "profile.search_terms": f"""
        select * from (values ('lee', '{ANN}', 'family_name'), ('lee', '{BOB}', 'family_name'),
            ('ann', '{ANN}', 'email'), ('ann', '{ANN}', 'given_name'),
            ('bob', '{BOB}', 'given_name'), ('mill', '{ANN}', 'street'),
            ('annlee', '{ANN}', 'login'), ('berlin', '{ANN}', 'city'),
            ('example', '{BOB}', 'email'), ('cleo', '{CLEO}', 'given_name'))
            as terms(term, profile_id, attribute)""",
    "profile.provenance": f"""
        select * from (values
            ('{ANN}', 'email', 1, 'ann.lee@x.example', 'shop', '77', 'recent', null, true),
            ('{ANN}', 'email', 2, 'ann.old@x.example', 'club', 'K1', 'recent', 'rule', false),
            ('{ANN}', 'city', 1, 'Berlin', 'shop', '77', 'recent', null, true),
            ('{ANN}', 'city', 2, 'Bonn', 'club', 'K1', 'recent', 'rule', false),
            ('{ANN}', 'shop_login', 1, 'shop-login-77', 'shop', '77', 'recent', null, true))
            as said(profile_id, attribute, place, attribute_value, source_system,
                source_record_id, rule, lost_by, is_winning_value), (select false as is_cleared)""",
    "profile.attribute_history": f"""
        select '{ANN}' as profile_id, timestamp '2026-01-02' as known_from, 'email' as attribute,
            'ann.old@x.example' as previous_value, 'ann.lee@x.example' as attribute_value,
            false as is_cleared, 'record' as change_reason, 'shop' as source_system,
            '77' as source_record_id, timestamp '2026-01-02' as valid_from,
            null::timestamp as valid_to""",
    "identity.identity_map": f"""
        select 'shop' as source_system, '77' as source_record_id, 'shop:77' as record_key,
            '{ANN}' as profile_id
        union all select 'club', 'ann.old@x.example', 'club:ann.old@x.example', '{ANN}'""",
    "identity.profile_identities": f"""
        select '{ANN}' as profile_id, 'email' as namespace, 'ann.lee@x.example' as identity_value,
            2 as record_count
        union all select '{ANN}', 'email', 'ann.old@x.example', 1
        union all select '{ANN}', 'cookie', 'cookie-of-ann', 1
        union all select '{ANN}', 'loyalty_id', 'L77', 1""",
    "identity.profile_ledger": f"""
        select '{FORMER}' as profile_id, 'merged' as status, null as split_from_profile_id,
            timestamp '2024-03-01' as founded_at, timestamp '2025-05-05' as ended_at,
            '{ANN}' as current_profile_id""",
    "identity.household_members": f"""
        select 'h1' as household_id, '{ANN}' as profile_id union all select 'h1', '{BOB}'""",
    "profile.consent": f"""
        select '{ANN}' as profile_id, 'email' as contact_namespace,
            'ann.lee@x.example' as contact_value, 'commercial' as purpose, 'email' as channel,
            'any' as topic, 'y' as code, 'granted' as status,
            timestamp '2026-05-01 10:00' as recorded_at, 'club' as source_system,
            'S1' as consent_id, 'stated' as origin
        union all select '{ANN}', 'any', 'any', 'commercial', 'phone', 'any', 'n', 'denied',
            timestamp '2026-05-01 10:00', 'club', 'S2', 'stated'""",
    "segments.definitions": """
        select segment_name, title, title || ', in words.' as description, 'active' as state
        from (values ('win_back', 'Win back'), ('gold', 'Gold members'))
            as definitions(segment_name, title)""",
    "segments.segment_membership": f"""
        select '{ANN}' as profile_id, 'gold' as segment_name, 'tier is Gold' as reason,
            date '2026-10-31' as as_of_on""",
    "segments.kept_out": """
        select ''::varchar as profile_id, ''::varchar as segment_name, ''::varchar as cause
        limit 0""",
    "segments.segment_membership_history": f"""
        select '{ANN}' as profile_id, 'gold' as segment_name, date '2026-10-01' as valid_from,
            null::date as valid_to, 'rule' as entering_cause, null as leaving_cause
        union all
        select '{ANN}', 'win_back', date '2026-08-01', date '2026-09-01', 'rule', 'rule'""",
    "segments.membership_reasons": f"""
        select '{ANN}' as profile_id, 'win_back' as segment_name, date '2026-09-01' as changed_on,
            'left' as change, 'rule' as cause, 'clauses' as explanation, null as says,
            null as other_profile_id""",
    "segments.membership_clauses": f"""
        select '{ANN}' as profile_id, 'win_back' as segment_name, date '2026-09-01' as changed_on,
            0 as clause_number, 'days_since_last_purchase > 90' as clause, true as was_true,
            false as is_true, 'decides' as part_played""",
    "profile.activities": f"""
        select '{ANN}' as profile_id, 'a' || n as activity_id, 'shop' as source_system,
            ['order_completed', 'page_viewed', 'message_sent', 'support_contact'][n % 4 + 1]
                as activity_type,
            timestamp '2026-10-30 09:00' - to_hours(cast(n * 90 as int)) as occurred_at,
            ['Order', 'Looked at a page', 'Message sent', 'Called us'][n % 4 + 1] as title,
            case when n = 2 then 'Campaign K1 to Ann.Lee@x.example' end as description,
            case when n % 4 = 0 then 99.5 end::decimal(18, 2) as amount,
            case when n % 4 = 0 then 'EUR' end as currency, n as sort_index, true as is_on_timeline
        from range(0, 120) as numbers(n)""",
    "profile.profile_completeness": f"""
        select '{ANN}' as profile_id, 9 as filled_count, 0.9 as completeness, 13 as of_count""",
    "value.profile_measures": f"""
        select '{ANN}' as profile_id, 3 as order_count, 298.50::decimal(18, 2) as net_amount""",
    "operations.segment_clause_days": """
        select date '2026-10-31' as as_of_on, segment_name, 'c' as clauses_checksum
        from (values ('win_back'), ('gold')) as names(segment_name)""",
    "operations.segment_clauses": """
        select * from (values ('win_back', 'c', 0, 'days_since_last_purchase > 90'),
            ('win_back', 'c', 1, 'order_count > 0'), ('gold', 'c', 0, 'loyalty_tier = ''Gold'''))
            as clauses(segment_name, clauses_checksum, clause_number, clause)""",
    "operations.segment_clause_states": f"""
        select date '2026-10-31' as as_of_on, 'win_back' as segment_name, '{ANN}' as profile_id,
            2::bigint as states""",
}


def publish(settings: Settings, at: str = "2026-11-01T04:00:00", name: str = "1") -> Path:
    """Write the file of people into the data folder, as a run does.

    Parameters:
        settings: paths.
        at: when it is published.
        name: makes the file another one; later ones sort later.
    """
    folder = settings.data_dir / "customers"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"people-{name}.duckdb"
    shown = []
    with duckdb.connect() as con:
        for table, sql in TABLES.items():
            schema, short = table.split(".")
            con.execute(f"create schema if not exists {schema}")
            con.execute(f"create table {table} as {sql}")
            if schema != "operations":
                con.execute(f"select * from {table} limit 0")
                columns = tuple(column[0] for column in con.description or ())
                labelled = frozenset(LABELLED.get(table, ()))
                shown.append(ShownTable(schema, short, columns, "", labelled))
        write_people(con, shown, file, datetime.fromisoformat(at))
    return file


def users_file(folder: Path, roles: Mapping[str, str] = ROLES) -> Path:
    """A file of users who all have the same password.

    Parameters:
        folder: where to.
        roles: by name.
    """
    file = folder / "users.yml"
    lines = [f"{name}: {{role: {role}, password: '{HASH}'}}" for name, role in roles.items()]
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o600)
    return file
