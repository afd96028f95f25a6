"""Lineage on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from orchestration.lineage.edges import ROWS, VALUE_KINDS
from orchestration.terminal import Console, literal, styled


def show_table(console: Console, found: Mapping[str, Any]) -> None:
    """Print, column by column, what the values of a table are made of, and what it feeds.

    Parameters:
        console: where to.
        found: what `look_up` returned of a table.
    """
    console.print(styled("[bold]{}[/]", found["table"]))
    table = Table(box=None, pad_edge=False)
    feeds = any("feeds" in column for column in found["columns"])
    for name in ("column", "made of", *(["feeds"] if feeds else []), "certain"):
        table.add_column(name, overflow="fold")
    for column in found["columns"]:
        made = [_edge(e) for e in column["reads"] if e["kind"] in VALUE_KINDS]
        fed = [", ".join(sorted({e["table"] for e in column["feeds"]}))] if feeds else []
        table.add_row(
            literal(column["column"]), literal("\n".join(made)), *map(literal, fed), _doubt(column)
        )
    console.print(table)
    if found["is_model"]:
        console.print(
            styled(
                "What decides its rows, and where a column comes from in the end: c360 lineage {}",
                f"{found['table']}.COLUMN",
            ),
            soft_wrap=True,
        )


def show_column(console: Console, found: Mapping[str, Any]) -> None:
    """Print all that is known of one column.

    Parameters:
        console: where to.
        found: what `look_up` returned of a column.
    """
    [column] = found["columns"]
    console.print(styled("[bold]{}[/]", f"{found['table']}.{column['column']}"))
    if column["reason"]:
        console.print(styled("Not certain: {}.", column["reason"]), soft_wrap=True)
    elif not column["is_certain_throughout"]:
        console.print("Certain here; something that it follows from is not.")
    if not found["is_model"]:
        console.print("No model makes it.")
    _list(console, "Reads", column["reads"])
    _list(console, "In the end", column["origins"])
    _list(console, "Feeds", column.get("feeds", ()))


def _list(console: Console, title: str, edges: Sequence[Mapping[str, str]]) -> None:
    if not edges:
        return
    console.print(styled("\n[bold]{}[/]", title))
    by_kind: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        by_kind.setdefault((edge["kind"], edge["table"]), []).append(edge["column"])
    table = Table(box=None, show_header=False, pad_edge=False)
    for (kind, name), columns in by_kind.items():
        shown = ", ".join("its rows" if one == ROWS else one for one in columns)
        table.add_row(literal(kind), literal(name), literal(shown))
    console.print(table)


def _edge(edge: Mapping[str, str]) -> str:
    return f"{edge['table']}.{edge['column']}  {edge['kind']}"


def _doubt(column: Mapping[str, Any]) -> str:
    if column["reason"]:
        return literal(f"no: {column['reason']}")
    return "yes" if column["is_certain_throughout"] else "here"
