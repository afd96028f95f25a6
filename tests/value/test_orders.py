"""What an order is, and what a purchase is: the same number in every table, for any bookings."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.value.rendering import fill, render

TODAY = date(2026, 4, 29)
MODELS = (
    *("profile/purchases", "value/order_amounts", "value/lifetime_value/purchase_days"),
    *("value/customer_totals", "value/customer_attributes", "value/revenue_by_category"),
    *("value/revenue_by_currency", "value/monthly_revenue"),
    "value/rfm",
    *("value/lifetime_value/clv_splits", "value/lifetime_value/clv_inputs"),
    "value/decile_values",
)
ORDERS = {
    "purchase_days": ("order_count", "true"),
    "customer_attributes": ("order_count", "true"),
}
PURCHASES = {
    "customer_attributes": ("purchase_count", "true"),
    "rfm": ("frequency", "true"),
    "clv_inputs": ("frequency + 1", "split = 'refresh'"),
}


class Booked(NamedTuple):
    """A line: whose, of which order placed how many days ago, its amount, when it was booked."""

    who: str
    order: str
    days_ago: int
    amount: int
    booked_days_ago: int | None = None
    is_return: bool = False


def build(con: duckdb.DuckDBPyConnection, lines: list[Booked]) -> None:
    """All models that count orders, over these lines."""

    def at(days_ago: int) -> datetime:
        return datetime.combine(TODAY - timedelta(days_ago), datetime.min.time())

    orders = {x.order: (x.who, at(x.days_ago)) for x in lines}
    fill(
        con,
        "order_lines",
        "source_system varchar, order_id varchar, line_number int, product_id varchar, quantity "
        "int, line_amount decimal(18, 2), currency varchar, is_return boolean, booked_at timestamp",
        [
            (
                *("shop", x.order, n, "x", -1 if x.is_return else 1, x.amount, "EUR", x.is_return),
                at(x.days_ago if x.booked_days_ago is None else x.booked_days_ago),
            )
            for n, x in enumerate(lines)
        ],
    )
    con.execute("alter table order_lines add column source_file varchar")
    fill(
        con,
        "orders",
        "source_system varchar, order_id varchar, source_record_id varchar, ordered_at timestamp, "
        "status varchar",
        [
            ("shop", order, who, when, "cancelled" if who == "cancelled" else "completed")
            for order, (who, when) in orders.items()
        ],
    )
    people = sorted({x.who for x in lines})
    identity = "source_system varchar, source_record_id varchar, profile_id varchar"
    fill(con, "identity_map", identity, [("shop", who, who) for who in people])
    profiles = "profile_id varchar, is_known boolean, loyalty_tier varchar, first_seen_at timestamp"
    fill(con, "profiles", profiles, [(who, True, None, at(400)) for who in people])
    catalogue = "source_system varchar, product_id varchar, category varchar, "
    catalogue += "unit_cost_amount decimal(18, 2), currency varchar"
    fill(con, "products", catalogue, [("shop", "x", "Books", None, None)])
    pair = "from_currency varchar, to_currency varchar, valid_from date, rate decimal(18, 8)"
    fill(con, "exchange_rates", pair, [])
    fill(con, "value_settings", "setting varchar, value varchar", [])
    fill(
        con, "recorded_activities",
        "profile_id varchar, occurred_at timestamp, activity_type varchar, "
        "points bigint, source_system varchar, currency varchar, amount decimal(18, 2)", [],
    )  # fmt: skip
    clock = "as_of_on date, month_start_on date"
    fill(con, "refresh_period", clock, [(TODAY, TODAY.replace(day=1))])
    months = [(str(m), m) for m in (1, 3, 6, 9, 12)]
    fill(con, "look_backs", "look_back varchar, months int", [*months, ("lifetime", None)])
    seed = DBT_PROJECT_DIR / "seeds" / "policy" / "clv_settings.csv"
    con.execute(
        f"create or replace table clv_settings as select setting, value::double as value "
        f"from read_csv('{seed}', all_varchar = true)"
    )
    for model in MODELS:
        con.execute(f"create or replace table {model.split('/')[-1]} as {render(model)}")


def counted(con: duckdb.DuckDBPyConnection, tables: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Per table the count of everybody who has any."""
    return {
        table: dict(
            con.execute(
                f"select profile_id, cast(sum({column}) as int) from {table} "
                f"where {condition} and {column} > 0 group by profile_id"
            ).fetchall()
        )
        for table, (column, condition) in tables.items()
    }


def random_lines(seed: int) -> list[Booked]:
    """Bookings of 150 people; an order is of one day, and its lines have the sign of their kind."""
    draw = random.Random(seed)
    lines = []
    for who in range(150):
        days = {order: 40 * draw.randint(0, 3) for order in "abcde"}
        for _ in range(draw.randint(1, 8)):
            order, is_return = draw.choice("abcde"), draw.random() < 0.4
            amount = draw.choice([0, 10, 20, 30]) * (-1 if is_return else 1)
            lines.append(
                Booked(f"p{who}", f"{who}{order}", days[order], amount, is_return=is_return)
            )
    return lines


