"""How many rows the generated checks would set aside, counted on the data before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.ingest.sql import quoted
from orchestration.sources.model_text import checked_sql
from orchestration.sources.proposals import Proposal
from orchestration.sources.rendering import render

DEFAULT_THRESHOLD = 0.005


@dataclass(frozen=True)
class Quarantined:
    """Rows of one reason that a proposal would set aside.

    Attributes:
        reason: a reason of `reject_reasons`.
        column: the source column to blame.
        rows: how many.
    """

    reason: str
    column: str | None
    rows: int


@dataclass(frozen=True)
class Measured:
    """What a proposal would set aside.

    Attributes:
        rows: rows measured.
        worst_share: largest share of one file's rows.
        found: by reason and column, the most first.
    """

    rows: int
    worst_share: float
    found: tuple[Quarantined, ...]


def measure(
    con: duckdb.DuckDBPyConnection, project_dir: Path, source: str, proposal: Proposal
) -> Measured:
    """Run a proposal's first two steps over its sample.

    Parameters:
        con: the connection that holds the sample.
        project_dir: the dbt project, for its macros.
        source: the source's name.
        proposal: the proposal.
    """
    text = (
        checked_sql(source, proposal)
        + "\nselect source_file, fault, fault_column, count(*) as row_count"
        + "\nfrom checked group by all"
    )
    sql = render(project_dir, text, {proposal.table.name: quoted(proposal.table.sample)})
    con.execute(f"create or replace temp table faults as {sql}")
    worst = con.execute(
        "select coalesce(max(faulty / total), 0) from (select source_file, "
        "sum(row_count) as total, coalesce(sum(row_count) filter (fault is not null), 0) as faulty "
        "from faults group by source_file)"
    ).fetchall()[0]
    found = con.execute(
        "select fault, fault_column, sum(row_count)::bigint from faults where fault is not null "
        "group by all order by 3 desc, 1, 2"
    ).fetchall()
    rows = proposal.table.rows
    return Measured(rows, float(worst[0]) if worst else 0.0, tuple(Quarantined(*r) for r in found))


def threshold_for(worst_share: float) -> float | None:
    """A threshold a little above what was seen; None when the default will do."""
    if worst_share <= DEFAULT_THRESHOLD:
        return None
    return min(1.0, round(worst_share * 1.05 + 0.005, 3))
