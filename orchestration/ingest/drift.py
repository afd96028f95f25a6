"""The columns of a file against those declared: what is new, missing or of another type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestration.errors import UserError
from orchestration.ingest.declarations import Column, SourceTable

INTEGERS = {"tinyint", "smallint", "integer", "int", "bigint", "utinyint", "usmallint", "uinteger"}


@dataclass(frozen=True)
class Change:
    """A difference between a file and the declaration.

    Attributes:
        column_name: the column as the file names it; as landing does when the file lacks it.
        change: new, missing or retyped.
        declared_type: None for a new column.
        found_type: None for a missing one, and in formats without types.
        policy: what the source says to do: stop, ignore or evolve.
    """

    column_name: str
    change: str
    declared_type: str | None
    found_type: str | None
    policy: str


@dataclass(frozen=True)
class Matched:
    """How the columns of landing are fed.

    Attributes:
        feeds: per column of landing the name in the file, None where the file has none.
        changes: all differences, whatever the policy.
    """

    feeds: tuple[tuple[Column, str | None], ...]
    changes: tuple[Change, ...]


def match_columns(
    table: SourceTable, found: Mapping[str, str | None], source_file: str, keys_only: bool = False
) -> Matched:
    """Match a file's columns with the declared ones and apply the source's policy.

    Parameters:
        table: the declared source table.
        found: the file's column names in order, with types where the format has them.
        source_file: for the message.
        keys_only: whether missing columns are normal, as in a file of deletions.

    Raises:
        UserError: a change for which the policy is `stop`; names all of them.
    """
    by_name = {name.strip(): name for name in reversed(list(found))}
    by_name |= {name: name for name in found}
    feeds: list[tuple[Column, str | None]] = []
    changes: list[Change] = []
    key = table.keyed.key if table.keyed else None
    for column in table.columns:
        name = by_name.get(column.source_name)
        kind = found.get(name) if name is not None else None
        if name is None and not keys_only:
            change = _change(table, column.source_name, "missing", column.data_type, None)
            changes.append(replace(change, policy="stop") if column.name == key else change)
        if kind and not column.is_text and _differs(column.data_type, kind):
            change = _change(table, column.source_name, "retyped", column.data_type, kind)
            changes.append(change)
            if change.policy == "evolve":
                column = Column(column.name, column.source_name)
        feeds.append((column, name))
    taken = {name for _, name in feeds}
    for name, kind in found.items():
        if name in taken or not name.strip():
            continue
        change = _change(table, name.strip(), "new", None, kind)
        changes.append(change)
        if change.policy == "evolve" and name.strip() not in table.column_names:
            feeds.append((Column(name.strip()), name))
    stopped = [change for change in changes if change.policy == "stop"]
    if stopped:
        raise UserError(_stop_text(table, source_file, stopped))
    return Matched(tuple(feeds), tuple(changes))


def _change(
    table: SourceTable, name: str, change: str, declared: str | None, found: str | None
) -> Change:
    return Change(name, change, declared, found, table.on_schema_change[change])


def _differs(declared: str, found: str) -> bool:
    declared, found = declared.lower(), found.lower()
    return declared != found and not (declared in INTEGERS and found in INTEGERS)


def _stop_text(table: SourceTable, source_file: str, stopped: list[Change]) -> str:
    sentences = {
        "new": "has the new column {0}",
        "missing": "lacks the column {0}",
        "retyped": "has {2} in the column {0}, which is declared as {1}",
    }
    found = "; ".join(
        sentences[c.change].format(c.column_name, c.declared_type, c.found_type) for c in stopped
    )
    remedy = (
        "or declare the column there as an attribute (docs/attributes.md)"
        if table.keyed
        else "or set on_schema_change there (docs/files.md)"
    )
    return (
        f"{source_file}: the header {found}. Source {table.label} expects the columns "
        f"{', '.join(column.source_name for column in table.columns)}. Correct the file, change "
        f"the declaration in {table.declared_in or 'the sources YAML'}, {remedy}."
    )
