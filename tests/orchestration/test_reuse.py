"""A layer is taken over only while all it follows from is what it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.ingest import state
from orchestration.settings import Settings
from orchestration.transform import reuse
from orchestration.transform.dbt import NodeResult

BUILT = reuse.CHAIN[:-1]
MANIFEST = {"nodes": {f"model.{x}": {"relation_name": f'"{x}"."t"'} for x in reuse.CHAIN}}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, in memory."""
    with duckdb.connect() as memory:
        yield memory


@pytest.fixture
def installation(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> Settings:
    """Every layer built once, with one table of one row each."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "model.sql").write_text("select 1")
    settings = Settings(tmp_path / "data", tmp_path / "landing", project)
    state.prepare(con)
    add_file(con, "a.csv")
    for layer in reuse.CHAIN:
        build(settings, con, layer)
    return settings


def add_file(con: duckdb.DuckDBPyConnection, name: str) -> None:
    con.execute(
        "insert into operations.source_files by name "
        "select ? as source_file, 'hash' as content_hash, 1 as rows_loaded",
        [name],
    )


def build(settings: Settings, con: duckdb.DuckDBPyConnection, layer: str) -> None:
    con.execute(f'create schema if not exists "{layer}"')
    con.execute(f'create or replace table "{layer}".t as select 1 as x')
    result = NodeResult(f"model.{layer}", "success", 0.1, None, "")
    measured = {f"model.{layer}": {"dagster/row_count": 1}}
    assert reuse.find_reusable(con, settings, MANIFEST, layer) is None
    reuse.remember(con, settings, layer, [result], measured)


def taken_over(settings: Settings, con: duckdb.DuckDBPyConnection) -> list[str]:
    """The layers that a run would take over, in the order of the chain; it builds none."""
    return [x for x in reuse.CHAIN if reuse.find_reusable(con, settings, MANIFEST, x)]


def test_without_news_every_layer_is_taken_over_but_the_last(
    installation: Settings, con: duckdb.DuckDBPyConnection
) -> None:
    assert taken_over(installation, con) == list(BUILT)
    found = reuse.find_reusable(con, installation, MANIFEST, "identity")
    assert found
    assert [r.unique_id for r in found.results] == ["model.identity"]


def test_a_replayed_day_is_built_anew_and_then_taken_over(
    installation: Settings, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = str(datetime.now(UTC).date())
    for day in ("2026-05-17", today):
        monkeypatch.setenv("C360_AS_OF", day)
        assert taken_over(installation, con) == ["policy"]
        for layer in BUILT[1:]:
            build(installation, con, layer)
        assert taken_over(installation, con) == list(BUILT)


def change_model(settings: Settings, _: duckdb.DuckDBPyConnection) -> None:
    path = settings.dbt_project_dir / "model.sql"
    path.write_text("select 2")
    os.utime(path, (1, 1))


def change_landing(_: Settings, con: duckdb.DuckDBPyConnection) -> None:
    add_file(con, "b.csv")


def drop_table(_: Settings, con: duckdb.DuckDBPyConnection) -> None:
    con.execute('drop table "profile".t')


def lose_rows(_: Settings, con: duckdb.DuckDBPyConnection) -> None:
    con.execute('delete from "conformed".t')


def begin_a_build(_: Settings, con: duckdb.DuckDBPyConnection) -> None:
    reuse.forget(con, "value")


def ask_for_a_rebuild(_: Settings, con: duckdb.DuckDBPyConnection) -> None:
    reuse.forget(con)


@pytest.mark.parametrize(
    ("happens", "first_to_build"),
    [
        (change_model, "policy"),
        (change_landing, "staging"),
        (lose_rows, "conformed"),
        (drop_table, "profile"),
        (begin_a_build, "value"),
        (ask_for_a_rebuild, "policy"),
    ],
)
def test_what_has_changed_is_built_with_all_that_follows(
    installation: Settings,
    con: duckdb.DuckDBPyConnection,
    happens: Callable[[Settings, duckdb.DuckDBPyConnection], None],
    first_to_build: str,
) -> None:
    happens(installation, con)
    expected = list(reuse.CHAIN[: reuse.CHAIN.index(first_to_build)])
    assert taken_over(installation, con) == expected
    # Building the first again does not make what follows it right.
    build(installation, con, first_to_build)
    assert taken_over(installation, con) == [x for x in (*expected, first_to_build) if x in BUILT]


def test_tomorrow_other_rows_lie_in_the_future(
    installation: Settings, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=1)

    monkeypatch.setattr(reuse, "datetime", Tomorrow)
    assert taken_over(installation, con) == ["policy"]
