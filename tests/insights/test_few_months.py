"""A month of few buyers is empty, and in the next one that tells of five."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest

from tests.value import rendering


def told(buyers: list[list[str]]) -> list[tuple[int | None, int | None]]:
    """Orders and revenue as published, by month, of who bought for 10 in each."""
    con = duckdb.connect()
    bought = [
        (person, f"o{month}{n}", datetime(2026, month, 2), 10, False, True, "EUR")
        for month, people in enumerate(buyers, start=1)
        for n, person in enumerate(people)
    ]
    columns = (
        "profile_id varchar, order_id varchar, booked_at timestamp, line_amount decimal(18, 2), "
        "is_return boolean, is_order boolean, currency varchar"
    )
    rendering.fill(con, "purchases", columns, bought)
    con.execute("create table order_amounts as select *, booked_at as ordered_at from purchases")
    con.execute(f"create table monthly_revenue as {rendering.render('value/monthly_revenue')}")
    return con.execute(
        "select order_count, net_amount::int from "
        f"({rendering.render('insights/fact_revenue')}) order by month_start_on"
    ).fetchall()


FIVE = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("buyers", "expected"),
    [
        ([FIVE, [*FIVE, "a"]], [(5, 50), (6, 60)]),
        # With the next one, over one of none at all; after the last, with that.
        ([["a"], ["b", "b"], FIVE], [(None, None), (None, None), (8, 80)]),
        ([FIVE, ["a"], FIVE, ["f"]], [(5, 50), (None, None), (7, 70), (None, None)]),
        # Five orders of one are one buyer.
        ([["a"] * 5, FIVE], [(None, None), (10, 100)]),
        # No month has five, all have.
        ([["a", "b"], ["c", "d"], ["e"]], [(None, None), (None, None), (5, 50)]),
        ([["a", "b"], ["b", "a"]], [(None, None), (None, None)]),
    ],
)
def test_a_month_of_few_is_told_with_the_next(
    buyers: list[list[str]], expected: list[tuple[int | None, int | None]]
) -> None:
    assert told(buyers) == expected
