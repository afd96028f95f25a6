"""`refresh`: identity refreshed for one per cent of new records, beside building it whole.

Both over the same warehouse, models only, without tests, which run over all rows either way. The
whole build is made with the records that arrived, after the refresh, so it scores the same pairs.
"""

from __future__ import annotations

from benchmarks.harness import Measurement, child, demo_company, environment_for, measure
from benchmarks.pipeline import reset
from orchestration.terminal import Console


def run(customers: int, console: Console) -> list[Measurement]:
    """Run the company once, let records arrive, refresh, and build whole.

    Parameters:
        customers: size of the company.
        console: where progress goes.

    Returns:
        The run, the refresh, the whole build, and a row with the refresh by either.
    """
    data_dir = demo_company(customers, console)
    environment = environment_for(data_dir)
    # What the last benchmark left has records that no file has.
    reset(data_dir)
    console.print("c360 run")
    run_all = measure("c360 run", child("orchestration.cli", "run", "--json"), environment)
    measure("arrive", child("benchmarks.refresh_identity", "arrive"), environment)
    results = []
    for way in ("refresh", "build"):
        console.print(way)
        results.append(measure(way, child("benchmarks.refresh_identity", way), environment))
    refreshed, built = results
    ratios = {
        f"{kind}, refresh / {name}": round(getattr(refreshed, kind) / getattr(whole, kind), 3)
        for name, whole in (("build", built), ("run", run_all))
        for kind in ("wall_seconds", "cpu_seconds")
    }
    return [run_all, *results, Measurement("ratios", 0.0, 0.0, 0.0, ratios)]
