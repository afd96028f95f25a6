"""What all entities are fed with alike: keys, references, instants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import duckdb

from orchestration.sources import expressions as sql
from orchestration.sources.activities import whose
from orchestration.sources.drafts import Column, Table
from orchestration.sources.proposals import Proposal
from orchestration.sources.roles import Role, key_column

NO_CODE = "coalesce({0}, '') = ''"


@dataclass(frozen=True)
class Context:
    """What builders need beside the table.

    Attributes:
        con: the connection that holds the samples.
        currency: the currency that the user said; None when nothing.
    """

    con: duckdb.DuckDBPyConnection
    currency: str | None


def feed_key(p: Proposal, name: str, column: Column | None) -> None:
    """The entity's key out of a column; file and row where there is none."""
    if column is None:
        p.feed(name, sql.ROW_KEY, reason="no key of its own: file and row")
        return
    p.feed(name, (sql.key if name == "source_record_id" else sql.identifier)(column), column)
    p.check(f"{name} is null", "missing_key", column)


def feed_buyer(p: Proposal, column: Column | None) -> None:
    """Who ordered. A guest (0, NULL and the like) is nobody; an empty cell is a fault."""
    if column is not None:
        p.feed("source_record_id", sql.key(column), column)
        see_buyer(p, column)


def see_buyer(p: Proposal, column: Column) -> None:
    """A row that names no buyer is a fault; one that names nobody, such as 0, is none."""
    p.help("buyer_written", sql.identifier(column), column)
    p.check("buyer_written is null", "missing_reference", column)


def feed_reference(p: Proposal, name: str, column: Column | None) -> None:
    """A reference that a row can't do without."""
    if column is not None:
        p.feed(name, (sql.key if name == "source_record_id" else sql.identifier)(column), column)
        p.check(f"{name} is null", "missing_reference", column)


def feed_whose(p: Proposal, table: Table, reason: str = "missing_reference") -> None:
    """Whose activity it is: the customer's that it names, else of the address or number."""
    columns = whose(table)
    if columns:
        readers = {"email": _address, "phone": sql.identifier}
        read = [readers.get(c.means or "", sql.key)(c) for c in columns]
        p.feed("source_record_id", reduce(sql.either, read), *columns)
        p.check("source_record_id is null", reason, columns[0])


def _address(column: Column) -> str:
    return f"lower({sql.email(column)})"


def feed_instant(p: Proposal, name: str, column: Column | None) -> None:
    """An instant that a row can't do without."""
    if column is not None:
        p.feed(name, sql.instant(column), column)
        p.check_instant(name)
        if column.is_day_first_a_guess:
            p.notes.append(f"{column.title}: day or month first is a guess")


def own_id(table: Table, role: Role) -> Column | None:
    """The key of a fact's table, unless it is the customer's."""
    key = key_column(table)
    return key if key is not None and key is not role.customer else None
