"""The tables that `c360 bench nightly` ends with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from orchestration.terminal import Console

RATIOS = "Ratios are to the last row, everything built again over the same state."
NEXT_DAY = (
    "The next day is made by adding a day to the process's clock; from then on all runs are on it."
)


def show(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """Print what each run cost, then what each of its steps did, by the clock and of CPU.

    Parameters:
        rows: measurements as the benchmark's result has them.
        console: where to print.
    """
    console.print(_runs(rows))
    for title, figure in (("clock s", "seconds"), ("cpu s", "cpu_seconds")):
        console.print(_steps(rows, title, figure))
    left_out = [
        f"{r['name']}: {r['output']['left out']}." for r in rows if "left out" in r["output"]
    ]
    differing = ", ".join(rows[-1]["differing"])
    said = (
        f"other after the full run than before it: {differing}"
        if differing
        else ("the same after the full run as before it")
    )
    for sentence in (RATIOS, *(left_out or [NEXT_DAY]), f"Published tables are {said}."):
        console.print(sentence, soft_wrap=True)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", no_wrap=name.isdigit())
    return table


def _runs(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table(
        "run", "clock s", "ratio", "cpu s", "ratio", "peak MB", "written MB", "warehouse MB"
    )
    for number, row in enumerate(rows, 1):
        name, output = f"{number} {row['name']}", row["output"]
        if "left out" in output:
            table.add_row(name, "left out")
            continue
        table.add_row(
            name,
            f"{row['wall_seconds']:.1f}",
            f"{output['wall by full run']:.3f}",
            f"{row['cpu_seconds']:.1f}",
            f"{output['cpu by full run']:.3f}",
            f"{row['peak_megabytes']:,.0f}",
            f"{row['written_megabytes']:,.0f}",
            f"{output['warehouse_mb']:,.0f}",
        )
    return table


def _steps(rows: Sequence[dict[str, Any]], title: str, figure: str) -> Table:
    """A row per step of the product, a column per run, by its number in the first table."""
    table = _table(f"{title} of step, in run", *(str(number) for number in range(1, len(rows) + 1)))
    costs = [row["output"].get("steps", {}) for row in rows]
    for step in dict.fromkeys(step for run in costs for step in run):
        figures = (run.get(step, {}).get(figure) for run in costs)
        table.add_row(step, *("" if found is None else f"{found:.1f}" for found in figures))
    return table
