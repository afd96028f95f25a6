"""`profile`: one wide row per person, ours beside one hand-written query over the same tables.

Ours is the models' SQL as dbt compiles it, with two merge policies side by side; the query,
`by_hand/profile.sql`, has one. Both write the same rows, or the benchmark fails. Then one person in
a hundred has news: dbt refreshes the models as in a run, and the query is asked again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from orchestration.errors import UserError
from orchestration.terminal import Console

BYTES_PER_CUSTOMER = 3_000
"""Input, both outputs and what spills, with room to spare."""
QUERY = Path(__file__).parent / "by_hand" / "profile.sql"


def run(customers: int, console: Console) -> list[Measurement]:
    """Measure both ways over everybody, then after news of one in a hundred.

    Parameters:
        customers: how many people.
        console: where progress goes.

    Returns:
        A measurement each and their ratios.

    Raises:
        UserError: there is not enough room on the disk, or the rows are not the same.
    """
    folder = RESULTS / f"profile_{customers}"
    environment = environment_for(folder)

    def take(name: str, way: str, *arguments: str) -> Measurement:
        console.print(f"profile, {name}")
        command = child("benchmarks.profile_models", way, str(folder), *arguments)
        return measure(name, command, environment)

    free, needed = shutil.disk_usage(folder).free, customers * BYTES_PER_CUSTOMER
    if free < needed:
        raise UserError(
            f"{folder} has {free / 1e9:.0f} GB left; this benchmark needs {needed / 1e9:.0f} GB. "
            "Take fewer customers."
        )
    # News are written into the input, so each round has its own.
    (folder / "warehouse.duckdb").unlink(missing_ok=True)
    take("its input", "make", str(customers))
    take("policy", "seed")
    take("compiled", "compile")
    results, ratios = [], {}
    for when, way in (("everybody", "models"), ("one per cent of news", "refresh")):
        if way == "refresh":
            take("news", "news")
        ours, theirs = take(f"ours, {when}", way), take(f"by hand, {when}", "query", str(QUERY))
        differing = take("compared", "compare").output
        if differing != [0, 0]:
            raise UserError(f"The rows differ, {when}: {differing[0]} ours, {differing[1]} theirs.")
        results += [ours, theirs]
        # dbt's start is no part of a refresh: a run pays for it once.
        cpu = ours.output.get("cpu", ours.cpu_seconds)
        wall = ours.output.get("wall", ours.wall_seconds)
        ratios[when] = {
            "wall, ours / by hand": round(wall / theirs.wall_seconds, 2),
            "cpu, ours / by hand": round(cpu / theirs.cpu_seconds, 2),
            "seconds": ours.output,
        }
    console.print(ratios)
    return [*results, Measurement("ratios", 0.0, 0.0, 0.0, ratios)]
