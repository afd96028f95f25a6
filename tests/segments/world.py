"""Small random companies: nulls, boundaries, ties, duplicates, people to whom nothing happened."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.segments.catalogue import Catalogue, Column, Table, kind_of_type

TYPES: Mapping[str, Mapping[str, str]] = {
    "profiles": {
        "city": "VARCHAR", "is_known": "BOOLEAN", "birth_date": "DATE", "record_count": "BIGINT",
        "last_seen_at": "TIMESTAMP",
    },
    "customer_attributes": {
        "days_since_last_order": "BIGINT", "net_amount": "DECIMAL(18,2)",
        "last_ordered_at": "TIMESTAMP",
    },
    "deciles": {"metric": "VARCHAR", "look_back": "VARCHAR", "decile": "INTEGER"},
    "recorded_activities": {
        "source_system": "VARCHAR", "source_entity": "VARCHAR", "source_activity_id": "VARCHAR",
        "activity_type": "VARCHAR", "occurred_at": "TIMESTAMP", "amount": "DECIMAL(18,2)",
        "points": "BIGINT", "channel": "VARCHAR",
    },
    "purchases": {
        "source_system": "VARCHAR", "order_id": "VARCHAR", "product_category": "VARCHAR",
        "quantity": "INTEGER", "booked_at": "TIMESTAMP", "line_amount": "DECIMAL(18,2)",
    },
    "visits": {"device_type": "VARCHAR", "started_at": "TIMESTAMP", "event_count": "BIGINT"},
}  # fmt: skip
SEGMENTS = ("first_half", "second_half", "loyal")
TEXTS = (
    "Bern", "bern", "Basel", "O'Brien", "100%", "a_b", "axb", "back\\slash", "{", "München", "😀 x",
    "-- x", "/* x */", ",drop", "NO", "null", " ", "e\u0301",
)  # fmt: skip
KINDS_OF_ACTIVITY = ("page_view", "order_completed", "message_opened", "points_earned")
DERIVED = ("cart_abandoned", "order_line")
CLOCKS = (date(2026, 3, 1), date(2028, 2, 29), date(2027, 12, 31), date(2026, 2, 28))
Row = dict[str, Any]


@dataclass
class World:
    """A company: rows by table, the clock's day, the members of segments."""

    today: date
    tables: dict[str, list[Row]] = field(default_factory=dict)
    segments: dict[str, list[str | None]] = field(default_factory=dict)

    @property
    def people(self) -> list[str]:
        return [row["profile_id"] for row in self.tables["profiles"]]

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time.max)


def catalogue() -> Catalogue:
    """What rules may read of a world."""
    tables = {
        name: Table(
            name,
            {column: Column(kind_of_type(said)) for column, said in columns.items()},
            name in ("profiles", "customer_attributes"),
        )
        for name, columns in {**TYPES, "activities": TYPES["recorded_activities"]}.items()
    }
    return Catalogue(tables, frozenset(SEGMENTS))


def random_world(rng: random.Random, people: int = 40) -> World:
    """A company of a few people."""
    world = World(rng.choice(CLOCKS))
    ids = [f"p{number}" for number in range(people)]
    world.tables["profiles"] = [
        {"profile_id": one, "city": _maybe(rng, rng.choice(TEXTS)),
         "is_known": _maybe(rng, rng.random() < 0.7), "birth_date": _birth(rng, world.today),
         "record_count": rng.randint(0, 4), "last_seen_at": _instant(rng, world)}
        for one in ids
    ]  # fmt: skip
    world.tables["customer_attributes"] = [
        {"profile_id": one, "days_since_last_order": _maybe(rng, rng.randint(0, 6)),
         "net_amount": _maybe(rng, _money(rng)), "last_ordered_at": _instant(rng, world)}
        for one in ids if rng.random() < 0.7
    ]  # fmt: skip
    world.tables["deciles"] = [
        {"profile_id": rng.choice(ids), "metric": rng.choice(("net", "gross")),
         "look_back": rng.choice(("12", "lifetime")), "decile": _maybe(rng, rng.randint(1, 10))}
        for _ in range(people * 2)
    ]  # fmt: skip
    _happenings(rng, world, ids)
    for place, name in enumerate(SEGMENTS):
        world.segments[name] = [one for n, one in enumerate(ids) if n % 3 == place or n % 5 == 0]
    return world


