"""JSON: an object per line, or one array of objects. Nested values arrive as JSON text."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.errors import UserError
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

SAMPLED_OBJECTS = 1_000


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
    relation, filled = _relation(con, target, path, "newline_delimited", ignore_errors=True)
    rows = _insert(con, target, relation, filled)
    if rows == target.line_count:
        return Outcome(rows, 0, 0)
    # The reader makes nothing of a line that it can't read. Only now the file is read once
    # more, line by line, to say which lines they were.
    fields = " or ".join(
        f"json_extract_string(line, {literal('$.' + quoted(c.source_name))}) is not null"
        for c in target.table.columns
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
    return Outcome(rows, rejected, 0, offsets_around(0, [*undecodable, *(n for (n,) in others)]))


def read_json_array(con: duckdb.DuckDBPyConnection, target: Target, path: Path) -> Outcome:
    """Load one JSON array of objects, or a single object.

    Raises:
        UserError: the document is broken: where it breaks, nothing after it can be told apart.
    """
    try:
        relation, filled = _relation(con, target, path, "auto", ignore_errors=False)
        return Outcome(_insert(con, target, relation, filled), 0)
    except duckdb.Error as error:
        raise UserError(
            f"{target.source_file} can't be read as JSON: {first_line(error)}. Deliver it again, "
            "or as one object per line, where a broken line costs only itself."
        ) from None


def _relation(
    con: duckdb.DuckDBPyConnection, target: Target, path: Path, kind: str, ignore_errors: bool
) -> tuple[str, str]:
    names = list(dict.fromkeys(column.source_name for column in target.table.columns))
    struct = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    _report_new_fields(con, target, path, kind, names)
    relation = (
        f"read_json({file_list([path])}, format='{kind}', columns={{{struct}}}, "
        f"compression='uncompressed', maximum_object_size={MAX_LINE_BYTES}"
        f"{', ignore_errors=true' if ignore_errors else ''})"
    )
    return relation, " or ".join(f"{quoted(name)} is not null" for name in names)


def _insert(con: duckdb.DuckDBPyConnection, target: Target, relation: str, filled: str) -> int:
    # JSON types its values, so what a typed column can't hold is null, not a reason to stop.
    expressions = {
        column.name: (
            quoted(column.source_name)
            if column.is_text
            else f"try_cast({quoted(column.source_name)} as {column.data_type})"
        )
        for column in target.table.columns
    }
    return target.insert(con, expressions, relation, filled)


def _report_new_fields(
    con: duckdb.DuckDBPyConnection, target: Target, path: Path, kind: str, names: list[str]
) -> None:
    """Say which fields nobody declared. A declared one that is absent is null, as JSON means it."""
    try:
        # On a connection of its own: an error here must not end the load's transaction.
        described = (
            con.cursor()
            .execute(
                f"describe select * from read_json({file_list([path])}, format='{kind}', "
                f"compression='uncompressed', maximum_depth=1, sample_size={SAMPLED_OBJECTS}, "
                f"ignore_errors={kind == 'newline_delimited'}, "
                f"maximum_object_size={MAX_LINE_BYTES})"
            )
            .fetchall()
        )
    except duckdb.Error:
        return
    if [row[0] for row in described] == ["json"]:
        return
    target.match(con, dict.fromkeys([*names, *(row[0] for row in described)]))
