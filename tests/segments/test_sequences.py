"""Steps of a sequence at the edges of their distances."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest

from tests.segments.test_reasons import reasons

START = datetime(2026, 1, 31, 12)
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("gap", "inside", "outside"),
    [
        ({}, [MOMENT, 99 * DAY], [0 * DAY, -MOMENT]),
        ({"within": "1 day"}, [MOMENT, DAY], [0 * DAY, DAY + MOMENT, -DAY]),
        ({"after": "1 day"}, [DAY, 9 * DAY], [DAY - MOMENT, 0 * DAY]),
        ({"after": "1 day", "within": "1 day"}, [DAY], [DAY - MOMENT, DAY + MOMENT]),
        ({"within": "1 month"}, [28 * DAY], [28 * DAY + MOMENT]),
        ({"after": "1 month", "within": "2 months"}, [28 * DAY, 59 * DAY], [27 * DAY, 60 * DAY]),
    ],
)
def test_distances_hold_their_ends(
    gap: dict[str, str], inside: list[timedelta], outside: list[timedelta]
) -> None:
    steps = [{"event": "page_view"}, {"event": "order_completed", **gap}]
    rows = {f"in {d}": d for d in inside} | {f"out {d}": d for d in outside}
    found = members(steps, {who: [("page_view", 0 * DAY), ("order_completed", d)]
                            for who, d in rows.items()})  # fmt: skip
    assert found == {who for who in rows if who.startswith("in")}


def test_any_activities_that_fit_count_and_not_only_the_first() -> None:
    steps = [
        {"event": "page_view"},
        {"event": "cart_abandoned", "within": "7 days"},
        {"event": "order_completed", "within": "1 day"},
    ]
    looked, left, ordered = "page_view", "cart_abandoned", "order_completed"
    found = members(
        steps,
        {
            "again": [(looked, 0 * DAY), (looked, 30 * DAY), (left, 31 * DAY), (ordered, 32 * DAY)],
            "too late": [(looked, 0 * DAY), (left, 8 * DAY), (ordered, 8 * DAY + MOMENT)],
            "by another cart": [
                (looked, 0 * DAY), (left, 1 * DAY), (left, 20 * DAY), (ordered, 20 * DAY + MOMENT)
            ],
            "first cart": [(looked, 0 * DAY), (left, DAY), (ordered, 2 * DAY), (left, 3 * DAY)],
        },
    )  # fmt: skip
    assert found == {"again", "first cart"}


def members(
    steps: list[dict[str, str]], people: dict[str, list[tuple[str, timedelta]]]
) -> set[str]:
    """Who is in a sequence, each person with activities at distances from the start."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("create table profiles (profile_id varchar)")
        con.execute("create table activities (profile_id varchar, activity_type varchar, "
                    "occurred_at timestamp)")  # fmt: skip
        con.execute("create view recorded_activities as from activities")
        for who, happened in people.items():
            con.execute("insert into profiles values (?)", [who])
            for kind, distance in happened:
                con.execute(
                    "insert into activities values (?, ?, ?)", [who, kind, START + distance]
                )
        return set(reasons(con, {"sequence": steps}))
