"""Well-known exports, known by their header: what a reviewed file says of them is proposed.

A recogniser is a YAML file in `recognised/`: the headers that must be there (`*` stands for any
text), the entities that the table feeds, with an SQL expression per column and the checks, and the
traps of the export in words. In an expression `[Header]` is the column of that header,
`[zone of Header]` the time zone that the header names, and `<term>` one of the file's `terms` or
`steps`: a step is worked out before the columns, so that a window may stand upon it. A
column whose expression names a header that an export does not have is null, except `[Header?]`,
which is then null itself. A currency that only the amounts or the user can say is `currency_of`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict

from orchestration.sources import expressions as sql
from orchestration.sources.doubts import day_or_month, decimals_or_thousands
from orchestration.sources.drafts import Column, Doubt, Table
from orchestration.sources.entities import Entity
from orchestration.sources.proposals import Feed, Proposal

FOLDER = Path(__file__).with_name("recognised")
HEADER = re.compile(r"\[(zone of )?([A-Za-z][^\]\[:]*?)(\?)?\]")
INSTANTS = frozenset({"ordered_at", "booked_at", "recorded_at", "updated_at"})
READER = re.compile(r"\{\{ as_(instant|amount|decimal)\('\[([^\]]+?)\??\]'\) \}\}")
TERM = re.compile(r"<(\w+)>")


class Recogniser(BaseModel):
    """One reviewed file.

    Attributes:
        product: whose export it is.
        export: which of its exports.
        headers: patterns of names that must all be there.
        without: patterns of names that must not.
        formats: formats of files; any when empty.
        traps: what a reader of the export should know.
        terms: expressions by name.
        steps: expressions by name that get a column of their own before the others.
        entities: what it feeds, as the file says it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: str
    export: str
    headers: tuple[str, ...]
    without: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    traps: tuple[str, ...]
    terms: dict[str, str] = {}
    steps: dict[str, str] = {}
    entities: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """Product and export, for messages."""
        return f"{self.product} {self.export}"


