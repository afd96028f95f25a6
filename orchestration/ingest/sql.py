"""Quoting, for the places that take no bound parameter, and messages without data in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from orchestration.errors import without_values
from orchestration.memory import raise_shortage


def quoted(identifier: str) -> str:
    """An SQL identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def file_list(paths: Iterable[Path]) -> str:
    """A list of file names for a table function, taken as they are and not as patterns."""
    # DuckDB has no escape for its wildcards but a class of one character.
    names = ("".join(f"[{c}]" if c in "*?[" else c for c in str(path)) for path in paths)
    return "[" + ", ".join(literal(name) for name in names) + "]"


def first_line(error: Exception) -> str:
    """The first line of an error, without values: what follows it quotes the offending row.

    Raises:
        UserError: it was not what was read that failed, but the memory or temporary space for it.
    """
    raise_shortage(error, "Reading this")
    text = str(error).strip().splitlines()
    return without_values(text[0].rstrip(".")) if text else type(error).__name__
