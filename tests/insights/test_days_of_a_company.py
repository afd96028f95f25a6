"""Facts of days that came one after the other, beside a warehouse built from scratch on each.

Slow, so by hand: each day is made twice, by all models of the chain.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import duckdb
import pytest

from orchestration.daily import keep_days, prepare
from orchestration.ingest.declarations import declared_source_tables
from orchestration.ingest.load import load_tables
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import connect_writer
from tests.conftest import Company
from tests.insights.arriving import Arriving
from tests.insights.days_lab import KEPT_BEFORE
from tests.own_data import project_copy

DAYS = [date(2026, 1, 31) + timedelta(days=n) for n in (0, 1, 2, 9, 100, 273)]
CHANGES = {"fact_segment_size": ("entered_count", "left_count")}
"""What is said of the change since the day before, of which one from scratch knows nothing."""

Row = tuple[str | None, ...]


def folder_of(settings: Settings, other: Path, keeps: str = "operations") -> Settings:
    """A data folder with another one's policy if it `keeps` it, and the records of runs, empty."""
    settings.insights_build_path.parent.mkdir(parents=True)
    shutil.copy(other, settings.warehouse_path)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        for (schema,) in con.execute(
            "select schema_name from duckdb_schemas() where database_name = current_database() "
            "and not internal and schema_name not in ('operations', ?)",
            [keeps],
        ).fetchall():
            con.execute(f'drop schema "{schema}" cascade')
        for (table,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'operations'"
        ).fetchall():
            con.execute(f"delete from operations.{table}")
    return settings


def refresh(settings: Settings, refreshed: Sequence[str]) -> dict[str, dict[str, set[Row]]]:
    """Make everything of what has landed. Returns what facts say, by table and day."""
    manifest = load_manifest(settings)
    with connect_writer(settings) as con:
        prepare(con)
        loaded = load_tables(con, settings, declared_source_tables(manifest))
    assert [table.failures for table in loaded if table.failures] == []
    environment = {"C360_REFRESH": " ".join(refreshed), "C360_DATA_DIR": str(settings.data_dir)}
    with mock.patch.dict(os.environ, environment):
        results = list(run_dbt(settings, ["run"]))
    close_connections()
    failed = [(r.unique_id, r.message) for r in results if r.is_failure]
    assert not failed, failed
    said: dict[str, dict[str, set[Row]]] = {}
    with duckdb.connect(str(settings.warehouse_path)) as con:
        keep_days(con)
        con.execute(f"attach '{settings.insights_build_path}' as insights (read_only)")
        for node in manifest["nodes"].values():
            name, config = node["name"], node["config"]
            if config["materialized"] != "daily_snapshot" and name not in KEPT_BEFORE:
                continue
            day = config.get("day", "date_key")
            without = f" exclude ({', '.join(CHANGES[name])})" if name in CHANGES else ""
            sql = f"select {day}::varchar, columns(*{without})::varchar from insights.main.{name}"
            for when, *row in con.execute(sql).fetchall():
                said.setdefault(name, {}).setdefault(when, set()).add(tuple(row))
    return said


@pytest.mark.slow
def test_every_day_is_what_a_warehouse_from_scratch_says_of_it(
    finished_company: Company, tmp_path: Path
) -> None:
    project = project_copy(tmp_path / "project")
    policy = project / "seeds" / "policy" / "match_settings.csv"
    text = policy.read_text()
    # What is learned, and so who is one person, depends on what is there when it is learned.
    policy.write_text(text.replace("training_records,100,", "training_records,1000000,"))
    assert policy.read_text() != text
    landing = tmp_path / "landing"
    finished = finished_company.settings.warehouse_path
    arriving = Arriving(finished_company.settings.landing_dir, landing)
    memory = folder_of(Settings(tmp_path / "memory", landing, project), finished)
    refreshed: list[str] = []
    expected: dict[str, dict[str, set[Row]]] = {}
    for day in DAYS:
        arriving.until(day)
        if not refreshed:
            with mock.patch.dict(os.environ, {"C360_DATA_DIR": str(memory.data_dir)}):
                list(run_dbt(memory, ["seed"]))
            close_connections()
        remembered = refresh(memory, refreshed)
        refreshed = [
            node["name"]
            for node in load_manifest(memory)["nodes"].values()
            if node["config"].get("unique_key")
            and node["config"]["incremental_strategy"] == "reached"
        ]
        scratch = folder_of(
            Settings(tmp_path / str(day), landing, project), memory.warehouse_path, "policy"
        )
        for table, days in refresh(scratch, ()).items():
            expected.setdefault(table, {}).update(days)
        shutil.rmtree(scratch.data_dir)
        for table, days in expected.items():
            for when, rows in days.items():
                found = remembered[table].get(when, set())
                assert found == rows, (day, table, when, found - rows, rows - found)
    assert len(expected["fact_profile"]) > len(DAYS) - 3
