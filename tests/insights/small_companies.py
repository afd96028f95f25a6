"""Random companies that are too small to be published row by row, and what is published of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from tests.value import rendering

MEASURES = {
    "revenue": {"title": "Revenue", "unit": "money", "from": "customer_attributes", "value": "net"}
}
LOOK_BACKS = ("12", "lifetime")
TABLES = ("fact_clv_decile", "fact_rfm", "fact_measure", "fact_lifetime_value")


@dataclass(frozen=True)
class Person:
    """Somebody who buys.

    Attributes:
        name: their id.
        tier: their loyalty tier.
        group: their RFM group.
        amounts: net revenue per look-back.
        ranks: how many ranks the company has; ten in practice, fewer fill with fewer people.
    """

    name: str
    tier: str
    group: str
    amounts: dict[str, Decimal]
    ranks: int = 10


Row = dict[str, Any]


def random_people(chance: random.Random, count: int) -> list[Person]:
    """People with amounts from cents to thousands, some with none, in tiers of any size."""
    tiers = [f"Tier {n}" for n in range(chance.randint(1, 4))]
    weights = [chance.choice((1, 3, 12)) for _ in tiers]
    groups = [f"Group {n}" for n in range(chance.randint(1, 5))]
    ranks = chance.choice((2, 3, 10))
    people = []
    for number in range(count):
        lifetime = Decimal(round(100 * chance.lognormvariate(4, chance.choice((0.3, 1.2))))) / 100
        if number == 0 and chance.random() < 0.5:
            # Who outweighs all others together.
            lifetime *= 100
        if chance.random() < 0.2:
            lifetime = Decimal(0)
        recent = lifetime * chance.choice((0, 0, 1)) if chance.random() < 0.7 else lifetime / 2
        people.append(
            Person(
                f"p{number}",
                chance.choices(tiers, weights)[0],
                chance.choice(groups),
                {"lifetime": lifetime, "12": round(recent, 2)},
                ranks,
            )
        )
    return people


def deciles(people: Sequence[Person], look_back: str) -> dict[str, int]:
    """Who has which rank among the buyers of their tier, 1 the best; 0 for who bought nothing."""
    found = {p.name: 0 for p in people}
    for tier in {p.tier for p in people}:
        buyers = sorted(
            (p for p in people if p.tier == tier and p.amounts[look_back] > 0),
            key=lambda p: (-p.amounts[look_back], p.name),
        )
        for place, person in enumerate(buyers):
            found[person.name] = person.ranks * place // len(buyers) + 1
    return found


def layers(people: Sequence[Person]) -> duckdb.DuckDBPyConnection:
    """The tables of value that the published facts read, of these people."""
    con = duckdb.connect()
    con.execute("set threads = 1")
    con.execute("create table refresh_period as select date '2026-10-31' as as_of_on")
    con.execute("create table rankings as select 'net_revenue' as metric, true as is_money")
    con.execute("create table clv_parameters as select 1 as version")
    con.execute(
        "create table clv_backtest as select 'bg_nbd' as model, true as is_champion, 1 as version, "
        "'B' as grade, 0.1 as bias, 0.1 as lowest_bias, 0.1 as highest_bias, 0.8 as "
        "claimed_coverage, 0.8 as measured_coverage, true as coverage_holds, 0.2 as "
        "top_decile_share, true as is_better_than_chance"
    )
    of = {look_back: deciles(people, look_back) for look_back in LOOK_BACKS}
    rendering.fill(
        con,
        "deciles",
        "profile_id varchar, metric varchar, category_type varchar, category varchar, "
        "look_back varchar, decile int, metric_value decimal(18, 2)",
        [
            (p.name, "net_revenue", "loyalty_tier", p.tier, b, of[b][p.name] or None, p.amounts[b])
            for b in LOOK_BACKS
            for p in people
        ],
    )
    buyers = [p for p in people if p.amounts["lifetime"] > 0]
    rendering.fill(
        con,
        "customer_attributes",
        "profile_id varchar, currency varchar, net decimal(18, 2)",
        [(p.name, "EUR", p.amounts["lifetime"]) for p in buyers],
    )
    rendering.fill(
        con,
        "rfm",
        "profile_id varchar, rfm_segment varchar, monetary_amount decimal(18, 2)",
        [(p.name, p.group, p.amounts["lifetime"]) for p in buyers],
    )
    rendering.fill(
        con,
        "customer_lifetime_value",
        "method varchar, predicted_decile int, horizon_months int, currency varchar, "
        "is_high_value boolean, historical_clv_amount decimal(18, 2), "
        "predicted_clv_amount decimal(18, 2), expected_purchase_count double",
        [
            ("bg_nbd", n % p.ranks + 1, 6, "EUR", False, p.amounts["lifetime"], 1, 0.5)
            for n, p in enumerate(buyers)
        ],
    )
    return con


def published(con: duckdb.DuckDBPyConnection, **policy: Any) -> dict[str, list[Row]]:
    """The rows of every fact, by table.

    Parameters:
        con: the layers.
        policy: vars instead of the project's.
    """
    variables = {**rendering.project_vars(), "measures": MEASURES, **policy}
    facts = {}
    for table in TABLES:
        result = con.execute(rendering.render(f"insights/{table}", variables))
        names = [column[0] for column in result.description]
        facts[table] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return facts
