"""A second opinion on rankings, in Python and without a window function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import duckdb

from tests.value.rendering import fill, hooks, project_vars, render

PROJECT = project_vars()
NOWHERE = (None, None)
"""Bucket and percentile without a spread."""


@dataclass(frozen=True)
class Member:
    """A person: whether a customer record stands behind them, and their tier."""

    profile_id: str
    tier: str | None = None
    is_known: bool = True


@dataclass(frozen=True)
class Line:
    """A booked line: whose, when (UTC) and how much."""

    profile_id: str
    booked_at: datetime
    amount: Decimal | None
    product_category: str | None = None


def month_start(day: date, back: int = 0) -> datetime:
    """The first instant of the month of `day`, or of the month `back` months before."""
    months = day.year * 12 + day.month - 1 - back
    return datetime(months // 12, months % 12 + 1, 1)


def expected(
    members: Iterable[Member],
    lines: Sequence[Line],
    as_of: date,
    months: int | None,
    rule: str,
    buckets: int,
) -> dict[str, tuple[Decimal | None, int | None, float | None]]:
    """Amount, bucket and percentile of every member, by dealing out one bucket after the other."""
    first = datetime.min if months is None else month_start(as_of, months)
    end = datetime.max if months is None else month_start(as_of)
    amounts: dict[str, Decimal] = {}
    for line in lines:
        if first <= line.booked_at < end and line.amount is not None:
            amounts[line.profile_id] = amounts.get(line.profile_id, Decimal(0)) + line.amount
    buyers = {line.profile_id for line in lines}
    by_tier: dict[str, list[str]] = defaultdict(list)
    found: dict[str, tuple[Decimal | None, int | None, float | None]] = {}
    for member in members:
        if member.is_known or member.profile_id in buyers:
            found[member.profile_id] = (None, None, None)
            if member.profile_id in amounts:
                by_tier[member.tier or "No tier"].append(member.profile_id)
    for ids in by_tier.values():
        queue = sorted(ids, key=lambda i: (-amounts[i], i))
        dealt: dict[str, int] = {}
        for bucket in range(1, buckets + 1):
            share = -(-(len(queue) - len(dealt)) // (buckets - bucket + 1))
            for profile_id in queue[len(dealt) : len(dealt) + share]:
                dealt[profile_id] = bucket
        for i in ids:
            peers = [dealt[j] for j in ids if amounts[j] == amounts[i]]
            bucket = dealt[i] if rule == "ntile" else min(peers)
            below = sum(amounts[j] <= amounts[i] for j in ids)
            is_scored = len(ids) >= buckets and len(peers) <= 0.8 * len(ids)
            found[i] = (amounts[i], *((bucket, 100 * below / len(ids)) if is_scored else NOWHERE))
    return found


@dataclass(frozen=True)
class Ranking:
    """The row of `rankings` that makes the deciles, and the variables beside it."""

    metric: str = "net_revenue"
    category_type: str = "loyalty_tier"
    buckets: int = 10
    rule: str = "ntile"
    look_backs: str = "1 3 6 9 12 lifetime"
    hysteresis: float = 0
    running_month: bool = False


DECILES = Ranking()
SEED = (
    "ranking varchar, metric varchar, category_type varchar, buckets int, rule varchar, "
    "look_backs varchar"
)
PLACING = ("ranking_windows", "ranking_values", "ranking_places", "ranking_buckets", "deciles")
MODELS = ("decile_values", *PLACING)


def build(
    members: Iterable[Member],
    lines: Iterable[Line],
    as_of: date,
    ranking: Ranking = DECILES,
    con: duckdb.DuckDBPyConnection | None = None,
) -> duckdb.DuckDBPyConnection:
    """The table `deciles` as the models make it of these people and lines."""
    con = con or duckdb.connect()
    fill_rankings(con, as_of, [ranking])
    fill(
        con,
        "profiles",
        "profile_id varchar, is_known boolean, loyalty_tier varchar",
        [(m.profile_id, m.is_known, m.tier) for m in members],
    )
    fill(
        con,
        "purchases",
        "profile_id varchar, booked_at timestamp, line_amount decimal(18, 2), "
        "product_category varchar",
        [(x.profile_id, x.booked_at, x.amount, x.product_category) for x in lines],
    )
    variables = PROJECT | {
        "rankings_hold_running_month": ranking.running_month,
        "decile_hysteresis": ranking.hysteresis,
    }
    rank(con, MODELS, variables)
    return con


def fill_rankings(con: duckdb.DuckDBPyConnection, as_of: date, rankings: Iterable[Ranking]) -> None:
    """The policy of rankings, and the day of the refresh."""
    rows = [
        ("deciles", r.metric, r.category_type, r.buckets, r.rule, r.look_backs) for r in rankings
    ]
    fill(con, "rankings", SEED, rows)
    months = [(str(m), m) for m in (1, 3, 6, 9, 12)]
    fill(con, "look_backs", "look_back varchar, months int", [*months, ("lifetime", None)])
    fill(
        con,
        "refresh_period",
        "as_of_on date, month_start_on date",
        [(as_of, month_start(as_of).date())],
    )


def rank(
    con: duckdb.DuckDBPyConnection,
    models: Iterable[str] = PLACING,
    variables: Mapping[str, object] = PROJECT,
) -> None:
    """The models one after the other; without the first one `decile_values` is there."""
    tables = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
    history = {t: f"main.{t}" for t in tables if t == "decile_migrations"}
    for model in models:
        sql = render(f"value/{model}", variables, history)
        con.execute(f"create or replace table {model} as {sql}")


def migrate(con: duckdb.DuckDBPyConnection) -> None:
    """Add this refresh to `decile_migrations`, as the model's hook and its append do."""
    there = con.execute(
        "select count(*) from duckdb_tables() where table_name = 'decile_migrations'"
    ).fetchone()
    if there == (0,):
        con.execute(f"create table decile_migrations as {render('value/decile_migrations')}")
        return
    for statement in hooks("value/decile_migrations", "pre_hook"):
        con.execute(statement)
    history = {"decile_migrations": "main.decile_migrations"}
    sql = render("value/decile_migrations", history=history, incremental=True)
    con.execute(f"insert into decile_migrations {sql}")
