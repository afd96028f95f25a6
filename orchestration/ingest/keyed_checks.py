"""Whether a keyed attribute file is what was declared; if not, nothing of it is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.keyed import Keyed
from orchestration.ingest.readers import Target
from orchestration.ingest.sql import literal, quoted
from orchestration.ingest.state import physical
from orchestration.macros import rendered

SHOWN = 5
PLAIN = "regexp_full_match({}, '[A-Za-z]*[0-9]+')"
"""What most ids are, and as_key takes as it is; asking it costs twenty times more."""
READINGS = """
{{ as_key(adapter.quote(key)) }}
{%- for column in columns %}\x1f{{ as_text(adapter.quote(column.name)) }} is not null
and ({{ as_declared(column) }}) is null{% endfor %}
"""


def refuse_faulty(con: duckdb.DuckDBPyConnection, target: Target, project_dir: Path) -> None:
    """Refuse a file that was just read into landing; the load that called takes it back.

    Parameters:
        con: the connection, inside of the file's transaction.
        target: the file.
        project_dir: the dbt project, whose macros say what staging will read.

    Raises:
        UserError: the file has rows that can't be read, lacks a key, has one twice, or has values
            that are not of their attribute's type. The message names lines and columns.
    """
    keyed = target.table.keyed
    assert keyed is not None
    found = _unreadable(con, target) + _faulty(con, target, keyed, project_dir)
    if not found:
        return
    found.sort()
    texts = [text for _, text in found[:SHOWN]]
    if len(found) > SHOWN:
        texts.append(f"faults in {len(found) - SHOWN} more columns")
    raise UserError(
        f"{target.source_file} of source {target.table.label} is refused as a whole: "
        f"{'; '.join(texts)}. What was loaded of it before stays, and so does what other files "
        "say. Correct the file, or the declaration in "
        f"{target.table.declared_in or 'the sources YAML'}, and run again."
    )


def _unreadable(con: duckdb.DuckDBPyConnection, target: Target) -> list[tuple[int, str]]:
    row = con.execute(
        "select min(line_number), count(distinct line_number) from landing.rejected_lines "
        "where source_system = ? and source_table = ? and source_file = ?",
        [target.table.source, target.table.table, target.source_file],
    ).fetchone()
    assert row
    return [(row[0], f"line {row[0]} can't be read as a row{_more(row[1])}")] if row[1] else []


def _faulty(
    con: duckdb.DuckDBPyConnection, target: Target, keyed: Keyed, project_dir: Path
) -> list[tuple[int, str]]:
    # A file of deletions needs keys alone; what else it has says nothing.
    said = {} if target.is_deletes else keyed.attributes
    said = _mistyped(con, target, said, project_dir)
    key, *mistyped = _readings(project_dir, keyed.key, said.items())
    is_plain = PLAIN.format(quoted(keyed.key))
    told = "".join(f", {fault} as fault_{n}" for n, fault in enumerate(mistyped))
    con.execute(
        "create or replace temp table c360_keyed as with told as materialized ("
        "select rowid - min(rowid) over () + 1 as source_row, * exclude (file_id) "
        f"from {physical(target.table)} where file_id = ?) "
        f"select source_row, {quoted(keyed.key)} as key{told} from told where {is_plain} "
        f"union all select source_row, {key} as key{told} from told where not {is_plain}",
        [target.file_id],
    )
    names = {column.name: column.source_name for column in target.table.columns}
    key_name = names[keyed.key]
    kinds = ["key is null", *(f"fault_{n}" for n in range(len(mistyped)))]
    counts = ", ".join(
        f"min(source_row) filter ({kind}), count(*) filter ({kind})" for kind in kinds
    )
    row = con.execute(f"select {counts} from c360_keyed").fetchone()
    twice = con.execute(
        "select source_row, first_row, count(*) over () from (select source_row, "
        "min(source_row) over (partition by key) as first_row from c360_keyed "
        "where key is not null) where source_row > first_row order by source_row limit 1"
    ).fetchone()
    con.execute("drop table c360_keyed")
    assert row
    found = []
    if row[1]:
        at = _line(con, target, row[0])
        found.append((row[0], f"{at} has no {key_name}{_more(row[1])}"))
    if twice:
        at, before = (_line(con, target, place) for place in twice[:2])
        found.append((twice[0], f"{at} has the {key_name} of {before} again{_more(twice[2])}"))
    for number, (name, words) in enumerate(said.items(), start=1):
        first, count = row[2 * number : 2 * number + 2]
        if count:
            kind = words["type"] + (f" ({words['format']})" if words["type"] == "date" else "")
            at = _line(con, target, first)
            text = f"{at}, column {names[name]}: not of the declared type {kind}{_more(count)}"
            found.append((first, text))
    return found


def _readings(
    project_dir: Path, key: str, said: Iterable[tuple[str, Mapping[str, str]]]
) -> list[str]:
    """What staging reads as the key, and per column the condition that a value is none."""
    columns = [{"name": name, "said": dict(words)} for name, words in said]
    text = rendered(project_dir, READINGS, {"key": key, "columns": columns})
    return text.split("\x1f")


def _mistyped(
    con: duckdb.DuckDBPyConnection,
    target: Target,
    said: Mapping[str, Mapping[str, str]],
    project_dir: Path,
) -> dict[str, Mapping[str, str]]:
    """The attributes with a value that is not of their type.

    Asked of distinct values, because reading one costs much more than telling it from others; the
    rows of a good file need no second look.
    """
    ways: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, words in said.items():
        ways.setdefault(tuple(sorted(words.items())), []).append(name)
    found: set[str] = set()
    for way, names in ways.items():
        _, fault = _readings(project_dir, "said", [("said", dict(way))])
        told = " union ".join(
            f"select {literal(name)} as name, {quoted(name)} as said "
            f"from {physical(target.table)} where file_id = {target.file_id:d}"
            for name in names
        )
        # A table of its own: within one query DuckDB asks the condition of all rows, before.
        con.execute(f"create or replace temp table c360_told as {told}")
        rows = con.execute(f"select distinct name from c360_told where {fault}").fetchall()
        found |= {name for (name,) in rows}
    con.execute("drop table if exists c360_told")
    return {name: words for name, words in said.items() if name in found}


def _more(count: int) -> str:
    return f" (and {count - 1:,} more)" if count > 1 else ""


def _line(con: duckdb.DuckDBPyConnection, target: Target, row: int) -> str:
    """Where a row stands: its line, or its number where quotes make lines ambiguous."""
    found = con.execute(
        "select ? + arg_max(line_offset, from_row) from operations.source_lines "
        "where source_system = ? and source_table = ? and source_file = ? and from_row <= ?",
        [row, target.table.source, target.table.table, target.source_file, row],
    ).fetchone()
    return f"line {found[0]}" if found and found[0] else f"row {row}"
