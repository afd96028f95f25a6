"""Deciles against an oracle for any rows in any order, and the rules of docs/rankings.md."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.value.ranking import (
    Line,
    Member,
    Ranking,
    build,
    expected,
    fill_rankings,
    month_start,
    rank,
)
from tests.value.rendering import fill

LOOK_BACKS = {"1": 1, "3": 3, "6": 6, "9": 9, "12": 12, "lifetime": None}
# Few amounts, so that ties are frequent; negative ones and nulls among them.
AMOUNTS = st.sampled_from([None, *map(Decimal, ("-5.00", "-0.01", "0", "0.01", "10", "99.99"))])
SHARED = duckdb.connect()
HUGE = Decimal("9999999999999999.99")


@st.composite
def companies(draw: st.DrawFn) -> tuple[list[Member], list[Line], date]:
    """Up to 25 people in three tiers, with lines around the edges of months."""
    as_of = draw(st.dates(date(2023, 12, 1), date(2024, 4, 30)))
    ids = [f"p{n:02}" for n in range(draw(st.integers(0, 25)))]
    tiers = st.sampled_from([None, "Gold", "Silver"])
    members = [Member(i, draw(tiers), draw(st.booleans())) for i in ids]
    edges = [month_start(as_of, back) for back in (0, 1, 3, 6, 9, 12)]
    near = [edge + timedelta(microseconds=d) for edge in edges for d in (-1, 0, 1)]
    instants = st.sampled_from([*near, datetime(2024, 2, 29, 23, 59, 59)])
    owners = st.sampled_from(ids) if ids else st.nothing()
    lines = st.lists(st.builds(Line, owners, instants, AMOUNTS), max_size=60 if ids else 0)
    return members, draw(lines), as_of


@settings(max_examples=60, deadline=None)
@given(
    companies(),
    st.sampled_from(["ntile", "equal_together"]),
    st.sampled_from([4, 10, 20, 100]),
    st.randoms(use_true_random=False),
)
@example(
    ([Member("p1")], [Line("p1", datetime(2024, 1, 1), HUGE)], date(2024, 2, 1)),
    "ntile",
    10,
    random.Random(1),
)
@example(([], [], date(2024, 2, 29)), "ntile", 10, random.Random(1))
def test_any_company_is_ranked_as_the_oracle_says(
    company: tuple[list[Member], list[Line], date],
    rule: str,
    buckets: int,
    shuffle: random.Random,
) -> None:
    members, lines, as_of = company
    shuffled_members = shuffle.sample(members, len(members))
    shuffled_lines = shuffle.sample(lines, len(lines))
    ranking = Ranking(rule=rule, buckets=buckets)
    con = build(shuffled_members, shuffled_lines, as_of, ranking, SHARED)
    for look_back, months in LOOK_BACKS.items():
        found = con.execute(
            "select profile_id, case when has_activity then metric_value end, decile, percentile "
            "from deciles where look_back = ?",
            [look_back],
        ).fetchall()
        wanted = expected(members, lines, as_of, months, rule, buckets)
        assert {row[0]: (row[1], row[2]) for row in found} == {
            i: entry[:2] for i, entry in wanted.items()
        }
        assert {row[0]: row[3] for row in found} == pytest.approx(
            {i: entry[2] for i, entry in wanted.items()}
        )


def buyers(amounts: Sequence[str], tier: str = "Gold") -> tuple[list[Member], list[Line]]:
    """One buyer per amount, p00 the first, all in one tier and one day of January 2024."""
    members = [Member(f"p{n:02}", tier) for n in range(len(amounts))]
    day = datetime(2024, 1, 10)
    lines = [Line(m.profile_id, day, Decimal(a)) for m, a in zip(members, amounts, strict=True)]
    return members, lines


def deciles_of(amounts: Sequence[str], rule: str) -> list[int | None]:
    con = build(*buyers(amounts), date(2024, 2, 15), Ranking(rule=rule))
    rows = con.execute(
        "select decile from deciles where look_back = '1' order by profile_id"
    ).fetchall()
    return [decile for (decile,) in rows]


def test_equal_amounts_share_a_decile_only_where_the_rule_says_so() -> None:
    amounts = ["9"] * 15 + ["1"] * 5
    assert Counter(deciles_of(amounts, "ntile")) == dict.fromkeys(range(1, 11), 2)
    # They share the best of the buckets that NTILE would spread them over.
    assert deciles_of(amounts, "equal_together") == [1] * 15 + [8] * 5


def test_without_ties_both_rules_are_the_same() -> None:
    amounts = [str(n) for n in range(37)]
    assert deciles_of(amounts, "ntile") == deciles_of(amounts, "equal_together")


def test_fewer_than_ten_are_flagged_and_have_no_deciles() -> None:
    con = build(*buyers(["3", "2", "1"]), date(2024, 2, 15))
    rows = con.execute(
        "select decile, percentile, member_count, is_small_category from deciles "
        "where look_back = '1'"
    ).fetchall()
    assert rows == [(None, None, 3, True)] * 3


@pytest.mark.parametrize("rule", ["ntile", "equal_together"])
def test_who_all_spent_the_same_have_no_deciles(rule: str) -> None:
    assert deciles_of(["7"] * 500, rule) == [None] * 500
    assert deciles_of(["8"] + ["7"] * 499, rule) == [1] + [None] * 499
    assert deciles_of(["7"] * 40 + ["1"] * 10, rule).count(None) == 0


def test_no_activity_is_no_decile_and_not_the_worst_one() -> None:
    members, lines = buyers([str(n) for n in range(-5, 5)])
    con = build([*members, Member("q1", "Gold")], lines, date(2024, 2, 15))
    rows = con.execute(
        "select decile, percentile, metric_value, has_activity, member_count from deciles "
        "where profile_id = 'q1' and look_back = '1'"
    ).fetchall()
    assert rows == [(None, None, 0, False, 10)]
    worst = con.execute(
        "select profile_id, metric_value from deciles where look_back = '1' and decile = 10"
    ).fetchall()
    assert worst == [("p00", -5)]


@pytest.mark.parametrize("running_month", [False, True])
def test_the_running_month_is_in_the_windows_only_when_asked_for(running_month: bool) -> None:
    members = [Member("p1")]
    lines = [
        Line("p1", datetime(2024, 1, 31, 23, 59, 59), Decimal(1)),
        Line("p1", datetime(2024, 2, 29, 23, 59, 59), Decimal(10)),
        Line("p1", datetime(2024, 3, 1), Decimal(100)),
        Line("p1", datetime(2024, 3, 15, 23, 59, 59), Decimal(1000)),
    ]
    con = build(members, lines, date(2024, 3, 15), Ranking(running_month=running_month))
    row = con.execute(
        "select metric_value, window_from, window_to from deciles where look_back = '1'"
    ).fetchone()
    end = date(2024, 3, 16) if running_month else date(2024, 3, 1)
    assert row == (1110 if running_month else 10, date(2024, 2, 1), end)


def test_instants_are_utc_whatever_the_session_or_the_machine_thinks() -> None:
    """00:30 on 1 March in Zurich is still February in UTC."""
    zurich = datetime.fromisoformat("2024-03-01T00:30:00+01:00")
    lines = [Line("p1", zurich.astimezone(UTC).replace(tzinfo=None), Decimal(7))]
    found = []
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        con = duckdb.connect()
        con.execute(f"set TimeZone = '{zone}'")
        build([Member("p1")], lines, date(2024, 3, 15), con=con)
        found.append(con.execute("from deciles order by all").fetchall())
    assert found[0] == found[1] == found[2]
    assert [row[7] for row in found[0] if row[4] == "1"] == [7]


def test_any_number_of_threads_and_any_order_give_the_same_rows() -> None:
    generator = random.Random(7)
    members = [Member(f"p{n:03}", generator.choice([None, "Gold"])) for n in range(300)]
    lines = [
        Line(
            generator.choice(members).profile_id,
            datetime(2024, 1, generator.randint(1, 31)),
            Decimal(generator.choice([1, 1, 1, 2])),
        )
        for _ in range(2000)
    ]
    results = []
    for threads in (1, 4):
        con = duckdb.connect(config={"threads": threads})
        generator.shuffle(lines)
        generator.shuffle(members)
        build(members, lines, date(2024, 2, 15), con=con)
        results.append(con.execute("from deciles order by all").fetchall())
    assert results[0] == results[1]


VALUES = (
    "profile_id varchar, metric varchar, category_type varchar, category varchar, "
    "value_1 decimal(18, 2), value_3 decimal(18, 2), value_6 decimal(18, 2), "
    "value_9 decimal(18, 2), value_12 decimal(18, 2), value_lifetime decimal(18, 2)"
)


def test_the_reference_example_of_miles_by_tier() -> None:
    """Miles per loyalty status of the transaction, so that a member is in several lists.

    By hand: FLYER has 12 members with 1200, 1100, ..., 100 miles. NTILE(10) gives two members to
    each of the first two buckets and one to each of the others. SILVER has m01 and m02 only. m12
    has 5000 more from two years ago: lifetime only.
    """
    con = duckdb.connect()
    fill_rankings(con, date(2024, 2, 15), [Ranking("miles", "loyalty_status")])
    flyers = [(f"m{n:02}", "FLYER", 1300 - 100 * n, 5000 if n == 12 else 0) for n in range(1, 13)]
    silver = [("m01", "SILVER", 50, 0), ("m02", "SILVER", 70, 0)]
    rows = [
        (who, "miles", "loyalty_status", status, *[miles] * 5, miles + older)
        for who, status, miles, older in flyers + silver
    ]
    fill(con, "decile_values", VALUES, rows)
    rank(con)

    def bucket_map(look_back: str, category: str) -> dict[str, int | None]:
        rows = con.execute(
            "select profile_id, decile from deciles where look_back = ? and category = ?",
            [look_back, category],
        ).fetchall()
        return dict(rows)

    by_hand = [1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    ids = [f"m{n:02}" for n in range(1, 13)]
    assert bucket_map("1", "FLYER") == dict(zip(ids, by_hand, strict=True))
    # Two are no tenths.
    assert bucket_map("1", "SILVER") == {"m02": None, "m01": None}
    lifetime = ["m12", *ids[:-1]]
    assert bucket_map("lifetime", "FLYER") == dict(zip(lifetime, by_hand, strict=True))
    flags = con.execute(
        "select distinct category, is_small_category from deciles order by all"
    ).fetchall()
    assert flags == [("FLYER", False), ("SILVER", True)]


def test_several_measures_and_categories_are_ranked_each_for_itself() -> None:
    con = duckdb.connect()
    lists = [(m, c) for m in ("line_count", "net_revenue") for c in ("loyalty_tier", "everybody")]
    fill_rankings(con, date(2024, 2, 15), [Ranking(m, c) for m, c in lists])
    rows = [
        (f"p{n:02}", metric, "loyalty_tier", "Gold" if n < 10 else "No tier", *[value] * 6)
        for n in range(20)
        for metric, value in (("line_count", 1), ("net_revenue", n))
    ]
    fill(con, "decile_values", VALUES, rows)
    rank(con)
    counts = con.execute(
        "select metric, category_type, category, max(member_count), sum(metric_value) from deciles "
        "where look_back = '1' group by all order by all"
    ).fetchall()
    assert counts == [
        ("line_count", "everybody", "all", 20, 20),
        ("line_count", "loyalty_tier", "Gold", 10, 10),
        ("line_count", "loyalty_tier", "No tier", 10, 10),
        ("net_revenue", "everybody", "all", 20, 190),
        ("net_revenue", "loyalty_tier", "Gold", 10, 45),
        ("net_revenue", "loyalty_tier", "No tier", 10, 145),
    ]


def test_a_category_that_a_column_leaves_empty_is_a_list_of_its_own() -> None:
    """Twelve of no city, ten of whom spent the same and one nothing; as many of Ulm."""
    con = duckdb.connect()
    fill_rankings(con, date(2024, 2, 15), [Ranking("net_revenue", "city")])
    amounts = [30, *[8] * 10, None]
    rows = [
        (f"p{n:02}", "net_revenue", "city", city, *[amount] * 6)
        for n, amount in enumerate(amounts)
        for city in (None, "Ulm")
    ]
    fill(con, "decile_values", VALUES, rows)
    rank(con)
    columns = "profile_id, metric_value, decile, percentile, member_count, has_activity"
    empty, named = (
        con.execute(
            f"select {columns} from deciles where look_back = '1' and category {which} order by 1"
        ).fetchall()
        for which in ("is null", "= 'Ulm'")
    )
    assert empty == named
    assert named[0] == ("p00", 30, 1, 100, 11, True)
    assert named[1] == ("p01", 8, None, None, 11, True)
    assert named[-1] == ("p11", 0, None, None, 11, False)
