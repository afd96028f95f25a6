"""What a refresh keeps of a model, and what stands in for it in another model's SQL."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.identity.refresh.workshop import Workshop


@pytest.fixture
def work(tmp_path: Path) -> Workshop:
    con = duckdb.connect()
    con.execute("create table numbers as select range as n from range(6)")
    con.execute("create table chosen as select 2 as n union all select 4")
    doubled = tmp_path / "doubled.sql"
    doubled.write_text("select 2 * n as n from numbers inner join chosen using (n)")
    relations = {"numbers": "numbers", "chosen": "chosen", "doubled": "doubled"}
    return Workshop(con, relations, {"doubled": doubled}, frozenset())


def numbers_in(work: Workshop, relation: str) -> list[int]:
    return [n for (n,) in work.con.execute(f"select n from {relation} order by n").fetchall()]


def test_what_is_held_of_a_model_is_not_held_when_its_rows_are_replaced(work: Workshop) -> None:
    held = work.hold("numbers", "n < 3")
    assert work.part("numbers", "n < 3") == held
    work.keep("rows_now", "select 1 as n")
    work.replace("numbers", "rows_now", "n < 3")
    assert numbers_in(work, work.part("numbers", "n < 3")) == [1]
    assert numbers_in(work, "numbers") == [1, 3, 4, 5]


def test_a_condition_that_names_another_model_is_left_as_it_is(work: Workshop) -> None:
    """What stands in for `chosen` is not put into the condition on `numbers`."""
    of_chosen = "n in (select n from chosen)"
    others = work.keep("others", "select 1 as n union all select 2")
    made = work.rows("doubled", {"numbers": of_chosen, "chosen": f"={others}"})
    assert numbers_in(work, made) == [4]


def test_a_refreshed_model_keeps_the_rows_beyond_its_condition(work: Workshop) -> None:
    work.con.execute("create table doubled as select unnest([3, 8, 100]) as n")
    rows = work.refresh("doubled", {}, "n < 10")
    assert numbers_in(work, rows) == numbers_in(work, work.part("doubled", "n < 10")) == [4, 8]
    assert numbers_in(work, "doubled") == [4, 8, 100]


def test_rows_found_before_are_replaced_where_they_are(work: Workshop) -> None:
    work.con.execute("create table doubled as select unnest([3, 8, 100]) as n")
    places = work.keep("found", "select rowid as place from doubled where n < 10")
    work.refresh("doubled", {}, "n < 10", places=places)
    assert numbers_in(work, "doubled") == [4, 8, 100]


def test_what_has_changed_of_a_model_is_noted_and_forgotten_by_the_next_refresh(
    work: Workshop,
) -> None:
    """Twice the same row is not one row, and what stays or differs elsewhere is no change."""
    con = work.con
    con.execute("create schema operations")
    con.execute("create table people (n int, seen int)")
    con.execute("insert into people values (1, 1), (2, 1), (3, 1), (3, 1), (9, 1)")
    con.execute("create table operations.delta_people (n int, is_after bool)")
    con.execute("insert into operations.delta_people values (7, true)")
    relations = {"people": "people"}

    def refreshed() -> Workshop:
        return Workshop(con, relations, {}, frozenset(), frozenset({"people"}))

    again = refreshed()
    again.keep("rows_now", "from (values (1, 2), (3, 1), (4, 1)) as rows (n, seen)")
    again.replace("people", "rows_now", "n < 5")
    noted = "select n, is_after from operations.delta_people order by all"
    assert con.execute(noted).fetchall() == [(2, False), (3, False), (4, True)]
    refreshed()
    assert con.execute(noted).fetchall() == []
