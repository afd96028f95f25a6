"""Which models, tests and gates have passed since they were last touched.

A gate looks at a layer as a whole. That says nothing about a model that a kill or a click left
unbuilt, about a test that failed in an earlier run, or about a layer before it that was built again
since. So what passed is written down when it has passed, and taken away, with all that follows from
it, before anything is touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.settings import LAYERS

GATES = ("ingest", "quarantine", *LAYERS)
"""The gates in the order of the chain; `quarantine` stands beside that of staging."""
PASSED = ("success", "pass", "warn")


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `operations.node_results` and `operations.gate_results`."""
    con.execute("create schema if not exists operations")
    con.execute(
        "create table if not exists operations.node_results "
        "(unique_id varchar, status varchar, finished_at timestamp)"
    )
    con.execute(
        "create table if not exists operations.gate_results (gate varchar, passed_at timestamp)"
    )


def keep_results(con: duckdb.DuckDBPyConnection, statuses: Mapping[str, str]) -> None:
    """Write down what dbt reported of nodes.

    Parameters:
        con: a connection to the warehouse.
        statuses: dbt's status by unique id.
    """
    prepare(con)
    names = list(statuses)
    con.execute("begin")
    con.execute(
        "delete from operations.node_results where unique_id in (select unnest(?))", [names]
    )
    con.execute(
        "insert into operations.node_results select unnest(?), unnest(?), ?",
        [names, list(statuses.values()), _now()],
    )
    con.execute("commit")


def forget_results(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], touched: Collection[str]
) -> None:
    """Take away what is known of nodes and of all that follows from them.

    Parameters:
        con: a connection to the warehouse.
        manifest: dbt's manifest.json.
        touched: unique ids of the nodes about to be built.
    """
    prepare(con)
    gone = sorted(descendants(manifest, touched))
    con.execute("delete from operations.node_results where unique_id in (select unnest(?))", [gone])


def descendants(manifest: Mapping[str, Any], unique_ids: Collection[str]) -> set[str]:
    """The nodes and everything that depends on them, tests included."""
    children: Mapping[str, Sequence[str]] = manifest["child_map"]
    found: set[str] = set()
    left = list(unique_ids)
    while left:
        unique_id = left.pop()
        if unique_id not in found:
            found.add(unique_id)
            left.extend(children.get(unique_id, ()))
    return found


def nodes_of(manifest: Mapping[str, Any], layer: str) -> list[str]:
    """The models, seeds and tests that a build of a layer runs, by unique id."""
    kinds = ("model", "seed", "test")
    return sorted(
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in kinds
        and node["fqn"][1] == layer
        and node["config"].get("materialized") != "ephemeral"
    )


def unproven(con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], layer: str) -> list[str]:
    """The nodes of a layer that have not passed since they were last touched, by unique id."""
    prepare(con)
    passed = {
        name
        for (name,) in con.execute(
            "select unique_id from operations.node_results where status in (select unnest(?))",
            [list(PASSED)],
        ).fetchall()
    }
    return [unique_id for unique_id in nodes_of(manifest, layer) if unique_id not in passed]


def first_gate_after(layer: str) -> str:
    """The first gate that judges a layer or anything that follows from it."""
    return "quarantine" if layer in ("policy", "staging") else layer


def close_gates(con: duckdb.DuckDBPyConnection, first: str) -> None:
    """Forget that a gate and all after it have passed; called before what it guards is touched.

    Parameters:
        con: a connection to the warehouse.
        first: a name of `GATES`.
    """
    prepare(con)
    con.execute(
        "delete from operations.gate_results where gate in (select unnest(?))",
        [list(GATES[GATES.index(first) :])],
    )


def open_gate(con: duckdb.DuckDBPyConnection, gate: str) -> None:
    """Write down that a gate has passed."""
    prepare(con)
    con.execute("delete from operations.gate_results where gate = ?", [gate])
    con.execute("insert into operations.gate_results values (?, ?)", [gate, _now()])


def passed_gates(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """When each gate has passed, UTC, in the order of the chain; those that have not are absent."""
    prepare(con)
    found = dict(con.execute("select gate, passed_at from operations.gate_results").fetchall())
    return {gate: f"{found[gate]:%Y-%m-%dT%H:%M:%S}+00:00" for gate in GATES if gate in found}


def closed_before(con: duckdb.DuckDBPyConnection, gate: str) -> list[str]:
    """The gates before one that have not passed since what they guard was last touched."""
    passed = passed_gates(con)
    return [name for name in GATES[: GATES.index(gate)] if name not in passed]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