@cache
def recognisers() -> tuple[Recogniser, ...]:
    """All recognisers, those with the most headers first."""
    found = [
        Recogniser(**yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.yml"))
    ]
    return tuple(sorted(found, key=lambda r: (-len(r.headers), r.name)))


def recognise(table: Table) -> Recogniser | None:
    """The recogniser of a table's header; None when it is no export that is known.

    Parameters:
        table: a table whose columns were read.
    """
    for known in recognisers():
        if (
            (not known.formats or table.format in known.formats)
            and all(_column(table, header) for header in known.headers)
            and not any(_column(table, header) for header in known.without)
        ):
            return known
    return None


def propose_recognised(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    known: Recogniser,
    entities: Mapping[str, Entity],
    currency: str | None,
    beside: Collection[str] = (),
) -> list[Proposal]:
    """The proposals that a recogniser makes of a table.

    Parameters:
        con: the connection that holds the sample.
        table: the table.
        known: its recogniser.
        entities: the contracts.
        currency: the currency that the user said; None when nothing.
        beside: which exports of the same product the source has beside this one.
    """
    proposals: list[Proposal] = []
    for said in known.entities:
        if not (
            all(_column(table, header) for header in said.get("with", ()))
            and all(_is_any(export, beside) for export in said.get("beside", ()))
            and not any(_is_any(export, beside) for export in said.get("unless_beside", ()))
        ):
            continue
        proposal = Proposal(
            table,
            entities[said["entity"]],
            newest_by=said.get("newest_by", "source_file"),
            is_folded=said.get("fold", False),
            notes=[f"{known.name}: {trap}" for trap in known.traps] if not proposals else [],
            part=said.get("part", ""),
            is_reviewed=True,
        )
        for name, text in said["columns"].items():
            if isinstance(text, Mapping) and "currency_of" in text:
                _feed_currency(proposal, text["currency_of"], currency)
            elif (feed := _feed(con, proposal, known, text)) is not None:
                proposal.feeds[name] = feed
        for name, text in said.get("helpers", {}).items():
            if (feed := _feed(con, proposal, known, text)) is not None:
                proposal.helpers[name] = feed
        for condition, reason, header in said["checks"]:
            blame = _column(table, header)
            proposal.check(condition, reason, blame.name if blame else None)
        for name in INSTANTS & {*proposal.feeds}:
            blame = next(iter(proposal.feeds[name].columns), None)
            proposal.check("{{ is_after_today('" + name + "') }}", "future_timestamp", blame)
        proposals.append(proposal)
    if not proposals:
        table.refused = [*table.refused, *(f"any entity: {trap}" for trap in known.traps)]
    return proposals


def _is_any(pattern: str, exports: Collection[str]) -> bool:
    return any(fnmatchcase(export, pattern) for export in exports)


def _feed_currency(proposal: Proposal, header: str, said: str | None) -> None:
    """The currency of amounts that no column names: what they name, or what the user says."""
    column = _column(proposal.table, header)
    if column is None:
        return
    named = {name for name in column.currency if re.fullmatch("[A-Z]{3}", name)}
    if said or (len(named) == len(column.currency) == 1 and named != {"USD"}):
        proposal.feeds["currency"] = Feed(f"'{said or named.pop()}'", reason="--currency or signs")
        return
    what = "nothing says of which currency its amounts are."
    proposal.doubts.append(
        Doubt(proposal.table.name, header, what, "Say it with --currency, as in --currency EUR.")
    )
    proposal.feeds["currency"] = Feed("'EUR'")


def _feed(
    con: duckdb.DuckDBPyConnection, proposal: Proposal, known: Recogniser, said: Any
) -> Feed | None:
    table = proposal.table
    if isinstance(said, Mapping):
        column = _column(table, said["of"])
        if column is None:
            return None
        code = sql.country(con, table, column)
        return Feed(code, (column,), f"{known.name}: {said['of']}") if code else None
    text = str(said)
    used: dict[str, Column] = {}
    while found := TERM.search(text):
        name = found[1]
        if name in known.steps:
            step = proposal.steps.get(name) or _feed(con, proposal, known, known.steps[name])
            if step is None:
                return None
            proposal.steps[name] = step
            used |= {column.name: column for column in step.columns}
        text = text.replace(found[0], name if name in known.steps else known.terms[name])
    text = READER.sub(lambda m: _as_written(proposal, m, used), text)
    for zone, header, optional in HEADER.findall(text):
        column = _column(table, header)
        if column is None and not optional:
            return None
        if column:
            used[column.name] = column
        value = column.name if column else "cast(null as string)"
        if zone:
            value = column.zone if column else "UTC"
        text = text.replace(f"[{zone}{header}{optional}]", value)
    reason = f"{known.name}: {', '.join(c.title for c in used.values())}"
    return Feed(_in_lines(text), tuple(used.values()), reason if used else f"{known.name}: always")


def _as_written(proposal: Proposal, call: re.Match[str], used: dict[str, Column]) -> str:
    """A value as the file writes it: a spreadsheet that saved the export has its own way."""
    column = _column(proposal.table, call[2])
    if column is None:
        return call[0]
    if call[1] == "instant":
        if not column.formats or (column.formats[0] == "iso" and column.zone == "UTC"):
            return call[0]
        proposal.doubts += day_or_month(proposal.table, column)
        read = sql.instant(column)
    else:
        proposal.doubts += decimals_or_thousands(proposal.table, column)
        if column.decimal_mark != ",":
            return call[0]
        read = f"{{{{ as_{call[1]}('{column.name}', ',') }}}}"
    used[column.name] = column
    return read


def _column(table: Table, header: str) -> Column | None:
    return next((c for c in table.columns if fnmatchcase(c.title, header)), None)


def _in_lines(text: str) -> str:
    """An expression in lines that can be read, cut where a `case` or a list goes on."""
    if len(text) < 90:
        return text
    return re.sub(r" (when|else|end|and|or|over|then) ", r"\n    \1 ", text)