@pytest.mark.parametrize("seed", [1, 2])
def test_every_table_counts_what_a_count_by_hand_does(seed: int) -> None:
    con, lines = duckdb.connect(), random_lines(seed)
    build(con, lines)
    by_order: dict[str, list[Booked]] = defaultdict(list)
    for line in lines:
        by_order[line.order].append(line)
    orders: dict[str, int] = defaultdict(int)
    days: dict[str, dict[int, list[list[Booked]]]] = defaultdict(lambda: defaultdict(list))
    for booked in by_order.values():
        orders[booked[0].who] += any(not x.is_return for x in booked)
        days[booked[0].who][booked[0].days_ago].append(booked)
    purchases: dict[str, int] = {}
    for who, found in days.items():
        balance, kept = 0, 0
        for day in sorted(found, reverse=True):
            sums = [sum(x.amount for x in booked) for booked in found[day]]
            balance += sum(sums)
            kept += any(is_kept(booked) for booked in found[day])
            if balance <= 0:
                kept = 0 if min(sums) < 0 else kept
                balance = 0
        purchases[who] = kept
    for table, found_orders in counted(con, ORDERS).items():
        assert found_orders == positive(orders), table
    for table, found_purchases in counted(con, PURCHASES).items():
        assert found_purchases == positive(purchases), table
    total = sum(orders.values())
    for table in ("monthly_revenue", "revenue_by_currency", "revenue_by_category"):
        assert con.execute(f"select coalesce(sum(order_count), 0) from {table}").fetchone() == (
            total,
        ), table
    net = sum(x.amount for x in lines)
    for table, column in {
        "monthly_revenue": "net_amount", "rfm": "monetary_amount", "customer_totals": "net_amount",
        "purchase_days": "net_amount", "decile_values": "value_lifetime",
    }.items():  # fmt: skip
        assert con.execute(f"select coalesce(sum({column}), 0) from {table}").fetchone() == (net,)


def is_kept(booked: list[Booked]) -> bool:
    bought = [x for x in booked if not x.is_return]
    back = [x for x in booked if x.is_return]
    left = sum(x.amount for x in booked)
    is_gift = not any(x.amount for x in back) and len(bought) > len(back)
    return bool(bought) and (left > 0 or (left >= 0 and is_gift))


def positive(counts: dict[str, int]) -> dict[str, int]:
    return {who: count for who, count in counts.items() if count}


@pytest.fixture(scope="module")
def shop() -> duckdb.DuckDBPyConnection:
    """Each way in which something comes back, and the case of shared/data/cases/11."""
    con = duckdb.connect()
    back: dict[str, bool] = {"is_return": True}
    build(
        con,
        [
            Booked("case 11", "1", 114, 200),
            Booked("case 11", "C7", 1, -150, **back), Booked("case 11", "C8", 0, -10, **back),
            Booked("partly back", "2", 100, 100), Booked("partly back", "2", 100, -40, 50, **back),
            Booked("all back", "3", 100, 100), Booked("all back", "3", 100, -100, 0, **back),
            Booked("all refunded", "4", 100, 100), Booked("all refunded", "4b", 90, 60),
            Booked("all refunded", "R4", 0, -160, **back),
            Booked("refunded, then bought", "5", 100, 100),
            Booked("refunded, then bought", "R5", 50, -100, **back),
            Booked("refunded, then bought", "5b", 7, 30),
            Booked("return without order", "R6", 0, -30, **back),
            *[Booked("fifty a day", f"7-{n}", 10, 3) for n in range(50)],
            Booked("gift", "8", 20, 0),
            Booked("gift back", "10", 20, 0), Booked("gift back", "10", 20, 0, 5, **back),
            Booked("cancelled", "9", 5, 70),
        ],
    )  # fmt: skip
    return con


def test_a_returner_is_no_champion_and_a_day_is_one_purchase(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    found = shop.execute(
        "select profile_id, order_count, purchase_count, gross_amount, returned_amount, "
        "average_order_amount, recency_days, frequency, monetary_amount "
        "from customer_attributes join rfm using (profile_id) order by 1"
    ).fetchall()
    assert found == [
        ("all back", 1, 0, 100, 100, 100, None, 0, 0),
        ("all refunded", 2, 0, 160, 160, 80, None, 0, 0),
        ("case 11", 1, 1, 200, 160, 200, 114, 1, 40),
        ("fifty a day", 50, 1, 150, 0, 3, 10, 1, 150),
        ("gift", 1, 1, 0, 0, 0, 20, 1, 0),
        ("gift back", 1, 0, 0, 0, 0, None, 0, 0),
        ("partly back", 1, 1, 100, 40, 100, 100, 1, 60),
        ("refunded, then bought", 2, 1, 130, 100, 65, 7, 1, 30),
        ("return without order", 0, 0, 0, 30, None, None, 0, -30),
    ]
    groups = dict(shop.execute("select profile_id, rfm_segment from rfm").fetchall())
    assert {groups[who] for who in ("all back", "all refunded", "return without order")} == {
        "Hibernating"
    }
    lifetime = shop.execute(
        "select profile_id, frequency, last_purchase_on from clv_inputs where split = 'refresh'"
    ).fetchall()
    assert sorted(lifetime) == [
        (who, 0, TODAY - timedelta(days))
        for who, days in [
            ("case 11", 114), ("fifty a day", 10), ("gift", 20), ("partly back", 100),
            ("refunded, then bought", 7),
        ]
    ]  # fmt: skip


def test_an_order_stays_in_its_month_and_its_return_in_another(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    found = shop.execute("from monthly_revenue order by month_start_on").fetchall()
    assert [(month.month, *rest[1:4]) for month, *rest in found] == [
        (1, 6, Decimal(660), Decimal(0)),
        (3, 0, Decimal(0), Decimal(140)),
        (4, 53, Decimal(180), Decimal(450)),
    ]
