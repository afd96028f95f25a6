"""Measurements that can be repeated: each in a process of its own, medians over repeats.

A measurement is a child process; its wall time, CPU time and peak memory come from the kernel
(`wait4`), so nothing of the harness is in them.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT
from orchestration.terminal import Console

RESULTS = PROJECT_ROOT / "data" / "benchmarks"


@dataclass(frozen=True)
class Measurement:
    """One child process, measured.

    Attributes:
        name: what ran.
        wall_seconds: from start to end.
        cpu_seconds: user and system time of the process and what it waited for.
        peak_megabytes: largest resident set.
        output: what the child printed as its last line, if it was JSON.
        written_megabytes: what it and what it waited for sent to the disk, caches included.
        differing: tables that should be equal to those of another measurement and are not.
    """

    name: str
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    output: Any = None
    written_megabytes: float = 0.0
    differing: tuple[str, ...] = ()


def measure(
    name: str,
    command: Sequence[str],
    environment: dict[str, str],
    folder: Path = PROJECT_ROOT,
    started_as: Callable[[int], None] | None = None,
) -> Measurement:
    """Run a command and measure it.

    Parameters:
        name: what it is called in the result.
        command: program and arguments.
        environment: all of it; the output goes to a log in the folder `C360_DATA_DIR`.
        folder: where it runs.
        started_as: is told the process id at the start.

    Raises:
        UserError: the command failed; the end of its output is in the message.
    """
    log = Path(environment["C360_DATA_DIR"]) / "benchmark.log"
    started = time.monotonic()
    with log.open("w") as handle:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=handle, stderr=subprocess.STDOUT
        )
        if started_as:
            started_as(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    lines = log.read_text().strip().splitlines()
    if process.returncode:
        raise UserError(f"{name} failed with {process.returncode}: " + "\n".join(lines[-12:]))
    return Measurement(
        name,
        round(wall, 2),
        round(usage.ru_utime + usage.ru_stime, 2),
        round(usage.ru_maxrss / _RSS_UNIT, 0),
        _json(lines[-1]) if lines else None,
        round(usage.ru_oublock * _BLOCK_BYTES / 1e6, 1),
    )


# Linux counts the resident set in kilobytes, macOS in bytes.
_RSS_UNIT = 1024 * 1024 if platform.system() == "Darwin" else 1024
_BLOCK_BYTES = 512


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def child(module: str, *arguments: str) -> list[str]:
    """The command line of a child process of this project."""
    return [sys.executable, "-m", module, *arguments]


def environment_for(data_dir: Path) -> dict[str, str]:
    """The environment of a child that works in `data_dir`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "C360_DATA_DIR": str(data_dir), "COLUMNS": "160"}


def demo_company(customers: int, console: Console) -> Path:
    """A demo company of the size, made once and kept for further benchmarks.

    Returns:
        Its data folder.
    """
    data_dir = RESULTS / f"company_{customers}"
    if not (data_dir / "landing" / ".demo.json").exists():
        console.print(f"Making a company of {customers:,} people …")
        arguments = ("demo", "--customers", str(customers))
        made = measure("demo", child("orchestration.cli", *arguments), environment_for(data_dir))
        console.print(f"  {made.wall_seconds:.0f} s, {made.peak_megabytes:.0f} MB")
    return data_dir


def run_benchmark(
    name: str,
    customers: int,
    repeat: int,
    console: Console,
    keep: Path | None = None,
    rules: int = 100,
) -> dict[str, Any]:
    """Run a benchmark and keep its result as JSON under data/benchmarks.

    Parameters:
        name: one of `known` below.
        customers: size of the demo company.
        repeat: how often; medians are taken per measurement.
        console: where progress and the table go.
        rules: how many `segments` makes.
        keep: folder that `nightly` works in and leaves; the others have none.

    Returns:
        name, customers, repeat, machine, measurements (medians), and `differing`: what should have
        been equal and was not.

    Raises:
        UserError: there is no such benchmark, it keeps nothing, or a child failed.
    """
    from benchmarks import (
        activation,
        clv,
        graph,
        ingest,
        insights,
        lookup,
        nightly,
        overhead,
        pipeline,
        profile,
        rankings,
        segments,
    )
    from benchmarks.nightly_report import show

    known: dict[str, Callable[[int, Console], list[Measurement]]] = {
        "pipeline": pipeline.run,
        "overhead": overhead.run,
        "ingest": ingest.run,
        "graph": graph.run,
        "clv": clv.run,
        "deciles": rankings.run_deciles,
        "rfm": rankings.run_rfm,
        "lookup": lookup.run,
        "profile": profile.run,
        "segments": partial(segments.run, rules=rules),
        "activation": activation.run,
        "insights": insights.run,
        "nightly": partial(nightly.run, keep=keep),
    }
    if name not in known:
        raise UserError(f"There is no benchmark '{name}'. There are: {', '.join(known)}.", 2)
    if keep and (name != "nightly" or repeat > 1):
        raise UserError("--keep is for one round of the benchmark 'nightly'.", 2)
    rounds = []
    for number in range(repeat):
        console.print(f"{name}, {customers:,} people, round {number + 1} of {repeat}")
        rounds.append(known[name](customers, console))
    rows = medians(rounds)
    result: dict[str, Any] = {
        "name": name,
        "customers": customers,
        "repeat": repeat,
        "machine": {
            "cpus": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
            "children_peak_mb": round(
                resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _RSS_UNIT
            ),
        },
        "measurements": rows,
        "differing": [table for entries in rounds for m in entries for table in m.differing],
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}_{customers}.json").write_text(json.dumps(result, indent=2))
    if name == "nightly":
        show(rows, console)
        return result
    for row in rows:
        console.print(
            f"  {row['name']:<34} {row['wall_seconds']:>8.2f} s  {row['cpu_seconds']:>8.2f} cpu s"
            f"  {row['peak_megabytes']:>7.0f} MB"
        )
    return result


def medians(rounds: Sequence[Sequence[Measurement]]) -> list[dict[str, Any]]:
    """The median of each measurement over the rounds, in the order of the first round."""
    merged = []
    for entries in zip(*rounds, strict=True):
        row = asdict(entries[0])
        for field in ("wall_seconds", "cpu_seconds", "peak_megabytes", "written_megabytes"):
            row[field] = round(statistics.median(getattr(e, field) for e in entries), 2)
        merged.append(row)
    return merged
