"""Child of the benchmark `insights`. Run as `python -m benchmarks.insights_steps STEP [READER]`."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import duckdb

from orchestration.limits import Limits
from orchestration.proof import seal
from orchestration.publish.publish import publish
from orchestration.quality.assets import reporting_tables
from orchestration.questions.asking import bind
from orchestration.questions.files import names, read_question
from orchestration.reporting_names import declared_names
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import connect_published

ROUNDS = 10
"""How often a reader asks each question."""
PATIENCE_SECONDS = 60


def build(settings: Settings) -> dict[str, Any]:
    """dbt makes the reporting model; the slowest tables and their seconds."""
    begun, cpu = time.monotonic(), time.process_time()
    results = list(run_dbt(settings, ["run", "--select", "path:models/insights"]))
    close_connections()
    failed = [f"{r.unique_id}: {r.message}" for r in results if r.status != "success"]
    if failed:
        raise SystemExit("\n".join(failed))
    slowest = sorted(results, key=lambda r: -r.seconds)[:5]
    return {
        "wall": round(time.monotonic() - begun, 1),
        "cpu": round(time.process_time() - cpu, 1),
        "slowest": {r.unique_id.split(".")[-1]: round(r.seconds, 1) for r in slowest},
    }


def seal_build(settings: Settings) -> dict[str, Any]:
    """Close the build as the last gate does."""
    tables = reporting_tables(load_manifest(settings))
    proof = seal(settings, "benchmark", tables, {}, declared_names())
    return {"rows": sum(proof.tables.values()), "megabytes": round(proof.file_bytes / 1e6)}


def publish_build(settings: Settings) -> dict[str, Any]:
    """Publish through every door that the environment declares."""
    published = publish(settings)
    if published.faults:
        raise SystemExit("; ".join(published.faults))
    return {"doors": [door.name for door in published.doors]}


def ask(settings: Settings, reader: str) -> dict[str, list[float]]:
    """Every question, in an order of this reader's, so many rounds; seconds of each answer.

    Where a question is about a segment, each time another one is asked about.
    """
    dice, asked = random.Random(reader), {name: read_question(name) for name in names()}
    seconds: dict[str, list[float]] = {name: [] for name in asked}
    with connect_published(settings) as con:
        segments = con.execute(
            "select segment_name from insights.dim_segment order by 1"
        ).fetchall()
        for question in asked.values():
            con.execute(question.sql).fetchall()
        for _ in range(ROUNDS):
            order = list(asked)
            dice.shuffle(order)
            for name in order:
                of_segments = {
                    parameter: dice.choice(segments)[0]
                    for parameter, said in asked[name].header.parameters.items()
                    if said.options == "segments"
                }
                bind(con, of_segments)
                begun = time.perf_counter()
                con.execute(asked[name].sql).fetchall()
                seconds[name].append(round(time.perf_counter() - begun, 5))
                for parameter in of_segments:
                    con.execute(f"reset variable {parameter}")
    return seconds


def ask_the_layers(settings: Settings) -> dict[str, Any]:
    """Every question once, over the models' SQL instead of their tables, of today alone."""
    limits, seconds, given_up = Limits.from_env(), {}, []
    with duckdb.connect() as con:
        con.execute(f"set memory_limit = '{limits.memory_limit}'; set threads = {limits.threads}")
        con.execute(f"attach '{settings.warehouse_path}' as warehouse (read_only)")
        con.execute("attach ':memory:' as insights")
        _make_views(con, settings)
        for name in names():
            begun = time.perf_counter()
            watch = threading.Timer(PATIENCE_SECONDS, con.interrupt)
            watch.start()
            try:
                con.execute(read_question(name).sql).fetchall()
                seconds[name] = round(time.perf_counter() - begun, 2)
            except duckdb.InterruptException:
                given_up.append(name)
            finally:
                watch.cancel()
    return {
        "median_seconds": sorted(seconds.values())[len(seconds) // 2],
        "seconds": dict(sorted(seconds.items(), key=lambda e: -e[1])),
        f"not in {PATIENCE_SECONDS} s": given_up,
    }


def _make_views(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """A view for each model of insights, those that others read first."""
    compiled = settings.dbt_target_dir / "compiled" / "customer_360" / "models" / "insights"
    waiting = {path.stem: path.read_text() for path in sorted(compiled.rglob("*.sql"))}
    while waiting:
        made = set()
        for name, sql in waiting.items():
            with suppress(duckdb.CatalogException):
                con.execute(f"create view insights.main.{name} as {sql}")
                made.add(name)
        if not made:
            raise SystemExit(f"These read what is not there: {', '.join(waiting)}")
        waiting = {name: sql for name, sql in waiting.items() if name not in made}


STEPS: dict[str, Callable[..., Any]] = {
    "build": build, "seal": seal_build, "publish": publish_build, "ask": ask,
    "layers": ask_the_layers,
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](Settings.from_env(), *sys.argv[2:])))
