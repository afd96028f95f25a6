"""The ten functions of a measure and RFM against plain Python, for any rows in any order."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.value.rendering import CompilerError, fill, macros, render

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["p1", "p2"]),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from([None, *map(Decimal, ("-3.50", "0", "7.25"))]),
        st.sampled_from([None, 1, 2]),
    ),
    max_size=12,
)
CON = duckdb.connect()
MEASURE = macros().measure


def calculated(function: str, value: str, where: str | None, rows: list[Any]) -> dict[str, Any]:
    fill(CON, "numbered", "p varchar, v varchar, n decimal(18, 2), due int, k int", rows)
    by = {"by": "n" if function.startswith("arg") else "due", "tie": "k"}
    sql = MEASURE(function, value, where, **by)
    return dict(CON.execute(f"select p, {sql} from numbered group by p").fetchall())


def by_hand(function: str, rows: list[Any]) -> Any:
    numbers = [n for _, _, n, _, _ in rows if n is not None]
    if function == "count":
        return len(rows)
    if function == "count_distinct":
        return len({v for _, v, _, _, _ in rows if v is not None})
    if function in ("sum", "average", "max", "min"):
        if not numbers:
            return None
        total = sum(numbers)
        average = pytest.approx(float(total) / len(numbers))
        return {"sum": total, "average": average, "max": max(numbers), "min": min(numbers)}[
            function
        ]
    place = 2 if function.startswith("arg") else 3
    candidates = [r for r in rows if r[1] is not None and r[place] is not None]
    if not candidates:
        return None
    choose = max if function in ("last", "arg_max") else min
    return choose(candidates, key=lambda r: (r[place], r[4], r[1]))[1]


@pytest.mark.parametrize(
    "function",
    [
        "sum",
        "average",
        "count",
        "count_distinct",
        "max",
        "min",
        "first",
        "last",
        "arg_max",
        "arg_min",
    ],
)
@settings(max_examples=15, deadline=None)
@given(rows=ROWS, filtered=st.booleans(), shuffle=st.randoms(use_true_random=False))
def test_every_function_is_what_its_name_says_in_any_order(
    function: str, rows: list[Any], filtered: bool, shuffle: random.Random
) -> None:
    # Every third row shares its number with the next, so that ties reach the value.
    numbered = [(*row, number // 2) for number, row in enumerate(rows)]
    value = {"count": "*"}.get(
        function, "n" if function in ("sum", "average", "max", "min") else "v"
    )
    where = "n >= 0 or due = 1" if filtered else None
    found = calculated(function, value, where, shuffle.sample(numbered, len(numbered)))
    for profile_id in {row[0] for row in numbered}:
        counted = [
            row
            for row in numbered
            if row[0] == profile_id
            and (not filtered or (row[2] is not None and row[2] >= 0) or row[3] == 1)
        ]
        assert found[profile_id] == by_hand(function, counted)


def test_a_function_that_needs_an_order_says_so() -> None:
    with pytest.raises(CompilerError, match=r"'first'.*needs `by` and `tie`"):
        MEASURE("first", "v")
    with pytest.raises(CompilerError, match=r"no function 'median'.*arg_min"):
        MEASURE("median", "v")


CUSTOMERS = st.lists(
    st.tuples(
        st.sampled_from([None, 0, 0, 0, 1, 2, 3]),
        st.integers(0, 3),
        st.sampled_from([-5, 0, 10, 10, 99]),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(CUSTOMERS, st.randoms(use_true_random=False))
def test_rfm_scores_are_the_fifths_that_are_worse(
    customers: list[tuple[int | None, int, int]], shuffle: random.Random
) -> None:
    rows = [(f"p{n:02}", *customer) for n, customer in enumerate(customers)]

    def score(value: float, better_than: list[float]) -> int | None:
        """By laying everybody in a row and looking at those who share the value."""
        ties = better_than.count(value)
        if len(rows) < 5 or ties > 0.8 * len(rows):
            return None
        first = sorted(better_than).index(value)
        place = first + ties / 2 if ties > len(rows) / 5 else first
        return 1 + int(Fraction(place) * 5 / len(rows))

    recency = [float("-inf") if days is None else float(-days) for _, days, _, _ in rows]
    orders = [float(count) for _, _, count, _ in rows]
    amounts = [float(amount) for _, _, _, amount in rows]
    once = None if len(rows) < 5 or max(orders) < 2 else 1
    assert [row[:4] for row in rfm(shuffle.sample(rows, len(rows)))] == [
        (i, score(r, recency), once if o <= 1 else score(o, orders), score(m, amounts))
        for (i, *_), r, o, m in zip(rows, recency, orders, amounts, strict=True)
    ]


def rfm(rows: list[Any]) -> list[tuple[Any, ...]]:
    """Id, three scores and group of customers: id, days since the last purchase, count, amount."""
    types = (
        "profile_id varchar, days_since_last_purchase bigint, purchase_count bigint, "
        "net_amount decimal(18, 2)"
    )
    fill(CON, "customer_attributes", types, rows)
    return CON.execute(
        "select profile_id, recency_score, frequency_score, monetary_score, rfm_segment "
        f"from ({render('value/rfm')}) order by all"
    ).fetchall()


@pytest.mark.parametrize("others", [0, 1, 99])
def test_who_all_bought_today_are_not_asleep(others: int) -> None:
    """One who bought earlier, or a fifth of them, changes nothing of it."""
    found = rfm(
        [(f"p{n:03}", 0, 1, 20) for n in range(500)] + [(f"q{n}", 90, 1, 20) for n in range(others)]
    )
    assert {row[1:] for row in found[:500]} == {(None, None, None, "Not scored")}
    assert {row[1:] for row in found[500:]} <= {(1, None, None, "Hibernating")}


def test_one_part_without_spread_leaves_the_others_their_scores() -> None:
    same_frequency = rfm([(f"p{n:02}", n, 3, 10 * n) for n in range(10)])
    assert [row[1:4] for row in same_frequency] == [
        (5 - n // 2, None, 1 + n // 2) for n in range(10)
    ]
    assert {row[4] for row in same_frequency} == {"Not scored"}
    same_day = rfm([(f"p{n:02}", 7, n + 1, 10) for n in range(10)])
    assert [row[1:4] for row in same_day] == [(None, 1 + n // 2, None) for n in range(10)]
    # Who all bought once are told apart by when.
    once = rfm([(f"p{n:02}", n, 1, 10) for n in range(10)])
    assert [row[4] for row in once] == [
        *["New customers"] * 2, *["Promising"] * 2, *["About to sleep"] * 2, *["Hibernating"] * 4
    ]  # fmt: skip
    # Most bought on the newest day: they are near the top, not at the bottom.
    sale = rfm([(f"p{n:02}", 0 if n < 7 else n, 2, 10) for n in range(10)])
    assert {row[1] for row in sale[:7]} == {4}
