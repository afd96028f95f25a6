"""JSON: an object per line, or one array of objects. Nested values arrive as JSON text."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.drift import Matched
from orchestration.ingest.readers.lines import (
    copy_without,
    offsets_around,
    raw_lines,
    undecodable_lines,
)
from orchestration.ingest.readers.target import (
    MAX_LINE_BYTES,
    UNREADABLE,
    NeedsCareError,
    Outcome,
    Target,
)
from orchestration.ingest.sql import file_list, first_line, literal, quoted
from orchestration.memory import raise_shortage


def read_json_lines(con: duckdb.DuckDBPyConnection, target: Target, path: Path) -> Outcome:
    """Load newline-delimited JSON; a line that is no object with a declared field goes aside.

    Raises:
        UserError: the file can't be read at all.
    """
    if not target.is_careful:
        try:
            return _read_lines(con, target, path, {})
        except duckdb.Error:
            raise NeedsCareError from None
    with tempfile.TemporaryDirectory(dir=target.workspace) as folder:
        cleaned = Path(folder) / "cleaned.ndjson"
        undecodable = copy_without(path, cleaned, undecodable_lines(path))
        try:
            return _read_lines(con, target, cleaned, undecodable)
        except duckdb.Error as error:
            raise UserError(
                f"{target.source_file} can't be read as JSON lines: {first_line(error)}. Each line "
                "must be one JSON object in UTF-8."
            ) from None


def _read_lines(
    con: duckdb.DuckDBPyConnection, target: Target, path: Path, undecodable: Mapping[int, str]
) -> Outcome:
    matched = _matched(con, target, path, "newline_delimited")
    relation, filled = _relation(matched, path, "newline_delimited", ignore_errors=True)
    rows, mistyped = target.insert_typed(con, matched, f"(from {relation} where {filled})")
    if rows == target.line_count:
        return Outcome(rows, 0, 0)
    # The reader makes nothing of a line that it can't read. Only now the file is read once
    # more, line by line, to say which lines they were.
    fields = " or ".join(
        f"json_extract_string(line, {literal('$.' + quoted(name))}) is not null"
        for name in _fields(matched)
    )
    con.execute(
        "create or replace temp table c360_no_rows as "
        "select line_number, line, coalesce(trim(line), '') = '' as is_blank "
        f"from {raw_lines(path)} where coalesce(trim(line), '') = '' "
        f"or not coalesce(json_valid(line), false) or not coalesce({fields}, false)"
    )
    broken = "select line_number from c360_no_rows where is_blank = false"
    rejected = target.reject(
        con,
        "select line_number, null as column_name, null as value, line as line_text, "
        f"'{UNREADABLE}' as reason from c360_no_rows where line_number in ({broken})",
    )
    if undecodable:
        rejected += target.reject_lines(con, undecodable)
    others = con.execute("select line_number from c360_no_rows").fetchall()
    con.execute("drop table c360_no_rows")
    lines = offsets_around(0, [*undecodable, *(number for (number,) in others)])
    # The lines of rows set aside for a type are not known, and so not those of the rows after.
    return Outcome(rows, rejected + mistyped, 0, [] if mistyped else lines)


def read_json_array(con: duckdb.DuckDBPyConnection, target: Target, path: Path) -> Outcome:
    """Load one JSON array of objects, or a single object.

    Raises:
        UserError: the document is broken: where it breaks, nothing after it can be told apart.
    """
    try:
        matched = _matched(con, target, path, "auto")
        relation, filled = _relation(matched, path, "auto", ignore_errors=False)
        rows, mistyped = target.insert_typed(con, matched, f"(from {relation} where {filled})")
        empty = target.reject(
            con,
            "select element as line_number, null as column_name, null as value, "
            f"null as line_text, '{UNREADABLE}' as reason from "
            f"(select *, row_number() over () as element from {relation}) where not ({filled})",
        )
        return Outcome(rows, mistyped + empty)
    except duckdb.Error as error:
        raise UserError(
            f"{target.source_file} can't be read as JSON: {first_line(error)}. Deliver it again, "
            "or as one object per line, where a broken line costs only itself."
        ) from None


def _fields(matched: Matched) -> list[str]:
    return list(dict.fromkeys(name for _, name in matched.feeds if name is not None))


def _relation(matched: Matched, path: Path, kind: str, ignore_errors: bool) -> tuple[str, str]:
    names = _fields(matched)
    struct = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    relation = (
        f"read_json({file_list([path])}, format='{kind}', columns={{{struct}}}, "
        f"compression='uncompressed', maximum_object_size={MAX_LINE_BYTES}"
        f"{', ignore_errors=true' if ignore_errors else ''})"
    )
    return relation, " or ".join(f"{quoted(name)} is not null" for name in names)


def _matched(con: duckdb.DuckDBPyConnection, target: Target, path: Path, kind: str) -> Matched:
    """Match the fields. A declared one that is absent is null, as JSON means it, and no drift."""
    declared = dict.fromkeys(column.source_name for column in target.table.columns)
    found = [name for name in _sampled_fields(con, target, path, kind) if name not in declared]
    return target.match(con, {**declared, **dict.fromkeys(found)})


def _sampled_fields(
    con: duckdb.DuckDBPyConnection, target: Target, path: Path, kind: str
) -> list[str]:
    try:
        # On a connection of its own: an error here must not end the load's transaction.
        described = (
            con.cursor()
            .execute(
                f"describe select * from read_json({file_list([path])}, format='{kind}', "
                f"compression='uncompressed', maximum_depth=1, "
                f"sample_size={target.sampled_objects}, "
                f"ignore_errors={kind == 'newline_delimited'}, "
                f"maximum_object_size={MAX_LINE_BYTES})"
            )
            .fetchall()
        )
    except duckdb.Error as error:
        raise_shortage(error, "Reading this")
        return []
    names = [str(row[0]) for row in described]
    if names != ["json"]:
        return names
    # One line that is no object, and DuckDB sees values without fields.
    return _fields_of_objects(con, path) if kind == "newline_delimited" else []


def _fields_of_objects(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """The fields of all lines that are objects, in the order in which they first appear."""
    is_object = "coalesce(json_valid(line), false) and json_type(line) = 'OBJECT'"
    found = con.cursor().execute(
        "select name from (select line_number, unnest(json_keys(object)) as name, "
        "generate_subscripts(json_keys(object), 1) as place from (select line_number, "
        f"case when {is_object} then line end as object from {raw_lines(path)})) "
        "group by name order by min(row(line_number, place)), name"
    )
    return [str(name) for (name,) in found.fetchall()]
