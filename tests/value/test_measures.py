"""The ten functions of a measure and RFM against plain Python, for any rows in any order."""

from __future__ import annotations

import random
from decimal import Decimal
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
    st.tuples(st.integers(0, 4), st.integers(1, 3), st.sampled_from([-5, 0, 10, 10, 99])),
    max_size=20,
)


@settings(max_examples=25, deadline=None)
@given(CUSTOMERS, st.randoms(use_true_random=False))
def test_rfm_scores_are_the_fifths_that_are_worse(
    customers: list[tuple[int, int, int]], shuffle: random.Random
) -> None:
    rows = [(f"p{n:02}", *customer) for n, customer in enumerate(customers)]
    types = (
        "profile_id varchar, days_since_last_order bigint, order_count bigint, "
        "net_amount decimal(18, 2)"
    )
    fill(CON, "customer_attributes", types, shuffle.sample(rows, len(rows)))
    found = CON.execute(
        "select profile_id, recency_score, frequency_score, monetary_score "
        f"from ({render('value/rfm')}) order by all"
    ).fetchall()

    def score(worse: int) -> int:
        return 1 + 5 * worse // len(rows)

    assert found == [
        (
            i,
            score(sum(days < other for _, other, _, _ in rows)),
            score(sum(other < orders for _, _, other, _ in rows)),
            score(sum(other < amount for _, _, _, other in rows)),
        )
        for i, days, orders, amount in rows
    ]
