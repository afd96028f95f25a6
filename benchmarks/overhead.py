"""`overhead`: the whole run beside the same SQL executed bare in DuckDB.

The bare run loads the same files with the same readers and executes the SQL that dbt compiled,
model by model in dbt's order, in a process that imports neither dbt nor Dagster nor Great
Expectations. It runs no tests and publishes nothing. What the ratio shows is what orchestration,
tests, gates and publishing cost together; `bare with tests` adds the compiled tests, which any
serious alternative would run too.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.harness import Measurement, child, demo_company, environment_for, measure
from benchmarks.pipeline import layer_seconds, reset
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.terminal import Console

WARMED_UP = 100_000
"""Up to so many customers the first start of the tools would show, so a run is made before."""


def run(customers: int, console: Console) -> list[Measurement]:
    """Measure `c360 run` and the bare SQL over the same company, alternating.

    Parameters:
        customers: size of the company.
        console: where progress goes.

    Returns:
        The run, bare, bare with tests, and a row with the ratios of their wall and CPU times.
    """
    data_dir = demo_company(customers, console)
    environment = environment_for(data_dir)
    command = child("orchestration.cli", "run", "--json")
    if customers <= WARMED_UP:
        measure("warm-up", command, environment)
    # From an empty warehouse, because the bare run loads every file too.
    reset(data_dir)
    whole = measure("c360 run", command, environment)
    steps = layer_seconds(data_dir)
    bare_dir = data_dir / "bare"
    plan = write_plan(data_dir, bare_dir)
    bare_environment = {**environment_for(bare_dir), "C360_LANDING_DIR": str(data_dir / "landing")}
    bare = measure("bare SQL", child("benchmarks.bare", str(plan)), bare_environment)
    tested = measure(
        "bare SQL with tests", child("benchmarks.bare", str(plan), "--tests"), bare_environment
    )
    ratios = {
        "wall, run / bare": round(whole.wall_seconds / bare.wall_seconds, 2),
        "cpu, run / bare": round(whole.cpu_seconds / bare.cpu_seconds, 2),
        "wall, run / bare with tests": round(whole.wall_seconds / tested.wall_seconds, 2),
        "steps": steps,
    }
    return [whole, bare, tested, Measurement("ratios", 0.0, 0.0, 0.0, ratios)]


def write_plan(data_dir: Path, bare_dir: Path) -> Path:
    """Write down what the last run executed: sources, SQL per model in order, SQL per test.

    Parameters:
        data_dir: a data folder after a run; its dbt target is read.
        bare_dir: where the bare run will work.

    Returns:
        The plan's path.
    """
    target = data_dir / "dbt_target"
    manifest = json.loads((target / "manifest.json").read_text())
    nodes = manifest["nodes"]
    order: list[str] = []
    seen: set[str] = set()

    def visit(unique_id: str) -> None:
        if unique_id in seen or unique_id not in nodes:
            return
        seen.add(unique_id)
        for parent in sorted(nodes[unique_id]["depends_on"].get("nodes", [])):
            visit(parent)
        order.append(unique_id)

    # Seeds first: the accounting of rows reads one that no model before it does.
    for unique_id in sorted(nodes, key=lambda node: (not node.startswith("seed."), node)):
        visit(unique_id)
    compiled = target / "compiled" / "customer_360"
    entries = []
    for unique_id in order:
        node = nodes[unique_id]
        if node["resource_type"] == "seed":
            path = DBT_PROJECT_DIR / node["original_file_path"]
            entries.append(
                {
                    "kind": "seed",
                    "name": node["relation_name"],
                    "path": str(path),
                    "types": node["config"]["column_types"],
                }
            )
            continue
        folder = (
            f"{node['path'].removesuffix('.sql')}.sql"
            if node["resource_type"] == "test"
            else node["path"]
        )
        candidates = [
            compiled / node["original_file_path"] / folder,
            compiled / "models" / folder,
            compiled / node["original_file_path"],
        ]
        path = next((c for c in candidates if c.is_file()), candidates[-1])
        entries.append(
            {
                "kind": node["resource_type"],
                "name": node.get("relation_name") or node["name"],
                "materialized": node["config"]["materialized"],
                "path": str(path),
            }
        )
    plan = bare_dir / "plan.json"
    bare_dir.mkdir(parents=True, exist_ok=True)
    content = {"manifest": str(target / "manifest.json"), "nodes": entries}
    plan.write_text(json.dumps(content, indent=1))
    return plan
