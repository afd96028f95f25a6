"""Which gates have passed since what they guard was last touched.

A gate looks at a layer as a whole. What it has found is written down when it has passed, with what
its promises were, and taken away before anything it guards is touched. The gate of ingest guards
landing, so it has passed while landing holds what it held then.
"""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from orchestration.ingest.loaded import landing_fingerprint
from orchestration.settings import LAYERS

GATES = ("ingest", "quarantine", *LAYERS)
"""The gates in the order of the chain; `quarantine` stands beside that of staging."""
TABLE = "operations.gate_results"


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table where there is none."""
    con.execute("create schema if not exists operations")
    con.execute(
        f"create table if not exists {TABLE} (gate varchar, passed_at timestamp, "
        "promises varchar, landing varchar)"
    )


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
        f"delete from {TABLE} where gate in (select unnest(?))", [list(GATES[GATES.index(first) :])]
    )


def open_gate(con: duckdb.DuckDBPyConnection, gate: str, promises: str = "") -> None:
    """Write down that a gate has passed.

    Parameters:
        con: a connection to the warehouse.
        gate: a name of `GATES`.
        promises: names what it has looked for; empty when it is to look again in every run.
    """
    prepare(con)
    landing = landing_fingerprint(con) if gate == GATES[0] else ""
    con.execute(f"delete from {TABLE} where gate = ?", [gate])
    con.execute(
        f"insert into {TABLE} values (?, ?, ?, ?)",
        [gate, datetime.now(UTC).replace(tzinfo=None), promises, landing],
    )


def passed_gates(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """When each gate has passed, UTC, in the order of the chain; those that have not are absent."""
    prepare(con)
    found = {
        gate: f"{passed_at:%Y-%m-%dT%H:%M:%S}+00:00"
        for gate, passed_at, landing in con.execute(
            f"select gate, passed_at, landing from {TABLE}"
        ).fetchall()
        if not landing or landing == landing_fingerprint(con)
    }
    return {gate: found[gate] for gate in GATES if gate in found}


def passed_with(con: duckdb.DuckDBPyConnection, gate: str, promises: str) -> str:
    """When a gate has passed with the same promises, empty when it has to look again."""
    since = passed_gates(con).get(gate, "")
    known = con.execute(f"select promises from {TABLE} where gate = ?", [gate]).fetchone()
    return since if known == (promises,) else ""


def closed_before(con: duckdb.DuckDBPyConnection, gate: str) -> list[str]:
    """The gates before one that have not passed since what they guard was last touched."""
    passed = passed_gates(con)
    return [name for name in GATES[: GATES.index(gate)] if name not in passed]
