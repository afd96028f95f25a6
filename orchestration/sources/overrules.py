"""What the user says of a column wins over what was recognised; what nobody knows is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from orchestration.errors import UserError
from orchestration.sources.drafts import Column, Table
from orchestration.sources.evidence import EPOCHS
from orchestration.sources.names import known_meanings, meanings

IGNORE = "ignore"
TYPES = ("text", "integer", "decimal", "date", "instant")
UNITS = {"cents": 2, "units": 0}
MARKS = {"decimal_point": ".", "decimal_comma": ","}
CODE = re.compile(r"[^:%/]+:[a-z_]+")
ZONE = re.compile(r"[+-]\d{2}:\d{2}|[A-Z]\w+(/\w+)+|UTC")


def meaning_said(text: str) -> str:
    """The meaning that a user's word has: `customer_id`, or a name that is known to mean it.

    Raises:
        UserError: nobody knows it; the nearest ones are named.
    """
    wanted = text.strip()
    known = known_meanings()
    if wanted in known or wanted == IGNORE:
        return wanted
    if found := meanings(wanted):
        return found[0].means
    raise UserError(f"--rename: there is no meaning {wanted[:40]}. {_nearest(wanted, known)}", 2)


def overrule_values(
    tables: Sequence[Table], formats: Sequence[tuple[str, str]], types: Mapping[str, str]
) -> None:
    """Apply `--format` and `--type` to described columns.

    Parameters:
        tables: the tables of the source.
        formats: by column's name, `table.column` where several have it; a column may have several.
        types: one of TYPES by column's name.

    Raises:
        UserError: no table has the column, or there is no such format or type.
    """
    for name, said in types.items():
        if said not in TYPES:
            raise UserError(f"--type: there is no type {said[:40]}. {_nearest(said, TYPES)}", 2)
        for column in columns_named(tables, name, "--type"):
            column.said.add("type")
            if said in ("text", "integer", "decimal"):
                column.formats = ()
                column.shares |= dict.fromkeys(("number", "integer"), float(said != "text"))
            else:
                column.formats = column.formats or ("iso",)
    for name, said in formats:
        for column in columns_named(tables, name, "--format"):
            _format(column, said)


def columns_named(tables: Sequence[Table], name: str, option: str) -> list[Column]:
    """The columns that a user's option names, by their name in the file.

    Raises:
        UserError: there is none.
    """
    wanted = name.strip()
    found = [
        c for t in tables for c in t.columns
        if wanted in (c.title, c.name, f"{t.name}.{c.title}")
    ]  # fmt: skip
    if not found:
        raise UserError(f"{option} names the column {wanted[:60]}, and no table has it.", 2)
    return found


def _format(column: Column, said: str) -> None:
    if said in UNITS:
        column.minor_digits = UNITS[said]
        column.said.add("unit")
    elif said in MARKS:
        column.decimal_mark = MARKS[said]
        column.said.add("mark")
    elif ZONE.fullmatch(said):
        column.zone = said
        column.said.add("zone")
    elif CODE.fullmatch(said):
        value, code = said.lower().rsplit(":", 1)
        column.codes[value.strip()] = code.strip()
        column.said.add("codes")
    elif said in ("iso", *EPOCHS) or re.fullmatch(r"[\w %:/.,-]*%[\w %:/.,-]*", said):
        column.formats = (said,)
        column.said.add("format")
    else:
        known = ("iso", *EPOCHS, *UNITS, *MARKS)
        raise UserError(
            f"--format: there is no format {said[:40]}. {_nearest(said, known)} Dates may be "
            "written as %d.%m.%Y, time zones as +01:00 or Europe/Berlin, codes as open:completed.",
            2,
        )


def _nearest(wanted: str, known: Sequence[str]) -> str:
    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    return f"Nearest: {', '.join(near)}." if near else "docs/sources.md has all of them."
