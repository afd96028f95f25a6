"""Whose everything is, told by hand of conformed and identity, and what profile and value hold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import duckdb

Held = dict[tuple[str | None, str], tuple[int, int, Any]]
"""By profile and kind of thing: how many, how many points, how much money."""

THINGS = {
    "event": "login, points, 0 from conformed.events",
    "order": "null, 0, gross_amount from conformed.orders",
    "message": "null, 0, 0 from conformed.message_events",
    "line": "null, 0, line_amount from conformed.order_lines "
    "inner join conformed.orders using (source_system, order_id) where status = 'completed'",
    "record": "null, 0, 0 from conformed.customer_records",
}
"""What follows the record in a query: the login that was seen, points and amount."""
HELD = """
    select profile_id, source_entity, count(*), coalesce(sum(points), 0), coalesce(sum(amount), 0)
    from profile.recorded_activities group by all
    union all
    select profile_id, 'line', count(*), 0, sum(source_amount) from profile.purchases group by all
    union all
    select profile_id, 'record', sum(record_count), 0, 0
    from profile.policy_profiles where is_default group by all having sum(record_count) > 0
"""
TOTALS = """
    select
        (select sum(event_count) from profile.visits),
        (select sum(page_view_count) from profile.visits),
        (select sum(net_amount) from value.customer_totals),
        (select sum(order_count) from value.customer_totals),
        (select sum(points_balance) from value.loyalty_points),
        (select sum(record_count) from profile.profiles)
"""
AFTER_IDENTITY = (
    "profile_identities", "recorded_activities", "purchases", "visits", "abandoned_visits",
    "order_touches", "order_amounts", "customer_totals", "loyalty_points", "ranked_records",
    "attribute_values", "policy_profiles", "profiles", "consent_statements", "consent_words",
    "consent",
)  # fmt: skip
"""What is made anew when people are others, in this order."""


def by_hand(con: duckdb.DuckDBPyConnection) -> Held:
    """What each profile has to hold: what its login was seen at, else what its records did."""
    owners: dict[tuple[str, str], str] = {}
    rows = "select source_system, source_record_id, profile_id from identity.identity_map"
    for system, record, profile in con.execute(rows).fetchall():
        assert (system, record) not in owners, f"{system}:{record} is in two profiles"
        owners[system, record] = profile
    logins: dict[str, str] = dict(
        con.execute(
            "select identity_value, min(profile_id) from identity.profile_identities "
            "where namespace = 'login' group by all"
        ).fetchall()
    )
    found: Held = {}
    for kind, sql in THINGS.items():
        query = f"select source_system, source_record_id, {sql}"
        for system, record, login, points, amount in con.execute(query).fetchall():
            seen = "".join(login.split()).lower() if login else ""
            # What nobody is named for is nobody's.
            owner = logins.get(seen) or (owners[system, record] if record else None)
            count, all_points, money = found.get((owner, kind), (0, 0, 0))
            found[owner, kind] = (count + 1, all_points + (points or 0), money + amount)
    return found


def held(con: duckdb.DuckDBPyConnection) -> Held:
    """What each profile holds."""
    return {(p, kind): (n, points, m) for p, kind, n, points, m in con.execute(HELD).fetchall()}


def totals(con: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """Sums over everybody that no change of who is who may change."""
    return con.execute(TOTALS).fetchall()[0]


def unanswered(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Records with a word on consent of whose purpose their profile of today says nothing."""
    return con.execute(
        "select source_system, source_record_id, purpose from conformed.consents "
        "inner join identity.identity_map using (source_system, source_record_id) "
        "where not exists (select 1 from profile.consent "
        "where consent.profile_id = identity_map.profile_id "
        "and consent.purpose = consents.purpose)"
    ).fetchall()


def other_people(con: duckdb.DuckDBPyConnection, dice: random.Random, count: int) -> Iterator[str]:
    """Change who is who, again and again; yields what was done after each change.

    Parameters:
        con: a connection; what it writes is to be rolled back.
        dice: what decides.
        count: how many changes.
    """
    parted: list[tuple[str, str]] = []
    for number in range(count):
        people: dict[str, list[str]] = {}
        for record, profile in con.execute(
            "select record_key, profile_id from identity.identity_map order by all"
        ).fetchall():
            people.setdefault(profile, []).append(record)
        kind = ("merge", "split", "late login", "take back")[number % 4]
        if kind == "merge":
            one, other = dice.sample(sorted(people), 2)
            moved = dict.fromkeys(people[other], one)
            parted = [(record, other) for record in people[other]]
        elif kind == "split":
            several = [p for p in sorted(people) if len(people[p]) > 1]
            records = people[dice.choice(several)]
            moved = dict.fromkeys(dice.sample(records, len(records) // 2), f"new{number}")
        elif kind == "late login":
            cookies = [
                (profile, r)
                for profile, records in sorted(people.items())
                for r in records
                if len(records) == 1 and r.startswith("web_tracking:")
            ]
            known = [p for p in sorted(people) if len(people[p]) > 1]
            moved = {dice.choice(cookies)[1]: dice.choice(known)}
        else:
            moved = dict(parted)
        con.executemany(
            "update identity.identity_map set profile_id = ? where record_key = ?",
            [[profile, record] for record, profile in moved.items()],
        )
        yield kind
