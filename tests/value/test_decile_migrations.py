"""Who moved since the last refresh, and boundaries that hold a member until they are well past."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.value.ranking import Line, Member, Ranking, build, migrate

LINES = st.lists(
    st.builds(
        Line,
        st.sampled_from([f"p{n:02}" for n in range(14)]),
        st.sampled_from([datetime(2024, m, d) for m in (1, 2, 3, 4) for d in (1, 20)]),
        st.integers(-2, 9).map(Decimal),
    ),
    max_size=40,
)
MEMBERS = [Member(f"p{n:02}", "Gold" if n % 2 else None) for n in range(14)]
KEYS = "profile_id, metric, category_type, category, look_back"


def refresh(
    con: duckdb.DuckDBPyConnection,
    lines: list[Line],
    as_of: date,
    members: list[Member] = MEMBERS,
    **changes: Any,
) -> None:
    build(members, lines, as_of, Ranking(**changes), con)
    migrate(con)


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


@settings(max_examples=12, deadline=None)
@given(LINES, LINES, LINES, st.sampled_from([0, 0.2]))
def test_the_changes_add_up_to_the_deciles_and_a_run_again_changes_nothing(
    first: list[Line], second: list[Line], third: list[Line], hysteresis: float
) -> None:
    con = duckdb.connect()
    refreshes = [
        (date(2024, 2, 10), first),
        (date(2024, 3, 10), first + second),
        (date(2024, 4, 10), first + second + third),
    ]
    for as_of, lines in refreshes:
        refresh(con, lines, as_of, hysteresis=hysteresis, buckets=3)
        before = (
            rows(con, "from deciles order by all"),
            rows(con, "from decile_migrations order by all"),
        )
        refresh(con, lines, as_of, hysteresis=hysteresis, buckets=3)
        after = (
            rows(con, "from deciles order by all"),
            rows(con, "from decile_migrations order by all"),
        )
        assert after == before
        held = rows(
            con,
            f"select {KEYS}, decile from decile_migrations qualify row_number() over "
            f"(partition by {KEYS} order by as_of_on desc) = 1 and decile is not null order by all",
        )
        ranked = f"select {KEYS}, decile from deciles where decile is not null order by all"
        assert held == rows(con, ranked)
    unchanged = (
        "select count(*) from decile_migrations where decile is not distinct from previous_decile"
    )
    assert rows(con, unchanged) == [(0,)]
    con.close()


def test_a_run_over_more_data_of_the_same_day_compares_with_the_same_day_before() -> None:
    con = duckdb.connect()
    members = [Member("a"), Member("b")]
    line_a = Line("a", datetime(2024, 1, 5), Decimal(10))
    line_b = Line("b", datetime(2024, 1, 5), Decimal(5))
    late = Line("b", datetime(2024, 1, 6), Decimal(50))
    refresh(con, [line_a, line_b], date(2024, 2, 10), members, buckets=2)
    refresh(con, [line_a, line_b], date(2024, 2, 11), members, buckets=2)
    assert rows(con, "select count(*) from decile_migrations where as_of_on = '2024-02-11'") == [
        (0,)
    ]
    refresh(con, [line_a, line_b, late], date(2024, 2, 11), members, buckets=2)
    moved = rows(
        con,
        "select profile_id, previous_decile, decile, previous_since_on from decile_migrations "
        "where as_of_on = '2024-02-11' and look_back = 'lifetime' order by 1",
    )
    day = date(2024, 2, 10)
    assert moved == [("a", 1, 2, day), ("b", 2, 1, day)]
    # What was late is taken back: so are its moves.
    refresh(con, [line_a, line_b], date(2024, 2, 11), members, buckets=2)
    assert rows(con, "select count(*) from decile_migrations where as_of_on = '2024-02-11'") == [
        (0,)
    ]


def test_who_changes_tier_leaves_one_list_and_enters_another() -> None:
    con = duckdb.connect()
    others = [Member("g", "Gold"), Member("s", "Silver")]
    lines = [Line(i, datetime(2024, 1, 5), Decimal(n)) for i, n in (("a", 10), ("g", 5), ("s", 5))]
    refresh(con, lines, date(2024, 2, 10), [Member("a", "Silver"), *others], buckets=2)
    refresh(con, lines, date(2024, 2, 11), [Member("a", "Gold"), *others], buckets=2)
    moved = rows(
        con,
        "select category, profile_id, previous_decile, decile from decile_migrations "
        "where as_of_on = '2024-02-11' and look_back = 'lifetime' order by all",
    )
    # Who is alone in a list has no bucket in it.
    assert moved == [
        ("Gold", "a", None, 1), ("Gold", "g", None, 2), ("Silver", "a", 1, None),
        ("Silver", "s", 2, None),
    ]  # fmt: skip


def company(amount_of_p03: int) -> list[Line]:
    """Twenty buyers, two per decile, in steps of ten; with 970, p03 is the last of decile 2."""
    day = datetime(2024, 1, 5)
    amounts = {f"p{n:02}": 1000 - 10 * n for n in range(20)} | {"p03": amount_of_p03}
    return [Line(i, day, Decimal(a)) for i, a in amounts.items()]


TWENTY = [Member(f"p{n:02}") for n in range(20)]
OF_P03 = "select decile, is_held from deciles where profile_id = 'p03' and look_back = '1'"


def test_a_boundary_with_a_margin_lets_a_member_go_only_well_past_it() -> None:
    con = duckdb.connect()
    refresh(con, company(970), date(2024, 2, 10), TWENTY, hysteresis=0.5)
    assert rows(con, OF_P03) == [(2, False)]
    # Fifth of twenty: in decile 3, a quarter of a decile past the boundary.
    refresh(con, company(955), date(2024, 2, 11), TWENTY, hysteresis=0.5)
    assert rows(con, OF_P03) == [(2, True)]
    # Sixth of twenty: three quarters past it.
    refresh(con, company(945), date(2024, 2, 12), TWENTY, hysteresis=0.5)
    assert rows(con, OF_P03) == [(3, False)]
    # Without a margin the first step is enough.
    con = duckdb.connect()
    refresh(con, company(970), date(2024, 2, 10), TWENTY, hysteresis=0)
    refresh(con, company(955), date(2024, 2, 11), TWENTY, hysteresis=0)
    assert rows(con, OF_P03) == [(3, False)]


def test_what_an_earlier_run_of_the_day_found_holds_nobody() -> None:
    con = duckdb.connect()
    refresh(con, company(970), date(2024, 2, 10), TWENTY, hysteresis=0.5)
    refresh(con, company(945), date(2024, 2, 11), TWENTY, hysteresis=0.5)
    assert rows(con, OF_P03) == [(3, False)]
    # Corrected on the same day: as if the run before had not been.
    refresh(con, company(955), date(2024, 2, 11), TWENTY, hysteresis=0.5)
    assert rows(con, OF_P03) == [(2, True)]


def test_the_replay_of_a_day_before_the_last_one_leaves_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    con = duckdb.connect()
    members = [Member("a"), Member("b")]
    early = [
        Line("a", datetime(2024, 1, 5), Decimal(9)),
        Line("b", datetime(2024, 1, 5), Decimal(5)),
    ]
    late = [*early, Line("b", datetime(2024, 2, 5), Decimal(50))]
    refresh(con, early, date(2024, 2, 10), members, buckets=2)
    refresh(con, late, date(2024, 3, 10), members, buckets=2)
    before = rows(con, "from decile_migrations order by all")
    monkeypatch.setenv("C360_AS_OF", "2024-02-20")
    refresh(con, late, date(2024, 2, 20), members, buckets=2)
    assert rows(con, "from decile_migrations order by all") == before
    monkeypatch.setenv("C360_AS_OF", "2024-03-20")
    refresh(con, early, date(2024, 3, 20), members, buckets=2)
    assert rows(con, "select max(as_of_on) from decile_migrations") == [(date(2024, 3, 20),)]
