"""A profile is taken again when enough has changed; until then it says how old it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.profiles import ProfiledTable, profile_tables
from orchestration.profiles.assets import asked_for, count_states, overview_markdown
from orchestration.profiles.pages import write_source_pages
from orchestration.runs.resource import REBUILD_TAG
from tests.sources.loaded import add_file, everything, load, remove_file

TABLE = ProfiledTable("shop", "visits", "shop__visits", (("id", None, None), ("at", None, None)))


def visits(count: int, day: str = "2026-01-05") -> list[dict[str, str]]:
    return [{"id": f"V{i}", "at": f"{day} 10:{i % 60:02}:00"} for i in range(count)]


def state(con: duckdb.DuckDBPyConnection, is_asked_for: bool = False) -> str:
    [outcome] = profile_tables(con, [TABLE], is_asked_for)
    return outcome.state


def newest(con: duckdb.DuckDBPyConnection) -> str:
    return str(
        con.execute("from operations.newest_profiles select newest_data_at").fetchall()[0][0]
    )


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """200 visits that have been profiled, the last 10 of them in a file of their own."""
    with duckdb.connect() as warehouse:
        load(warehouse, TABLE, visits(190), "load1")
        add_file(warehouse, TABLE, visits(10, "2026-01-06"), "load1", 2)
        assert state(warehouse) == "profiled" and newest(warehouse) == "2026-01-06 10:09:00"
        yield warehouse


def figures(con: duckdb.DuckDBPyConnection) -> Sequence[str]:
    return [line for line in everything(con).splitlines() if not line.startswith("profile_log")]


def test_what_comes_adds_up_until_it_is_a_tenth(con: duckdb.DuckDBPyConnection) -> None:
    before = figures(con)
    days = {"2026-01-04": "2026-01-06 10:09:00", "2026-01-07": "2026-01-07 10:08:00"}
    for number, (day, newest_day) in enumerate(days.items(), start=3):
        add_file(con, TABLE, visits(9, day), f"load{number}", number)
        assert state(con) == "kept" and figures(con) == before
        assert newest(con) == newest_day
        assert state(con) == "unchanged"
    add_file(con, TABLE, visits(2), "load5", 5)
    assert state(con) == "profiled" and figures(con) != before
    assert con.execute("select max(row_count) from operations.profile_log").fetchall() == [(220,)]
    assert state(con) == "unchanged"


def test_what_goes_counts_and_takes_its_newest_instant_along(
    con: duckdb.DuckDBPyConnection,
) -> None:
    remove_file(con, TABLE, 2)
    assert state(con) == "kept" and newest(con) == "2026-01-05 10:59:00"
    add_file(con, TABLE, visits(9, "2026-01-06"), "load3", 3)
    assert state(con) == "kept" and newest(con) == "2026-01-06 10:08:00"
    add_file(con, TABLE, visits(1), "load4", 4)
    assert state(con) == "profiled", "ten have gone and ten have come"


def test_a_day_that_was_ahead_counts_once_it_has_come(con: duckdb.DuckDBPyConnection) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    add_file(con, TABLE, visits(40, f"{yesterday:%Y-%m-%d}"), "load2", 3)
    assert state(con) == "profiled"
    # As if all of it had been loaded and profiled a week ago.
    con.execute("update operations.source_files set loaded_at = loaded_at - interval 9 day")
    con.execute(
        "update operations.profile_log set profiled_at = profiled_at - interval 8 day, "
        "newest_data_at = '2026-01-06'"
    )
    add_file(con, TABLE, visits(1), "load3", 4)
    assert state(con) == "kept" and newest(con) == f"{yesterday:%Y-%m-%d} 10:39:00"


def test_whoever_asks_gets_a_profile_of_what_is_there(con: duckdb.DuckDBPyConnection) -> None:
    assert state(con, is_asked_for=True) == "unchanged"
    add_file(con, TABLE, visits(1), "load2", 3)
    assert state(con) == "kept"
    assert state(con, is_asked_for=True) == "profiled"
    runs = {None: False, frozenset({dg.AssetKey("a")}): True}
    for selection, is_asked_for in runs.items():
        assert asked_for(dg.DagsterRun("j", asset_selection=selection)) == is_asked_for
    assert asked_for(dg.DagsterRun("j", tags={REBUILD_TAG: "yes"}))


def test_other_columns_are_profiled_and_a_file_read_again_is_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("update operations.source_files set loaded_at = loaded_at + interval 1 hour")
    assert state(con) == "unchanged", "the same content, loaded once more"
    con.execute(
        "create or replace view landing.shop__visits as "
        'select * exclude (file_id) replace ("at"::timestamp as "at") from ingested.shop__visits'
    )
    assert state(con) == "profiled"


def test_an_old_profile_says_of_when_it_is(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute("update operations.source_files set loaded_at = '2026-01-07'")
    for table in ("profile_log", "column_profiles"):
        con.execute(f"update operations.{table} set profiled_at = '2026-01-08 07:30'")
    add_file(con, TABLE, visits(15), "load2", 3)
    outcomes = profile_tables(con, [TABLE])
    assert count_states(outcomes) == {"profiled": 0, "kept": 1, "unchanged": 0, "failed": 0}
    assert "| shop.visits | 215 | 2026-01-08 07:30 | 200 | 2 |" in overview_markdown(con)
    [page] = write_source_pages(tmp_path, con)
    text = page.read_text()
    assert "Profiled 2026-01-08 07:30 UTC over 200 rows, 2 columns. 215 rows are there now." in text
    assert "2026-01-08 07:30 UTC" in (tmp_path / "index.html").read_text()
