"""What is filled, different and valid, how complete people are, and which days are remembered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.value.rendering import fill, hooks, render

FOLDER = "profile/completeness"
DAILY = ("attribute_completeness", "completeness_distribution")


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Three people, one with an address that is refused and one of whom nothing is known."""
    con = duckdb.connect(config={"threads": 1})
    for table, types, rows in (
        (
            "tracked_attributes",
            "attribute varchar, completeness_weight int",
            [("email", 3), ("phone", 1), ("gender", 0)],
        ),
        (
            "provenance",
            "profile_id varchar, attribute varchar, place int, attribute_value varchar, "
            "is_cleared boolean",
            [
                ("p1", "email", 1, "a@x", False),
                ("p1", "email", 2, "b@x", False),
                ("p1", "phone", 1, None, True),
                ("p1", "gender", 1, "female", False),
                ("p2", "email", 1, "a@x", False),
                ("p2", "phone", 1, "+49", False),
            ],
        ),
        (
            "ranked_records",
            "profile_id varchar, refused_attributes varchar",
            # Of p1 another record has an address; p3 has two that are refused.
            [("p1", "email"), ("p3", "phone email"), ("p3", "email"), ("p2", None)],
        ),
        (
            "policy_profiles",
            "profile_id varchar, is_default boolean",
            [("p1", True), ("p2", True), ("p3", True), ("p3", False)],
        ),
        (
            "completeness_buckets",
            "bucket varchar, from_percent int",
            [("low", 0), ("middle", 40), ("high", 75)],
        ),
    ):
        fill(con, table, types, rows)
    sql = render(f"{FOLDER}/profile_completeness")
    con.execute(f"create view profile_completeness as {sql}")
    return con


def run(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    fill(con, "refresh_period", "as_of_on date", [(as_of,)])
    for model in DAILY:
        there = con.execute(
            "select 1 from duckdb_tables() where table_name = ?", [model]
        ).fetchall()
        sql = render(f"{FOLDER}/{model}", incremental=bool(there))
        if there:
            for statement in hooks(f"{FOLDER}/{model}", "pre_hook"):
                con.execute(statement)
        con.execute(f"insert into {model} {sql}" if there else f"create table {model} as {sql}")


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def test_what_is_refused_is_filled_and_not_valid(con: duckdb.DuckDBPyConnection) -> None:
    run(con, date(2026, 3, 1))
    found = rows(con, "select * exclude (as_of_on) from attribute_completeness order by all")
    # attribute, profiles, filled, distinct, valid
    assert found == [("email", 3, 3, 1, 2), ("gender", 3, 1, 1, 1), ("phone", 3, 2, 1, 1)]


def test_a_profile_is_as_complete_as_what_it_shows_weighs(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "from profile_completeness order by all")
    assert found == [
        ("p1", 2, Decimal("75.00"), "high"),
        ("p2", 2, Decimal("100.00"), "high"),
        ("p3", 0, Decimal("0.00"), "low"),
    ]
    run(con, date(2026, 3, 1))
    found = rows(con, "select * exclude (as_of_on) from completeness_distribution order by all")
    assert found == [("high", 2, 87.5), ("low", 1, 0), ("middle", 0, None)]
    # Where nothing weighs nobody is complete.
    con.execute("update tracked_attributes set completeness_weight = 0")
    assert rows(con, "select distinct bucket from profile_completeness") == [("low",)]


def test_a_day_that_runs_again_replaces_its_rows_alone(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def email() -> list[tuple[Any, ...]]:
        found = "select day(as_of_on), valid_count from attribute_completeness "
        [(days,)] = rows(con, "select count(distinct as_of_on) from completeness_distribution")
        told = rows(con, found + "where attribute = 'email' order by all")
        assert days == len(told)
        return told

    run(con, date(2026, 3, 1))
    con.execute("delete from provenance where profile_id = 'p2'")
    run(con, date(2026, 3, 5))
    assert email() == [(1, 2), (5, 1)]
    con.execute("delete from provenance")
    run(con, date(2026, 3, 5))
    assert email() == [(1, 2), (5, 0)]
    # A replay is of its day; the days after it stay.
    monkeypatch.setenv("C360_AS_OF", "2026-03-01")
    run(con, date(2026, 3, 1))
    assert email() == [(1, 0), (5, 0)]
    # Without one, the data ends earlier than it did.
    monkeypatch.delenv("C360_AS_OF")
    run(con, date(2026, 3, 3))
    assert email() == [(1, 0), (3, 0)]
