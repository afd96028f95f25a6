"""Gross, returned and net revenue in several currencies, to the cent and against an oracle."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.errors import without_values
from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import require_shared
from tests.value.rendering import fill, render

CENT, COST = Decimal("0.01"), Decimal("1.25")
RATES = [
    ("CHF", "EUR", date(2026, 1, 1), Decimal("1.05")),
    ("CHF", "EUR", date(2026, 1, 3), Decimal("0.5")),
    ("USD", "EUR", date(2025, 6, 1), Decimal("0.87654321")),
    ("EUR", "USD", date(2025, 6, 1), Decimal("99")),
]
LINES = st.lists(
    st.tuples(
        st.sampled_from(["o1", "o2", "o3"]),
        st.sampled_from(["EUR", "CHF", "USD"]),
        st.decimals("0", "9999.99", places=2),
        st.booleans(),
        st.integers(0, 5),
    ),
    max_size=15,
)


def tables(
    con: duckdb.DuckDBPyConnection,
    lines: list[Any],
    rates: list[Any],
    reporting: str | None,
) -> None:
    """Conformed tables of three orders, o3 cancelled, and the policy.

    Parameters:
        con: where.
        lines: order, currency, positive amount, whether it is a return, days after 1 January 2026.
        rates: from, to, first day, rate.
        reporting: the reporting currency, or None for the only one.
    """
    start = datetime(2026, 1, 1, 12)
    fill(
        con,
        "order_lines",
        "source_system varchar, order_id varchar, line_number int, product_id varchar, "
        "quantity int, line_amount decimal(18, 2), currency varchar, is_return boolean, "
        "booked_at timestamp, source_file varchar",
        [
            (
                "shop",
                o,
                n,
                "x",
                -1 if back else 1,
                -a if back else a,
                c,
                back,
                start + timedelta(d),
                "f.csv",
            )
            for n, (o, c, a, back, d) in enumerate(lines)
        ],
    )
    fill(
        con,
        "orders",
        "source_system varchar, order_id varchar, source_record_id varchar, ordered_at timestamp, "
        "status varchar",
        [
            ("shop", o, "1", start, "cancelled" if o == "o3" else "completed")
            for o in ("o1", "o2", "o3")
        ],
    )
    product = ("shop", "x", "Books", COST, "CHF")
    fill(
        con,
        "products",
        "source_system varchar, product_id varchar, category varchar, "
        "unit_cost_amount decimal(18, 2), currency varchar",
        [product],
    )
    identity = "source_system varchar, source_record_id varchar, profile_id varchar"
    fill(con, "identity_map", identity, [("shop", "1", "p1")])
    pair = "from_currency varchar, to_currency varchar, valid_from date, rate decimal(18, 8)"
    fill(con, "exchange_rates", pair, rates)
    fill(
        con, "value_settings", "setting varchar, value varchar", [("reporting_currency", reporting)]
    )


def build(con: duckdb.DuckDBPyConnection) -> None:
    for model in ("profile/purchases", "value/order_amounts"):
        con.execute(f"create or replace table {model.split('/')[1]} as {render(model)}")


CON = duckdb.connect()


@settings(max_examples=30, deadline=None)
@given(LINES)
def test_every_line_is_converted_at_the_last_rate_before_it_and_sums_are_kept(
    lines: list[Any],
) -> None:
    tables(CON, lines, RATES, "EUR")
    build(CON)
    rates = {("EUR", "EUR"): [(date.min, Decimal(1))]}
    for source, target, day, rate in RATES:
        rates.setdefault((source, target), []).append((day, rate))
    wanted = []
    for order, currency, amount, is_return, days in lines:
        if order == "o3":
            continue
        booked_on = date(2026, 1, 1) + timedelta(days)
        rate = [r for day, r in rates[currency, "EUR"] if day <= booked_on][-1]
        converted = (amount * rate).quantize(CENT, ROUND_HALF_UP)
        # The catalogue says what a piece costs in francs, whatever it was sold in.
        cost_rate = [r for day, r in rates["CHF", "EUR"] if day <= booked_on][-1]
        cost = (COST * (-1 if is_return else 1) * cost_rate).quantize(CENT, ROUND_HALF_UP)
        source = -amount if is_return else amount
        wanted.append((order, is_return, converted, source, currency, cost))
    found = CON.execute(
        "select order_id, is_return, abs(line_amount), source_amount, source_currency, cost_amount "
        "from purchases order by line_number"
    ).fetchall()
    assert found == wanted
    totals = CON.execute(
        "select coalesce(sum(gross_amount), 0), coalesce(sum(returned_amount), 0), "
        "coalesce(sum(net_amount), 0), coalesce(sum(margin_amount), 0) from order_amounts"
    ).fetchone()
    gross = sum(w[2] for w in wanted if not w[1])
    returned = sum(w[2] for w in wanted if w[1])
    margin = gross - returned - sum(w[5] for w in wanted)
    assert totals == (gross, returned, gross - returned, margin)


def test_a_missing_rate_stops_with_file_currency_day_and_remedy() -> None:
    tables(CON, [("o1", "EUR", 1, False, 0), ("o2", "GBP", 2, False, 3)], RATES, "EUR")
    with pytest.raises(duckdb.Error) as caught:
        build(CON)
    message = str(caught.value)
    assert "No exchange rate from GBP to EUR on or before 2026-01-04" in message
    assert "a line of f.csv" in message and "exchange_rates.csv" in message
    # Nothing of it looks like a value that must not be shown.
    assert without_values(message) == message


def test_a_rate_that_begins_later_is_none() -> None:
    late = [("CHF", "EUR", date(2026, 1, 2), Decimal(1))]
    tables(CON, [("o1", "CHF", 1, False, 0)], late, "EUR")
    with pytest.raises(duckdb.Error, match="from CHF to EUR on or before 2026-01-01"):
        build(CON)


def test_lines_of_cancelled_orders_need_no_rate() -> None:
    tables(CON, [("o1", "EUR", 1, False, 0), ("o3", "GBP", 2, False, 0)], [], "EUR")
    build(CON)
    assert CON.execute("select sum(net_amount) from order_amounts").fetchone() == (1,)


def test_one_currency_needs_neither_setting_nor_rate() -> None:
    tables(CON, [("o1", "JPY", 1000, False, 0)], [], None)
    build(CON)
    assert CON.execute("select currency, net_amount from order_amounts").fetchall() == [
        ("JPY", 1000)
    ]


def test_amounts_of_many_digits_are_converted() -> None:
    """As everyday orders in rupiah or dong have them."""
    rates = [("IDR", "EUR", date(2026, 1, 1), Decimal("0.00005230"))]
    tables(CON, [("o1", "IDR", 9_000_000_000, False, 0)], rates, "EUR")
    build(CON)
    assert CON.execute("select source_amount, line_amount from purchases").fetchall() == [
        (9_000_000_000, 470_700)
    ]
    # The test of the converted amounts reads them, too.
    check = DBT_PROJECT_DIR / "tests" / "profile" / "assert_amounts_are_converted_by_the_policy.sql"
    text = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", check.read_text())
    assert CON.execute(text).fetchall() == []


def test_several_currencies_without_a_choice_stop_and_say_where_to_choose() -> None:
    tables(CON, [("o1", "EUR", 1, False, 0), ("o2", "CHF", 2, False, 3)], RATES, None)
    with pytest.raises(duckdb.Error, match=r"among them CHF and EUR.*value_settings\.csv"):
        build(CON)


def test_the_margin_of_an_order_takes_the_cost_of_every_line() -> None:
    tables(CON, [("o1", "EUR", 5, False, 0), ("o2", "EUR", 5, False, 0)], RATES, "EUR")
    CON.execute("update order_lines set product_id = 'unknown' where order_id = 'o2'")
    CON.execute("insert into order_lines by name select * replace ('o2' as order_id) "
                "from order_lines where order_id = 'o1'")  # fmt: skip
    build(CON)
    assert CON.execute(
        "select order_id, margin_amount from order_amounts order by order_id"
    ).fetchall() == [("o1", Decimal("3.69")), ("o2", None)]


def test_no_lines_at_all_are_an_empty_table() -> None:
    tables(CON, [], [], None)
    build(CON)
    assert CON.execute("select count(*) from order_amounts").fetchone() == (0,)


def test_online_retail_keeps_its_total_and_its_cancellations() -> None:
    """The data set's README: 541,909 lines, 9,288 of cancellations, 9,747,747.93 in all."""
    path = require_shared("online_retail") / "online_retail.parquet"
    con = duckdb.connect()
    tables(con, [], [], None)
    con.execute(
        f"""
        insert into order_lines
        select 'retail', InvoiceNo, row_number() over (partition by InvoiceNo order by StockCode),
            StockCode, Quantity, Quantity * UnitPrice, 'GBP', starts_with(InvoiceNo, 'C'),
            cast(InvoiceDate as timestamp), 'online_retail.parquet'
        from '{path}';
        truncate orders;
        insert into orders
        select 'retail', order_id, 'c' || order_id, min(booked_at), 'completed'
        from order_lines group by all;
        truncate identity_map;
        insert into identity_map select source_system, source_record_id, order_id from orders;
        create table recorded_activities (
            source_system varchar, currency varchar, amount decimal(18, 2), activity_type varchar
        );
        """
    )
    build(con)
    row = con.execute(
        f"select line_count, net_amount, source_net_amount, currency "
        f"from ({render('value/revenue_by_currency')})"
    ).fetchone()
    assert row == (541_909, Decimal("9747747.93"), Decimal("9747747.93"), "GBP")
    cancelled = con.execute(
        "select count(*), sum(line_amount) from purchases where is_return"
    ).fetchone()
    returned = con.execute("select -sum(returned_amount) from order_amounts").fetchone()
    assert cancelled is not None and returned is not None
    assert cancelled[0] == 9_288
    assert cancelled[1] == returned[0]
