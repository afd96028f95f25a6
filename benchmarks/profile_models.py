"""Child of the benchmark `profile`: makes the wide rows by the models, or by the query.

Run as `python -m benchmarks.profile_models WAY FOLDER [FILE ...]`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.profile_input import TABLES, news
from orchestration.limits import Limits
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transform.dbt import close_connections, run_dbt

MODELS = (
    "attribute_rules", "ranked_records", "attribute_values", "policy_profiles", "profiles",
)  # fmt: skip
"""What makes the wide row of a person from the layers before, in order."""
COMPARED = "select count(*), bit_xor(hash(columns(*)))"


def main(way: str, folder: str, *arguments: str) -> None:
    """Do one thing in the folder's warehouse, and print what came of it as JSON.

    Parameters:
        way: make (the input of so many customers), seed, compile, models, query, news, refresh or
            compare.
        folder: a data folder.
        arguments: for make the number of customers, for query the file.
    """
    settings = Settings(Path(folder), Path(folder) / "landing", DBT_PROJECT_DIR)
    told = DBT_WAYS[way](settings) if way in DBT_WAYS else None
    if told is None:
        limits = Limits.from_env()
        with duckdb.connect(str(settings.warehouse_path)) as con:
            con.execute(f"set memory_limit = '{limits.memory_limit}'; set TimeZone = 'UTC'")
            con.execute(f"set threads = {limits.threads}; set preserve_insertion_order = false")
            told = WAYS[way](con, settings, *arguments)
    print(json.dumps(told))


def _make(con: duckdb.DuckDBPyConnection, _: Settings, customers: str) -> int:
    con.execute(TABLES.format(customers=int(customers)))
    return int(customers)


def _models(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, float]:
    compiled = settings.dbt_target_dir / "compiled" / "customer_360" / "models" / "profile"
    seconds = {}
    for model in MODELS:
        begun = time.process_time()
        sql = (compiled / f"{model}.sql").read_text()
        con.execute(f"create or replace table profile.{model} as {sql}")
        seconds[model] = round(time.process_time() - begun, 2)
    return seconds


def _query(con: duckdb.DuckDBPyConnection, _: Settings, path: str) -> int:
    con.execute(f"create or replace table main.by_hand as {Path(path).read_text()}")
    return 0


def _news(con: duckdb.DuckDBPyConnection, _: Settings) -> int:
    for statement in news():
        con.execute(statement)
    return 0


def _compare(con: duckdb.DuckDBPyConnection, _: Settings) -> list[int]:
    """Rows that differ between the two, either way."""
    columns = [name for name, *_ in con.execute("describe main.by_hand").fetchall()]
    listed = ", ".join(columns)
    found = []
    for one, other in (("profile.profiles", "main.by_hand"), ("main.by_hand", "profile.profiles")):
        [(count,)] = con.execute(
            f"select count(*) from (select hash({listed}) as h from {one}) as rows_here "
            f"anti join (select hash({listed}) as h from {other}) as rows_there using (h)"
        ).fetchall()
        found.append(int(count))
    return found


def _refresh(settings: Settings) -> dict[str, float]:
    """dbt refreshes the models, as it does in a run."""
    os.environ["C360_REFRESH"] = " ".join(MODELS[1:])
    list(run_dbt(settings, ["parse"]))
    begun, cpu = time.monotonic(), time.process_time()
    results = list(run_dbt(settings, ["run", "--select", *MODELS]))
    close_connections()
    failed = [f"{r.unique_id}: {r.message}" for r in results if r.status != "success"]
    if failed:
        raise SystemExit("\n".join(failed))
    told = {r.unique_id.split(".")[-1]: round(r.seconds, 2) for r in results}
    return told | {
        "wall": round(time.monotonic() - begun, 2),
        "cpu": round(time.process_time() - cpu, 2),
    }


def _dbt(*command: str) -> int:
    settings = Settings.from_env()
    failed = [r for r in run_dbt(settings, list(command)) if r.is_failure]
    close_connections()
    if failed:
        raise SystemExit("\n".join(f"{r.unique_id}: {r.message}" for r in failed))
    return 0


DBT_WAYS: dict[str, Callable[[Settings], Any]] = {
    "seed": lambda _: _dbt("seed"),
    "compile": lambda _: _dbt("compile", "--select", *MODELS),
    "refresh": _refresh,
}
WAYS: dict[str, Callable[..., Any]] = {
    "make": _make,
    "models": _models,
    "query": _query,
    "news": _news,
    "compare": _compare,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
