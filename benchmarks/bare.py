"""The same SQL without the tools: what a hand-written script over DuckDB would take.

Run as `python -m benchmarks.bare PLAN [--tests]` by the benchmark `overhead`; it imports neither
dbt nor Dagster nor Great Expectations.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.contraction import contract
from orchestration.ingest.accounting import staged_tables
from orchestration.ingest.declarations import declared_source_tables
from orchestration.ingest.load import load_all
from orchestration.ingest.quarantine import account
from orchestration.settings import Settings
from orchestration.warehouse import connect_writer

SCHEMAS = (
    *("policy", "staging", "conformed", "quarantine", "identity", "profile", "value", "segments"),
)


def execute_plan(plan: dict[str, Any], settings: Settings, with_tests: bool) -> dict[str, float]:
    """Load the files and execute every model, and every test if asked, one after the other.

    Parameters:
        plan: sources and nodes as `overhead.write_plan` writes them.
        settings: paths of the bare run.
        with_tests: execute the compiled tests, too.

    Returns:
        Wall seconds of ingest, models and tests.
    """
    seconds = dict.fromkeys(("ingest", "models", "tests"), 0.0)
    settings.insights_build_path.parent.mkdir(parents=True, exist_ok=True)
    for path in (settings.warehouse_path, settings.insights_build_path):
        path.unlink(missing_ok=True)
    started = time.monotonic()
    manifest = json.loads(Path(plan["manifest"]).read_text())
    load_all(settings, declared_source_tables(manifest))
    seconds["ingest"] = time.monotonic() - started
    with connect_writer(settings) as con:
        con.execute(
            f"attach '{settings.insights_build_path}' as insights (storage_version 'v1.0.0')"
        )
        for schema in SCHEMAS:
            con.execute(f"create schema if not exists {schema}")
        for node in plan["nodes"]:
            started = time.monotonic()
            kind = node["kind"]
            if "row_conservation" in node["name"] and kind == "model":
                # Reads the accounting of rows, which is SQL of ours between staging and conformed.
                for table in staged_tables(manifest):
                    account(con, table, datetime(2026, 1, 1))
            if kind == "seed":
                types = json.dumps(node["types"]).replace('"', "'")
                con.execute(
                    f"create table {node['name']} as from read_csv(?, header=true, types={types})",
                    [node["path"]],
                )
            elif kind == "model" and node["materialized"] == "connected_components":
                labels = contract(con, Path(node["path"]).read_text())
                con.execute(
                    f"create table {node['name']} as "
                    f"select node as node_id, target as component_id from {labels}"
                )
            elif kind == "model" and node["path"].endswith(".py"):
                con.register("made", run_python(con, Path(node["path"])))
                con.execute(f"create table {node['name']} as from made")
                con.unregister("made")
            elif kind == "model":
                sql = Path(node["path"]).read_text()
                what = "view" if node["materialized"] == "view" else "table"
                con.execute(f"create {what} {node['name']} as {sql}")
            elif kind == "test" and with_tests and Path(node["path"]).is_file():
                con.execute(f"select count(*) from ({Path(node['path']).read_text()})").fetchall()
            seconds["tests" if kind == "test" else "models"] += time.monotonic() - started
    return {name: round(value, 2) for name, value in seconds.items()}


def run_python(con: duckdb.DuckDBPyConnection, path: Path) -> Any:
    """What a compiled Python model of dbt's returns."""
    spec = importlib.util.spec_from_file_location("model", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.model(module.dbtObj(lambda name: con.query(f"select * from {name}")), con)


def main() -> None:
    """Execute the plan named on the command line and print the seconds as JSON."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps(execute_plan(plan, Settings.from_env(), "--tests" in sys.argv)))


if __name__ == "__main__":
    main()
