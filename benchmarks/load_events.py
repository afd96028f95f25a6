"""A child of the benchmark `ingest`: load events one way and print the seconds as JSON.

    python -m benchmarks.load_events ours|duckdb|pandas FILE
    python -m benchmarks.load_events added FOLDER NEW_FILE

Seconds are those of the load alone, without imports; the harness takes the peak of the process.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from orchestration.ingest import Column, SourceTable, load_all
from orchestration.limits import Limits
from orchestration.settings import Settings

COLUMNS = (
    Column("event_id"),
    Column("cookie_id"),
    Column("event_type"),
    Column("occurred_at", data_type="timestamp"),
    Column("url_path"),
    Column("device_type"),
    Column("amount", data_type="double"),
)


def ours(path: Path, folder: Path) -> float:
    """Load through ingest into a warehouse of its own."""
    table = SourceTable("web", "events", "web__events", path.suffix[1:], path.name, COLUMNS)
    started = time.monotonic()
    (loaded,) = load_all(Settings(folder, path.parent, folder), [table])
    seconds = time.monotonic() - started
    if loaded.failures or loaded.rows_rejected:
        raise SystemExit(f"not a clean load: {loaded.failures}, {loaded.rows_rejected} rejected")
    return seconds


def bare(path: Path, folder: Path) -> float:
    """Create a table from DuckDB's own reader, checkpointed as a closed warehouse is."""
    started = time.monotonic()
    with duckdb.connect(str(folder / "bare.duckdb")) as con:
        limits = Limits.from_env()
        con.execute("set memory_limit = ?", [limits.memory_limit])
        con.execute(f"set threads = {limits.threads}")
        reader = "read_csv" if path.suffix == ".csv" else "read_parquet"
        con.execute(f"create table events as select * from {reader}(?)", [str(path)])
    return time.monotonic() - started


def pandas(path: Path, _folder: Path) -> float:
    """Read into a data frame."""
    import pandas as pd

    started = time.monotonic()
    pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    return time.monotonic() - started


def added(landing: Path, new: Path, folder: Path) -> float:
    """Load a history, then a new file beside it; the seconds of the second load."""
    table = SourceTable("web", "events", "web__events", "csv", "*.csv", COLUMNS)
    settings = Settings(folder, landing, folder)
    load_all(settings, [table])
    target = landing / "new.csv"
    shutil.copyfile(new, target)
    try:
        started = time.monotonic()
        load_all(settings, [table])
        return time.monotonic() - started
    finally:
        target.unlink()


def main() -> None:
    """Load as the command line says."""
    engine, path = sys.argv[1], Path(sys.argv[2])
    base = Path(os.environ["C360_DATA_DIR"])
    with tempfile.TemporaryDirectory(dir=base) as name:
        folder = Path(name)
        if engine == "added":
            seconds = added(path, Path(sys.argv[3]), folder)
        else:
            seconds = {"ours": ours, "duckdb": bare, "pandas": pandas}[engine](path, folder)
    print(json.dumps({"seconds": round(seconds, 2)}))


if __name__ == "__main__":
    main()
