"""`ingest`: events as CSV and as Parquet into the warehouse, beside bare DuckDB and pandas.

Ours hashes the file, reads it with declared types, numbers rows, keeps rejects and writes the log;
bare DuckDB does `create table as select * from read_csv(...)` into a file of its own; pandas reads
into memory. The three take turns, so that a noisy minute hits all of them. Then one small file is
added to a short and to a long history.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from orchestration.terminal import Console

EVENTS_PER_CUSTOMER = 50
MOST_ROWS_FOR_PANDAS = 10_000_000
NEW_ROWS = 100_000
EVENTS = """
    select 'e' || i as event_id, 'c' || (i * 7919 % ({rows} // 25 + 1)) as cookie_id,
        ['page_view', 'product_view', 'add_to_cart', 'purchase'][1 + (i * 31 % 97) // 30]
            as event_type,
        timestamp '2024-01-01' + interval (i // 3) second as occurred_at,
        '/shop/product/' || (i * 104729 % 5000) as url_path,
        ['desktop', 'mobile', 'tablet'][1 + i % 3] as device_type,
        (i * 7919 % 100000) / 100.0 as amount
    from range({start}, {start} + {rows}) as t (i)
"""


def run(customers: int, console: Console) -> list[Measurement]:
    """Load events as many as 50 per customer.

    Parameters:
        customers: size of the company whose events they could be.
        console: where progress goes.

    Returns:
        Per format ours, DuckDB's own and pandas' (up to ten million rows), a row with the ratios,
        and the load of one new file into a history of one and of twenty files.
    """
    rows = customers * EVENTS_PER_CUSTOMER
    folder = RESULTS / f"events_{rows}"
    environment = environment_for(folder)
    made = []
    for kind in ("csv", "parquet"):
        path = _events(folder / kind / f"events.{kind}", rows)
        engines = ["ours", "duckdb", *(["pandas"] if rows <= MOST_ROWS_FOR_PANDAS else [])]
        for engine in engines:
            command = child("benchmarks.load_events", engine, str(path))
            found = measure(f"{kind}, {engine}", command, environment)
            rate = {
                "rows per second": round(rows / found.output["seconds"]),
                "MB per second": round(path.stat().st_size / 1e6 / found.output["seconds"], 1),
            }
            made.append(replace(found, output={**found.output, **rate}))
            console.print(f"  {made[-1].name}: {made[-1].output}")
        ours, bare = [m.output["seconds"] for m in made if m.name.startswith(f"{kind}, ")][:2]
        made.append(
            Measurement(f"{kind}, ours / duckdb", 0.0, 0.0, 0.0, {"ratio": round(ours / bare, 2)})
        )
    for files in (1, 20):
        history = folder / f"history_{files}"
        for number in range(files):
            _events(history / "landing" / f"{number:03}.csv", rows // 20, number * rows)
        new = _events(folder / "new" / "new.csv", NEW_ROWS, 10**12)
        command = child("benchmarks.load_events", "added", str(history / "landing"), str(new))
        made.append(measure(f"one new file after {files}", command, environment))
        console.print(f"  {made[-1].name}: {made[-1].output}")
    return made


def _events(path: Path, rows: int, start: int = 0) -> Path:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        kind = "format csv, header" if path.suffix == ".csv" else "format parquet"
        with duckdb.connect() as con:
            con.execute(
                "set threads = 2; set memory_limit = '2GB'; set enable_progress_bar = false"
            )
            con.execute(f"copy ({EVENTS.format(rows=rows, start=start)}) to '{partial}' ({kind})")
        partial.rename(path)
    return path
