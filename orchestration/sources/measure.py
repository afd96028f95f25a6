"""How many rows the generated checks would set aside, counted on the data before it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import quoted
from orchestration.sources.drafts import Column
from orchestration.sources.model_text import checked_sql
from orchestration.sources.proposals import Proposal
from orchestration.sources.rendering import render

DEFAULT_THRESHOLD = 0.005
EMPTY = ("missing_key", "missing_reference", "invalid_timestamp", "invalid_amount")
"""Reasons that a row may have because a cell is empty."""

_KEYS = "select {} from checked where fault is null"
NO_FAULTS = ("no_record", "says_nothing", "superseded_version")


@dataclass(frozen=True)
class Quarantined:
    """Rows of one reason that a proposal would set aside.

    Attributes:
        reason: a reason of `reject_reasons`.
        column: the source column to blame.
        rows: how many.
        worst_share: the largest share of one file's rows.
        is_empty: the column is empty in all of them; else it holds what can't be read.
    """

    reason: str
    column: str | None
    rows: int
    worst_share: float
    is_empty: bool


@dataclass(frozen=True)
class Measured:
    """What a proposal would set aside.

    Attributes:
        rows: rows measured.
        worst_share: largest share of one file's rows.
        found: by reason and column, the most first.
        unread: the column whose values are there and come to nothing, and how many do, by what they
            were to be: a column of the entity or a declared attribute.
    """

    rows: int
    worst_share: float
    found: tuple[Quarantined, ...]
    unread: dict[str, tuple[Column, int]]

    @property
    def left_null(self) -> list[str]:
        """A sentence, without its full stop, for each column of which values come to nothing."""
        return [
            f"{count:,} of {column.filled:,} values of {column.title} can't be read "
            f"as {name} and count for none"
            for name, (column, count) in self.unread.items()
        ]


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
    sample = quoted(proposal.table.sample)
    known = {c.name for c in proposal.table.columns}
    blamed = sorted({c for _, _, c in proposal.checks if c in known})
    empty = "".join(
        f" when fault_column = '{c}' then "
        f"nullif(trim(cast(raw.{quoted(c)} as varchar)), '') is null"
        for c in blamed
    )
    sql = _over_sample(
        project_dir,
        source,
        proposal,
        "select checked.source_file, fault, fault_column, "
        f"{f'case{empty} end' if empty else 'true'} as is_empty, count(*) as row_count\n"
        f"from checked join {sample} as raw using (source_file, source_row) group by all",
    )
    con.execute(
        f"create or replace temp table faults as select * replace (case when fault not in "
        f"{NO_FAULTS} then fault end as fault) from ({sql})"
    )
    con.execute(
        "create or replace temp table shares as select *, "
        "row_count / sum(row_count) over (partition by source_file) as share from faults"
    )
    found = con.execute(
        "select fault, fault_column, sum(row_count)::bigint, max(share), "
        "coalesce(bool_and(is_empty), false) from (select source_file, fault, fault_column, "
        "coalesce(is_empty, false) as is_empty, sum(row_count) as row_count, sum(share) as share "
        "from shares group by all) where fault is not null "
        "group by fault, fault_column, is_empty order by 3 desc, 1, 2"
    ).fetchall()
    worst = con.execute(
        "select coalesce(max(share), 0) from (select source_file, sum(share) as share from shares "
        "where fault is not null group by source_file)"
    ).fetchall()[0][0]
    return Measured(
        proposal.table.rows,
        float(worst),
        tuple(Quarantined(*r) for r in found),
        _unread(con, project_dir, proposal),
    )


def refuse_shared_keys(
    con: duckdb.DuckDBPyConnection, project_dir: Path, source: str, proposals: Sequence[Proposal]
) -> None:
    """Two tables of a source that use the same ids would give a key twice.

    Parameters:
        con: the connection that holds the samples.
        project_dir: the dbt project, for its macros.
        source: the source's name.
        proposals: all of the source.

    Raises:
        UserError: two tables feed an entity, and some key occurs in both.
    """
    for first, second in combinations(proposals, 2):
        if first.table is second.table or first.entity.name != second.entity.name:
            continue
        keys = " intersect ".join(
            f"({_over_sample(project_dir, source, p, _KEYS.format(', '.join(p.entity.key)))})"
            for p in (first, second)
        )
        count = con.execute(f"select count(*) from ({keys})").fetchall()[0][0]
        if count:
            raise UserError(
                f"{first.table.name} and {second.table.name} both feed {first.entity.name}, and "
                f"{count:,} ids occur in both. If they mean the same, keep one table (--table); if "
                "not, add them as two sources.",
                2,
            )


def _over_sample(project_dir: Path, source: str, proposal: Proposal, select: str) -> str:
    """A query over the rows that a proposal has checked, of its sample."""
    text = f"{checked_sql(source, proposal)}\n{select}"
    return render(project_dir, text, {proposal.table.name: quoted(proposal.table.sample)})


def _unread(
    con: duckdb.DuckDBPyConnection, project_dir: Path, proposal: Proposal
) -> dict[str, tuple[Column, int]]:
    """Values of attributes that become null; a value that a row can't do without is a fault."""
    checked = {name for condition, *_ in proposal.checks for name in condition.split()}
    read = {
        name: (feed.columns[0], feed.expression)
        for name, feed in proposal.feeds.items()
        if len(feed.columns) == 1 and name not in checked and "{{ as_" in feed.expression
        and "over (" not in feed.expression and "{{ as_key" not in feed.expression
    }  # fmt: skip
    if (digits := proposal.feeds.get("birth_date_as_written")) and "birth_date" in read:
        # A day that there is not is kept by its digits.
        column, expression = read["birth_date"]
        kept = f"coalesce(cast({expression} as varchar), {digits.expression})"
        read["birth_date"] = (column, kept)
    for column in proposal.table.columns if proposal.takes_declared else ():
        if (said := column.declares.get("attribute")) is not None:
            said = {"format": "iso", "zone": "UTC", "decimal_mark": ".", **said}
            call = f"as_declared({{'name': '{column.name}', 'said': {said}}})"
            read[f"the {said['type']} {said['name']}"] = (column, f"{{{{ {call} }}}}")
    if not read:
        return {}
    counts = ", ".join(
        f"count(*) filter (({expression}) is null and "
        f"nullif(trim(cast({column.name} as varchar)), '') is not null)"
        for column, expression in read.values()
    )
    sql = f"select {counts} from {quoted(proposal.table.sample)}"
    row = con.execute(render(project_dir, sql, {})).fetchall()[0]
    return {
        name: (column, int(n))
        for (name, (column, _)), n in zip(read.items(), row, strict=True) if n
    }  # fmt: skip


def threshold_for(worst_share: float) -> float | None:
    """A threshold a little above what was seen; None when the default will do."""
    if worst_share <= DEFAULT_THRESHOLD:
        return None
    return min(1.0, round(worst_share * 1.05 + 0.005, 3))
