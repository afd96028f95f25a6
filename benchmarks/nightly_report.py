"""The tables that `c360 bench nightly` ends with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from orchestration.terminal import Console

HOW = (
    "Ratios are to the last row, everything built again over the same state. The next day is made "
    "by adding a day to the process's clock; from then on all runs are on that day."
)


def show(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print what each run cost, then what each of its steps did.

    Parameters:
        rows: measurements as the benchmark's result has them.
        console: where to print.
    """
    console.print(_runs(rows))
    console.print(_steps([row for row in rows if "steps" in row["output"]]))
    for row in rows:
        if "left out" in row["output"]:
            console.print(f"{row['name']}: {row['output']['left out']}.", soft_wrap=True)
    console.print(HOW, soft_wrap=True)
    differing = rows[-1]["differing"]
    said = f"differ after the full run: {', '.join(differing)}" if differing else "are equal"
    console.print(f"Published tables before and after the full run {said}.", soft_wrap=True)


def _runs(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("run")
    for name in ("clock s", "ratio", "cpu s", "ratio", "peak MB", "written MB", "warehouse MB"):
        table.add_column(name, justify="right")
    for row in rows:
        output = row["output"]
        if "left out" in output:
            table.add_row(row["name"], "left out")
            continue
        table.add_row(
            row["name"],
            f"{row['wall_seconds']:.1f}",
            f"{output['wall by full run']:.3f}",
            f"{row['cpu_seconds']:.1f}",
            f"{output['cpu by full run']:.3f}",
            f"{row['peak_megabytes']:,.0f}",
            f"{row['written_megabytes']:,.0f}",
            f"{output['warehouse_mb']:,.0f}",
        )
    return table


def _steps(rows: Sequence[dict[str, Any]]) -> Table:
    """A row per step and a column per run: seconds by the clock and of CPU."""
    table = Table(
        box=None, pad_edge=False, title="clock s / cpu s of each step", title_justify="left"
    )
    table.add_column("step")
    for row in rows:
        table.add_column(row["name"], justify="right")
    steps = dict.fromkeys(step for row in rows for step in row["output"]["steps"])
    for step in steps:
        costs = [row["output"]["steps"].get(step) for row in rows]
        table.add_row(step, *(_cell(cost) if cost else "" for cost in costs))
    return table


def _cell(cost: dict[str, float]) -> str:
    cpu = f" / {cost['cpu_seconds']:.1f}" if "cpu_seconds" in cost else ""
    return f"{cost['seconds']:.1f}{cpu}"
