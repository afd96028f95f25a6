"""`pipeline`: raw files to published model, as users run it, with the time of each layer."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.harness import Measurement, child, demo_company, environment_for, measure
from orchestration.terminal import Console
from orchestration.warehouse import discard_database


def run(customers: int, console: Console) -> list[Measurement]:
    """Measure a first and a second `c360 run` over a demo company.

    Parameters:
        customers: size of the company.
        console: where progress goes.

    Returns:
        The first run (empty warehouse), the second (rebuild over the first), and the layers of
        the second as parts of it: their CPU time and memory are within the run's.
    """
    data_dir = demo_company(customers, console)
    reset(data_dir)
    command = child("orchestration.cli", "run", "--json")
    first = measure("first run", command, environment_for(data_dir))
    second = measure("second run", command, environment_for(data_dir))
    parts = [
        Measurement(f"  {layer}", seconds, 0.0, 0.0)
        for layer, seconds in layer_seconds(data_dir).items()
    ]
    sizes = Measurement("sizes", 0.0, 0.0, 0.0, file_sizes(data_dir))
    return [first, second, *parts, sizes]


def reset(data_dir: Path) -> None:
    """Forget all but the landing files."""
    discard_database(data_dir / "warehouse.duckdb")
    discard_database(data_dir / "build" / "insights_build.duckdb")


def layer_seconds(data_dir: Path) -> dict[str, float]:
    """Wall seconds per step of the last run, from Dagster's event log."""
    return {step: round(end - begin, 2) for step, (begin, end) in step_spans(data_dir).items()}


def step_spans(data_dir: Path) -> dict[str, tuple[float, float]]:
    """Begin and end of each step of the last run, seconds since 1970, from Dagster's event log."""
    import os

    os.environ["DAGSTER_HOME"] = str(data_dir / "dagster")
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        run_record = instance.get_run_records(limit=1)[0]
        stats = instance.get_run_step_stats(run_record.dagster_run.run_id)
    return {
        s.step_key: (s.start_time or 0.0, s.end_time or 0.0)
        for s in sorted(stats, key=lambda s: s.start_time or 0)
    }


def file_sizes(data_dir: Path) -> dict[str, float]:
    """Megabytes of the landing files, the warehouse and what is published; rows landed."""
    landing = sum(p.stat().st_size for p in (data_dir / "landing").rglob("*") if p.is_file())
    with duckdb.connect(str(data_dir / "warehouse.duckdb"), read_only=True) as con:
        row = con.execute("select sum(rows_loaded)::bigint from operations.source_files").fetchone()
    return {
        "landing_mb": round(landing / 1e6, 1),
        "warehouse_mb": round((data_dir / "warehouse.duckdb").stat().st_size / 1e6, 1),
        "published_mb": round((data_dir / "published/insights.duckdb").stat().st_size / 1e6, 1),
        "landing_rows": int(row[0]) if row else 0,
    }
