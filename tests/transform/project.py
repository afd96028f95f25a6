"""A project of five nodes, as dbt's manifest describes it, over tables in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import clock
from orchestration.ingest import state
from orchestration.settings import Settings
from orchestration.transform import layer_build
from orchestration.transform.dbt import NodeResult
from orchestration.transform.decisions import Decision, Decisions
from orchestration.transform.layer_build import LayerBuild
from orchestration.transform.node_states import descendants

SEED, STAGED, ORDERS, TOTALS = (
    "seed.shop.rates",
    "model.shop.stg_orders",
    "model.shop.orders",
    "model.shop.totals",
)
UNIQUE, DAILY = "test.shop.unique_orders", "model.shop.daily"
NODES = (SEED, STAGED, ORDERS, TOTALS, DAILY, UNIQUE)


def manifest() -> dict[str, Any]:
    """dbt's manifest of the project."""
    reads = {
        STAGED: ["source.shop.orders"],
        ORDERS: [STAGED, SEED],
        TOTALS: [ORDERS],
        DAILY: [SEED],
        UNIQUE: [ORDERS],
        SEED: [],
    }
    macros = {DAILY: ["macro.shop.today"], TOTALS: ["macro.shop.rounded"]}
    nodes = {
        unique_id: {
            "unique_id": unique_id,
            "name": unique_id.split(".")[2],
            "resource_type": unique_id.split(".")[0],
            "fqn": ["shop", "all", unique_id.split(".")[2]],
            "raw_code": f"select * from {read}",
            "language": "sql",
            "config": {
                "materialized": "table",
                "meta": {"owner": "me"},
                "incremental_strategy": None,
            },
            "columns": {},
            "original_file_path": "seeds/rates.csv",
            "relation_name": None if unique_id == UNIQUE else f'main."{unique_id.split(".")[2]}"',
            "depends_on": {"nodes": read, "macros": macros.get(unique_id, [])},
        }
        for unique_id, read in reads.items()
    }
    children: dict[str, list[str]] = {}
    for unique_id, read in reads.items():
        for parent in read:
            children.setdefault(parent, []).append(unique_id)
    return {
        "metadata": {"project_name": "shop"},
        "nodes": nodes,
        "sources": {
            "source.shop.orders": {
                "source_name": "shop",
                "name": "orders",
                "relation_name": "main.landed",
            }
        },
        "macros": {
            "macro.shop.today": _macro("today", "current_date"),
            "macro.shop.rounded": _macro("rounded", "round(x, 2)", "macro.shop.places"),
            "macro.shop.places": _macro("places", "2"),
        },
        "child_map": children,
    }


def _macro(name: str, text: str, *calls: str) -> dict[str, Any]:
    return {
        "name": name,
        "package_name": "shop",
        "macro_sql": text,
        "depends_on": {"macros": list(calls)},
    }


class Shop:
    """The project, built once.

    Attributes:
        con: the warehouse, in memory.
        manifest: may be changed, as an edit of the project would.
        changes: how many rows each refresh changes.
    """

    def __init__(self, folder: Path, con: duckdb.DuckDBPyConnection) -> None:
        project = folder / "project"
        (project / "seeds").mkdir(parents=True)
        (project / "dbt_project.yml").write_text("name: shop\nvars: {limit: 3, other: 1}\n")
        self.seed = project / "seeds" / "rates.csv"
        self.seed.write_text("currency,rate\nEUR,1\n")
        self.settings = Settings(folder / "data", folder / "landing", project)
        self.con = con
        self.manifest = manifest()
        state.prepare(con)
        self.changes = 1
        self.load("a.csv")
        for node in NODES:
            if not node.startswith("test."):
                con.execute(
                    f"create table {self.manifest['nodes'][node]['relation_name']} as select 1 as x"
                )
        self.make()

    def load(self, name: str) -> None:
        """Have a file loaded."""
        self.con.execute(
            "insert into operations.source_files by name select ? as source_file, "
            "'hash' as content_hash, 'shop' as source_system, 'orders' as source_table",
            [name],
        )

    def decide(self) -> dict[str, Decision]:
        """What a run would do with each node."""
        return Decisions(self.settings, self.manifest).decide(self.con, NODES)

    def actions(self) -> dict[str, str]:
        """What a run would do with the nodes that it does not skip."""
        return {u.split(".")[2]: d.action for u, d in self.decide().items() if d.action != "skip"}

    def make(
        self,
        asked: Sequence[str] = (),
        failing: Collection[str] = (),
        only: Collection[str] = NODES,
    ) -> list[str]:
        """Do what a run would do, with a stand-in for dbt that changes no table.

        Parameters:
            asked: make these, whatever has changed.
            failing: unique ids of what fails; what reads it is left out as dbt would.
            only: the nodes that are looked at; the run is killed before the others.

        Returns:
            The names of what was made, in order; what failed and what was left out are among them.
        """
        made: list[str] = []

        def run_dbt(_: Settings, command: Sequence[str]) -> Iterator[NodeResult]:
            for node in NODES:
                if node in command:
                    made.append(node.split(".")[2])
                    left_out = any(node != f and node in self.after(f) for f in failing)
                    is_test = node.startswith("test.")
                    good, bad = ("pass", "fail") if is_test else ("success", "error")
                    if not is_test:
                        table = self.manifest["nodes"][node]["relation_name"]
                        self.con.execute(f"create table if not exists {table} as select 1 as x")
                        self.con.execute(
                            f"create or replace table operations.delta_{node.split('.')[2]} as "
                            f"from range({self.changes})"
                        )
                    status = "skipped" if left_out else bad if node in failing else good
                    yield NodeResult(node, status, 0.1, None, "")

        build = LayerBuild(self.settings, self.manifest, lambda: nullcontext(self.con), "all")
        if asked:
            build.ask_for(asked)
        else:
            build.decide(list(only))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layer_build, "run_dbt", run_dbt)
            build.make(list)
        build.keep_skipped()
        return made

    def after(self, node: str) -> set[str]:
        """A node and all that follows from it."""
        return descendants(self.manifest, [node])


def node(shop: Shop, unique_id: str) -> dict[str, object]:
    found: dict[str, object] = shop.manifest["nodes"][unique_id]
    return found


def tomorrow(monkeypatch: pytest.MonkeyPatch, days: int = 1) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=days)

    monkeypatch.setattr(clock, "datetime", Tomorrow)
