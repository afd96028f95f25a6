"""The layer refreshed for changes of conformed, and compared with a whole build."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import duckdb

from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from tests.identity.lab import EMPTY
from tests.parsed import taken_over

READ = ("customer_records", "identity_observations", *EMPTY)
"""What the layer reads of conformed."""


def build(settings: Settings, refreshed: Collection[str] = ()) -> None:
    """Build every model of the layer, but those that are to be refreshed."""
    command = ["build", "--select", "customer_360.identity", "--indirect-selection", "empty"]
    without = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
    there = {"C360_REFRESH": " ".join(refreshed), "C360_DATA_DIR": str(settings.data_dir)}
    with mock.patch.dict(os.environ, there):
        failed = [r for r in run_dbt(settings, [*command, *without]) if r.is_failure]
    close_connections()
    assert not failed, [(r.unique_id, r.message) for r in failed]


def refresh(settings: Settings) -> dict[str, int]:
    """Refresh the layer; returns how many rows of each model went or came."""
    models = [
        node["name"]
        for node in load_manifest(settings)["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "identity"
        and node["config"]["incremental_strategy"] == "reached" and node["config"]["unique_key"]
    ]  # fmt: skip
    build(settings, models)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        return {
            model: con.execute(f"select count(*) from operations.delta_{model}").fetchall()[0][0]
            for model in models
        }


@contextmanager
def conformed_changed(settings: Settings) -> Iterator[None]:
    """Note what changes meanwhile in the tables that the layer reads, as a refresh of them does."""
    warehouse = str(settings.warehouse_path)
    rows = "select columns(lambda name: name <> 'source_file') from"
    with duckdb.connect(warehouse) as con:
        con.execute("create schema if not exists before")
        for table in READ:
            con.execute(f"create or replace table before.{table} as from conformed.{table}")
    yield
    with duckdb.connect(warehouse) as con:
        for table in READ:
            was, now = f"{rows} before.{table}", f"{rows} conformed.{table}"
            con.execute(
                f"create or replace table operations.delta_{table} as "
                f"select *, false as is_after from ({was} except all {now}) union all "
                f"select *, true as is_after from ({now} except all {was})"
            )


def built_elsewhere(settings: Settings, folder: Path) -> Settings:
    """The layer built whole in a copy of the warehouse as it is now, ledger included."""
    folder.mkdir()
    other = taken_over(settings, replace(settings, data_dir=folder))
    shutil.copy(settings.warehouse_path, other.warehouse_path)
    build(other)
    return other


def differences(refreshed: Settings, whole: Settings) -> dict[str, tuple[int, int]]:
    """Per table of the layer with any: rows of the one that the other has not, and vice versa."""
    found = {}
    with duckdb.connect() as con:
        for name, settings in (("a", refreshed), ("b", whole)):
            con.execute(f"attach '{settings.warehouse_path}' as {name} (read_only)")
        columns = con.execute(
            "select table_name, list(column_name order by column_index) from duckdb_columns() "
            "where database_name = 'a' and schema_name = 'identity' group by table_name"
        ).fetchall()
        # The two were made at different instants, and those are the latest of each.
        latest = {
            name: con.execute(
                f"select max(greatest(valid_from, coalesce(valid_to, valid_from))) "
                f"from {name}.identity.identity_map_history"
            ).fetchall()[0][0]
            for name in "ab"
        }
        for table, names in columns:
            rows = {
                name: "select "
                + ", ".join(
                    f"case when {column} = timestamp '{latest[name]}' then 'now' "
                    f"else {column}::varchar end as {column}"
                    if column in ("valid_from", "valid_to", "founded_at", "ended_at")
                    else column
                    for column in names
                )
                + f" from {name}.identity.{table}"
                for name in "ab"
            }
            counts = [
                con.execute(f"select count(*) from ({rows[x]} except all {rows[y]})").fetchall()
                for x, y in (("a", "b"), ("b", "a"))
            ]
            if any(count != [(0,)] for count in counts):
                found[table] = (counts[0][0][0], counts[1][0][0])
    return found
