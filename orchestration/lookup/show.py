"""A person, and people found, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from orchestration.lookup.person import SECTIONS, shown_rows
from orchestration.terminal import Console, literal, styled


def show_person(console: Console, found: Mapping[str, Any]) -> None:
    """Print all that is known of a person: only what there is.

    Parameters:
        console: where to.
        found: what `look_up` returned.
    """
    console.print(styled("[bold]{}[/]", found["profile_id"]))
    for name, title in (("attributes", "Attributes"), ("measures", "Measures")):
        if found[name]:
            console.print(styled("\n[bold]{}[/]", title))
            pairs = Table(box=None, show_header=False, pad_edge=False)
            for key, value in found[name].items():
                pairs.add_row(literal(key), _text(value))
            console.print(pairs)
    for section in SECTIONS:
        if listed := shown_rows(found, section):
            console.print(styled("\n[bold]{}[/]", section.title))
            _show_rows(console, listed)


def show_people(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """Print people that were found by words, one a line.

    Parameters:
        console: where to.
        found: what `search` returned.
    """
    people = [
        {
            "profile_id": row["profile_id"],
            "name": _joined(row, "given_name", "family_name") or row["organisation_name"],
            "place": _joined(row, "postal_code", "city"),
            "email": row["email"],
            "phone": row["phone"],
            "words": row["word_count"],
        }
        for row in found
    ]
    _show_rows(console, people)


def _joined(row: Mapping[str, Any], *names: str) -> str:
    return " ".join(row[name] for name in names if row[name])


def _show_rows(console: Console, listed: Sequence[Mapping[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in listed[0]:
        table.add_column(literal(name), overflow="fold")
    for row in listed:
        table.add_row(*(_text(value) for value in row.values()))
    console.print(table)


def _text(value: Any) -> str:
    return "" if value is None else literal(str(value))
