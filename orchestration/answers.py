"""The rows of an answer as a table, as CSV and as JSON, with nothing cut and nothing guessed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from orchestration.errors import UserError
from orchestration.terminal import Console, literal

NULL = "NULL"
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
           "UINTEGER", "UBIGINT", "UHUGEINT", "BIGNUM", "DECIMAL", "FLOAT", "DOUBLE")  # fmt: skip
NOT_IN_JSON = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

Row = Sequence[str | None]


class _Token(str):
    """A text that is JSON already."""


def json_of(names: Sequence[str], types: Sequence[str], rows: Sequence[Row]) -> str:
    """The rows as a JSON array of objects.

    Numbers stand as DuckDB writes them, digit for digit; what JSON has no number for (NaN,
    Infinity) stands as text. Instants are ISO 8601, lists, structs and maps are JSON.

    Parameters:
        names: of the columns.
        types: DuckDB's types of them.
        rows: values as DuckDB writes them, nested ones as JSON.

    Raises:
        UserError: two columns have the same name, which an object can't hold.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError(
            f"Two columns of the answer are named {twice[0]!r}, and JSON can hold one. Name them "
            "apart with `as`.",
            2,
        )
    keys = [json.dumps(name) for name in names]
    lines = [
        "  {\n"
        + ",\n".join(
            f"    {key}: {_json(_value(value, kind))}"
            for key, value, kind in zip(keys, row, types, strict=True)
        )
        + "\n  }"
        for row in rows
    ]
    return "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"


def _value(text: str | None, kind: str) -> Any:
    if text is None:
        return None
    if kind == "BOOLEAN":
        return text == "true"
    if kind.split("(")[0] in NUMBERS:
        return _Token(text) if NUMBER.fullmatch(text) else NOT_IN_JSON.get(text, text)
    if kind.startswith("TIMESTAMP"):
        return _instant(text)
    if kind.endswith("]") or kind.split("(")[0] in ("STRUCT", "MAP", "UNION", "JSON", "VARIANT"):
        return json.loads(text, parse_float=_Token, parse_constant=str, object_pairs_hook=tuple)
    return text


def _instant(text: str) -> str:
    found = re.fullmatch(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)?(:\d\d)?", text)
    if not found:
        return text
    day, time, hours, minutes = found.groups()
    return f"{day}T{time}" + (f"{hours}{minutes or ':00'}" if hours else "")


def _json(value: Any) -> str:
    if isinstance(value, _Token):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(item)}" for key, item in value) + "}"
    return json.dumps(value)


def csv_of(names: Sequence[str], rows: Sequence[Row]) -> str:
    """The rows as CSV (RFC 4180): null is nothing, the empty text is `""`.

    Parameters:
        names: of the columns, the first line.
        rows: values as DuckDB writes them.
    """
    return "".join(",".join(map(_field, row)) + "\r\n" for row in (names, *rows))


def _field(value: str | None) -> str:
    if value is None:
        return ""
    if value and not re.search(r'[",\r\n]|^\s|\s$', value):
        return value
    return '"' + value.replace('"', '""') + '"'


def show_table(
    console: Console, names: Sequence[str], types: Sequence[str], rows: Sequence[Row]
) -> None:
    """Print the rows as a table, or one below the other where the terminal is too narrow for it.

    Parameters:
        console: where to; what is no terminal gets the width that the table needs.
        names: of the columns.
        types: DuckDB's types of them; numbers stand to the right.
        rows: values as DuckDB writes them.
    """
    if list(names) == ["explain_key", "explain_value"]:
        for row in rows:
            console.print(Text(row[1] or ""), soft_wrap=True)
        return
    table = Table()
    for name, kind in zip(names, types, strict=True):
        right = kind.split("(")[0] in NUMBERS
        table.add_column(Text(literal(name)), justify="right" if right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    needed = console.measure(table, options=console.options.update(width=10**6)).maximum
    if needed <= console.width or not console.is_terminal:
        there, console.width = console.width, needed
        console.print(table)
        console.width = there
        return
    widest = max(Text(literal(name)).cell_len for name in names)
    for number, row in enumerate(rows, start=1):
        console.print(Text(f"row {number}", style="bold"))
        for name, value in zip(names, row, strict=True):
            label = Text(literal(name), style="dim")
            label.align("left", widest)
            console.print(Text("  ").join([Text(), label, _cell(value)]), soft_wrap=True)


def _cell(value: str | None) -> Text:
    return Text(NULL, style="dim") if value is None else Text(literal(value))
