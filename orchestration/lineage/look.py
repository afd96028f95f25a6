"""What is known of a table's or a column's lineage, for `c360 lineage`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.lineage.edges import DECISION_KINDS, ROWS, VALUE_KINDS
from orchestration.lineage.origins import DECISION, VALUE, Lineage, Name, Origins
from orchestration.lineage.store import COLUMNS, EDGES, read_lineage

KINDS = (*VALUE_KINDS, *DECISION_KINDS)
NO_LINEAGE = (
    "The warehouse knows no lineage yet: its last run did not get that far, or was one of an "
    "earlier version. Run `c360 run` first."
)


def look_up(con: duckdb.DuckDBPyConnection, asked: str, with_feeds: bool) -> dict[str, Any]:
    """What a table's columns, or one column, read, follow from and feed.

    Parameters:
        con: a connection to the warehouse.
        asked: `schema.table`, `schema.table.column`, or either without its schema.
        with_feeds: also what follows from it.

    Raises:
        UserError: there is no such table or column; the nearest names are said.
    """
    lineage = read_lineage(con)
    if not lineage.names:
        raise UserError(NO_LINEAGE, 3)
    table, column = _named(asked.lower(), lineage.names)
    own = con.execute(
        f"select column_name, is_certain, is_certain_throughout, reason from {COLUMNS} "
        "where model = ? order by column_index",
        [table],
    ).fetchall()
    read = con.execute(
        f"select column_name, from_table, from_column, kind from {EDGES} where model = ?", [table]
    ).fetchall()
    origins = lineage.origins() if own else {}
    known = {name: (certain, throughout, reason) for name, certain, throughout, reason in own}
    # Of a table that no model makes, the columns that somebody reads are known.
    names = [*known] or sorted(n.column for n in lineage.names if n.table == table)
    columns = []
    for name in [column] if column else [n for n in names if n != ROWS]:
        certain, throughout, reason = known.get(name, (True, True, None))
        shown: dict[str, Any] = {
            "column": name,
            "is_certain": certain,
            "is_certain_throughout": throughout,
            "reason": reason,
            "reads": _edges(read, name),
            "origins": _origins(origins, Name(table, name)),
        }
        if with_feeds:
            shown["feeds"] = _feeds(lineage, Name(table, name))
        columns.append(shown)
    return {"table": table, "is_model": bool(own), "columns": columns}


def _edges(read: Sequence[tuple[str, str, str, str]], column: str) -> list[dict[str, str]]:
    """Direct edges, those of the rows among them."""
    found = {(KINDS.index(kind), t, c) for of, t, c, kind in read if of in (column, ROWS)}
    return [{"kind": KINDS[place], "table": t, "column": c} for place, t, c in sorted(found)]


def _origins(origins: dict[Name, Origins], name: Name) -> list[dict[str, str]]:
    if name not in origins:
        return []
    decisions = origins[name].decisions | origins[Name(name.table, ROWS)].decisions
    both = ((VALUE, origins[name].values), (DECISION, decisions))
    return [
        {"kind": kind, "table": one.table, "column": one.column}
        for kind, names in both
        for one in sorted(names)
    ]


def _feeds(lineage: Lineage, name: Name) -> list[dict[str, str]]:
    found = lineage.fed_by(name)
    return [
        {"kind": kind, "table": one.table, "column": one.column}
        for kind in (VALUE, DECISION)
        for one, its in found.items()
        if its == kind
    ]


def _named(asked: str, names: Collection[Name]) -> tuple[str, str | None]:
    tables = sorted({name.table for name in names})
    bare: dict[str, list[str]] = {}
    for table in tables:
        bare.setdefault(table.partition(".")[2], []).append(table)
    head, _, last = asked.rpartition(".")
    for table, column in ((asked, None), (head, last)):
        found = [table] if table in tables else bare.get(table, [])
        if len(found) > 1:
            raise UserError(f"Several tables are called {table}: say {' or '.join(found)}.", 2)
        if not found:
            continue
        of_table = sorted(n.column for n in names if n.table == found[0] and n.column != ROWS)
        if column is None or column in of_table:
            return found[0], column
        raise UserError(
            f"{found[0]} has no column {column[:60]} that lineage knows. {_near(column, of_table)}",
            2,
        )
    spelled = [*tables, *bare, *(f"{n.table}.{n.column}" for n in names if n.column != ROWS)]
    raise UserError(f"Lineage knows no table {asked[:60]}. {_near(asked, spelled)}", 2)


def _near(asked: str, known: Sequence[str]) -> str:
    near = get_close_matches(asked, known, n=3, cutoff=0.4)
    return (
        f"Nearest: {', '.join(near)}." if near else f"There are {len(known)} names; see the models."
    )
