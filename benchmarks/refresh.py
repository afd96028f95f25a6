"""`refresh`: identity refreshed for one per cent of new records, beside building it whole.

Both over the same warehouse, models only, without tests, which run over all rows either way. The
whole build is made with the records that arrived, after the refresh, so it scores the same pairs.
"""

from __future__ import annotations

from rich.console import Console

from benchmarks.harness import Measurement, child, demo_company, environment_for, measure


def run(customers: int, console: Console) -> list[Measurement]:
    """Run the company once, let records arrive, refresh, and build whole.

    Parameters:
        customers: size of the company.
        console: where progress goes.

    Returns:
        The refresh, the whole build, and a row with their ratios.
    """
    data_dir = demo_company(customers, console)
    environment = environment_for(data_dir)
    console.print("c360 run")
    measure("c360 run", child("orchestration.cli", "run", "--json"), environment)
    measure("arrive", child("benchmarks.refresh_identity", "arrive"), environment)
    results = []
    for way in ("refresh", "build"):
        console.print(way)
        results.append(measure(way, child("benchmarks.refresh_identity", way), environment))
    refreshed, built = results
    ratios = {
        "wall, refresh / build": round(refreshed.wall_seconds / built.wall_seconds, 3),
        "cpu, refresh / build": round(refreshed.cpu_seconds / built.cpu_seconds, 3),
    }
    return [*results, Measurement("ratios", 0.0, 0.0, 0.0, ratios)]
