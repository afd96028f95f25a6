"""What each node (seed, model, test) was last made from, and whether it has passed since.

dbt calls what is known of earlier runs their state; here it is a table, `operations.node_states`,
with a row per node. A row goes before its node is touched, and those of all that follow from it
lose their word: a kill, a click or a failed test leaves nothing behind that looks finished.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb

TABLE = "operations.node_states"
PASSED = ("success", "pass", "warn")


@dataclass(frozen=True)
class MadeFrom:
    """What the rows of a node follow from, or the answer of a test.

    Attributes:
        rules: a hash by the name of each part of its rules, see `NodeRules.of`.
        inputs: what each table was that it reads: the build of a node, the content of another.
        day: the day it was made on, where it reads what day it is; otherwise empty.
    """

    rules: dict[str, str]
    inputs: dict[str, str]
    day: str = ""


@dataclass(frozen=True)
class NodeState:
    """A node as it was last made.

    Attributes:
        unique_id: dbt's id.
        status: as dbt reported it.
        made_from: what it follows from.
        build: names the rows that its table holds; empty for a test.
        before: the build that these rows are a refresh of; empty when they were built whole.
        rows_hash: of its rows, where the same rows keep their build.
        seconds: how long it took.
        failures: failing rows of a test.
        measured: row count and domain numbers of its table.
        finished_at: when, UTC.
        is_touched: something that it reads was made again since.
    """

    unique_id: str
    status: str
    made_from: MadeFrom
    build: str = ""
    before: str = ""
    rows_hash: str = ""
    seconds: float = 0.0
    failures: int | None = None
    measured: dict[str, Any] = field(default_factory=dict)
    finished_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    is_touched: bool = False

    @property
    def has_passed(self) -> bool:
        """Whether it was made without a failure and nothing it reads was touched since."""
        return self.was_good and not self.is_touched

    @property
    def was_good(self) -> bool:
        """Whether it was made without a failure, whatever became of what it reads."""
        return self.status in PASSED

    @property
    def since(self) -> str:
        """When it was made, for people."""
        return f"{self.finished_at:%Y-%m-%d %H:%M} UTC"


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table where there is none."""
    con.execute("create schema if not exists operations")
    con.execute(
        f"create table if not exists {TABLE} (unique_id varchar, status varchar, "
        "made_from varchar, build varchar, before varchar, rows_hash varchar, seconds double, "
        "failures bigint, measured varchar, finished_at timestamp, is_touched boolean)"
    )


def read_states(con: duckdb.DuckDBPyConnection) -> dict[str, NodeState]:
    """What is known of every node, by unique id."""
    prepare(con)
    found = con.execute(
        "select unique_id, status, made_from, build, before, rows_hash, seconds, failures, "
        f"measured, finished_at, is_touched from {TABLE}"
    ).fetchall()
    states = {}
    for unique_id, status, made_from, *numbers, measured, finished_at, is_touched in found:
        build, before, rows_hash, seconds, failures = numbers
        states[unique_id] = NodeState(
            unique_id,
            status,
            MadeFrom(**json.loads(made_from)),
            build,
            before,
            rows_hash,
            seconds,
            failures,
            json.loads(measured),
            finished_at,
            is_touched,
        )
    return states


def keep_states(con: duckdb.DuckDBPyConnection, states: Iterable[NodeState]) -> None:
    """Write down what was made of nodes, in the place of what was known of them."""
    prepare(con)
    rows = [
        (
            state.unique_id,
            state.status,
            json.dumps(vars(state.made_from)),
            state.build,
            state.before,
            state.rows_hash,
            state.seconds,
            state.failures,
            json.dumps(state.measured),
            state.finished_at,
            state.is_touched,
        )
        for state in states
    ]
    if not rows:
        return
    con.execute("begin")
    con.execute(
        f"delete from {TABLE} where unique_id in (select unnest(?))", [[row[0] for row in rows]]
    )
    columns = [list(column) for column in zip(*rows, strict=True)]
    con.execute(f"insert into {TABLE} select {', '.join(['unnest(?)'] * len(columns))}", columns)
    con.execute("commit")


def forget_states(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], touched: Collection[str]
) -> None:
    """Before nodes are made again: they are nothing until then, what follows from them has no word.

    Parameters:
        con: a connection to the warehouse.
        manifest: dbt's manifest.json.
        touched: unique ids of the nodes about to be made.
    """
    prepare(con)
    follow = sorted(descendants(manifest, touched))
    con.execute("begin")
    con.execute(
        f"update {TABLE} set is_touched = true where unique_id in (select unnest(?))", [follow]
    )
    con.execute(f"delete from {TABLE} where unique_id in (select unnest(?))", [sorted(touched)])
    con.execute("commit")


def forget_all_states(con: duckdb.DuckDBPyConnection) -> None:
    """Have the next run make every node again, whole."""
    prepare(con)
    con.execute(f"delete from {TABLE}")


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


def unproven(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], layers: Collection[str]
) -> list[str]:
    """The nodes of layers that have not passed since they were last touched, by unique id."""
    states = read_states(con)
    return [
        unique_id
        for layer in layers
        for unique_id in nodes_of(manifest, layer)
        if unique_id not in states or not states[unique_id].has_passed
    ]
