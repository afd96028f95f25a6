"""`clv`: fit lifetime value models to N customers and score them all, beside other libraries.

Ours fits three purchase models and the model of amounts at two moments, scores every distinct
history for all of them, and joins the best to the customers. The others fit BG/NBD and Gamma-Gamma
once, as their guides show it. They are run by the interpreter that C360_CLV_PEERS names, because
they are no part of this project.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from benchmarks.clv_customers import make
from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from orchestration.errors import UserError
from orchestration.terminal import Console

PEERS = "C360_CLV_PEERS"
LIBRARIES = ("lifetimes", "pymc-marketing")


def run(customers: int, console: Console) -> list[Measurement]:
    """Fit and score.

    Parameters:
        customers: how many.
        console: where progress goes.

    Returns:
        A measurement for ours and for each library that is there.
    """
    folder = RESULTS / f"clv_{customers}"
    environment = environment_for(folder)
    source = make(folder / "customers.duckdb", customers)
    console.print("ours")
    results = [measure("ours", child("benchmarks.clv_score", str(source)), environment)]
    console.print(str(results[0].output))
    interpreter = os.environ.get(PEERS)
    if not interpreter or not Path(interpreter).exists():
        console.print(
            f"lifetimes and pymc-marketing are left out: {PEERS} names no interpreter that has "
            "them."
        )
        return results
    for library in LIBRARIES:
        console.print(library)
        script = str(Path(__file__).parent / "clv_peers.py")
        command = [interpreter, script, library, str(_as_csv(source))]
        try:
            results.append(measure(library, command, environment))
        except UserError as error:
            # A size that a library does not survive is a result, too.
            results.append(Measurement(library, 0.0, 0.0, 0.0, f"did not survive: {error}"))
        console.print(str(results[-1].output))
    return results


def _as_csv(source: Path) -> Path:
    path = source.with_suffix(".csv")
    if not path.exists():
        with duckdb.connect(str(source), read_only=True) as con:
            con.execute(
                "copy (select frequency, recency_days / 7 as recency, age_days / 7 as T, "
                "coalesce(mean_repeat_amount, 0) as monetary_value from inputs "
                f"where split = 'refresh' order by profile_id) to '{path}' (header)"
            )
    return path