def _happenings(rng: random.Random, world: World, ids: list[str]) -> None:
    active: list[str | None] = [*ids[: len(ids) * 2 // 3], None]
    events, lines = [], []
    for number in range(len(ids) * 5):
        kind = rng.choice((*KINDS_OF_ACTIVITY, "order_completed", *DERIVED))
        is_order = kind == "order_completed"
        who = rng.choice(active)
        event = {
            "profile_id": who, "source_system": rng.choice(("shop", "till")),
            "source_entity": "order" if is_order else "event",
            "source_activity_id": str(number // 2), "activity_type": kind,
            "occurred_at": _instant(rng, world, known=True),
            "amount": _maybe(rng, _money(rng)) if is_order else None,
            "points": _maybe(rng, rng.randint(-3, 3)), "channel": _maybe(rng, rng.choice(TEXTS)),
        }  # fmt: skip
        events.append(event)
        if rng.random() < 0.1:
            events.append(dict(event))
        for _ in range(rng.randint(0, 3) if is_order else 0):
            lines.append({
                "profile_id": who, "source_system": event["source_system"],
                "order_id": event["source_activity_id"], "quantity": rng.randint(-1, 3),
                "product_category": _maybe(rng, rng.choice(("Toys", "Books"))),
                "booked_at": event["occurred_at"], "line_amount": _money(rng),
            })  # fmt: skip
    world.tables["activities"] = events
    world.tables["recorded_activities"] = [e for e in events if e["activity_type"] not in DERIVED]
    world.tables["purchases"] = lines
    world.tables["visits"] = [
        {"profile_id": rng.choice(ids), "device_type": _maybe(rng, rng.choice(("phone", "desk"))),
         "started_at": _instant(rng, world, known=True), "event_count": rng.randint(1, 4)}
        for _ in range(len(ids))
    ]  # fmt: skip


def _maybe(rng: random.Random, value: Any) -> Any:
    return None if rng.random() < 0.2 else value


def _money(rng: random.Random) -> Decimal:
    return Decimal(rng.randint(-8, 40)) / 4


def _birth(rng: random.Random, today: date) -> date | None:
    if rng.random() < 0.15:
        return None
    if rng.random() < 0.2:
        return date(rng.choice((1988, 1996, 2000)), 2, 29)
    year = today.year - rng.randint(0, 60)
    return date(year, 1, 1) + timedelta(days=rng.randint(0, 364))


def _instant(rng: random.Random, world: World, known: bool = False) -> datetime | None:
    if not known and rng.random() < 0.2:
        return None
    day = world.today - timedelta(
        days=rng.choice((-2, -1, 0, 0, 1, 2, 3, 6, 7, 8, 28, 30, 31, 365, 366))
    )
    moment = rng.choice(
        (
            time.min,
            time.max,
            time(12),
            time(12, 0, 0, 1),
            time(23, 59, 59),
            time(rng.randint(0, 23)),
        )
    )
    return datetime.combine(day, moment)


def load(con: duckdb.DuckDBPyConnection, world: World) -> None:
    """Make the tables of a world."""
    for name, rows in world.tables.items():
        types = TYPES["recorded_activities" if name == "activities" else name]
        columns = ", ".join(f"{column} {said}" for column, said in types.items())
        _fill(con, name, columns, [[r["profile_id"], *(r[c] for c in types)] for r in rows])
    for name, members in world.segments.items():
        _fill(con, name, "", [[one] for one in members])
    con.execute("create table refresh_period (as_of_at timestamp, as_of_on date)")
    con.execute("insert into refresh_period values (?, ?)", [world.now, world.today])


def _fill(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[list[Any]]) -> None:
    con.execute(f"create table {name} (profile_id varchar, {columns})")
    if rows:
        marks = ", ".join(["?"] * len(rows[0]))
        values = ", ".join([f"({marks})"] * len(rows))
        con.execute(f"insert into {name} values {values}", [v for row in rows for v in row])
