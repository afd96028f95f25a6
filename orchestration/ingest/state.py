"""What ingest remembers: tables of state and history, and the views that staging reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.ingest.declarations import Column, SourceTable
from orchestration.ingest.sql import literal, quoted

RESERVED_COLUMNS = ("source_file", "source_row", "is_deleted")
TABLES = {
    "operations.source_files": """
        file_id bigint, source_system varchar, source_table varchar, source_file varchar,
        part integer, file_bytes bigint, file_stamp varchar, content_hash varchar,
        line_count bigint, ends_with_newline boolean, rows_loaded bigint, rows_rejected bigint,
        rows_superseded bigint, row_offset bigint, is_deletes boolean, watermark varchar,
        loaded_at timestamp""",
    "operations.ingest_log": """
        load_id varchar, source_system varchar, source_table varchar, source_file varchar,
        action varchar, file_bytes bigint, content_hash varchar, rows_loaded bigint,
        rows_rejected bigint, rows_superseded bigint, watermark varchar, seconds double,
        message varchar, loaded_at timestamp""",
    "operations.source_tables": """
        source_system varchar, source_table varchar, declaration varchar,
        identifier varchar""",
    "operations.schema_drift": """
        source_system varchar, source_table varchar, source_file varchar, column_name varchar,
        change varchar, declared_type varchar, found_type varchar, policy varchar,
        detected_at timestamp""",
    "operations.source_lines": """
        source_system varchar, source_table varchar, source_file varchar, from_row bigint,
        line_offset bigint""",
    "landing.rejected_lines": """
        source_system varchar, source_table varchar, source_file varchar, line_number bigint,
        column_name varchar, value varchar, line_text varchar, reason varchar""",
}
PER_FILE = ("operations.source_lines", "operations.schema_drift", "landing.rejected_lines")


@dataclass(frozen=True)
class LoadedFile:
    """A part of a file that is in landing, a row of operations.source_files."""

    file_id: int
    source_file: str
    part: int
    file_bytes: int
    file_stamp: str | None
    content_hash: str
    line_count: int
    ends_with_newline: bool
    rows_loaded: int
    rows_rejected: int
    rows_superseded: int
    row_offset: int
    is_deletes: bool
    watermark: str | None


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas and tables that are not there yet.

    A table that another version made has other columns. What it says of loaded files can't be
    relied on then, so all of them are made anew and every file is loaded again.
    """
    for schema in ("landing", "operations", "ingested"):
        con.execute(f"create schema if not exists {schema}")
    found = con.execute(
        "select schema_name || '.' || table_name, list(column_name order by column_index) "
        "from duckdb_columns() where schema_name in ('landing', 'operations') "
        "and database_name = current_database() group by 1"
    )
    there: dict[str, list[str]] = dict(found.fetchall())
    if any(there.get(name, _names(columns)) != _names(columns) for name, columns in TABLES.items()):
        for name in TABLES:
            con.execute(f"drop table if exists {name}")
    for name, columns in TABLES.items():
        con.execute(f"create table if not exists {name} ({columns})")


def _names(columns: str) -> list[str]:
    return [part.split()[0] for part in columns.split(",")]


def begin_table(con: duckdb.DuckDBPyConnection, table: SourceTable) -> None:
    """Make the table's physical home, afresh when its declaration has changed."""
    declared = table.fingerprint()
    known = con.execute(
        "select declaration from operations.source_tables "
        "where source_system = ? and source_table = ?",
        [table.source, table.table],
    ).fetchone()
    if known and known[0] == declared:
        return
    key = [table.source, table.table]
    kind = "view" if _is_view(con, table.identifier) else "table"
    con.execute(f"drop {kind} if exists landing.{quoted(table.identifier)}")
    columns = ", ".join(f"{quoted(c.name)} {c.data_type}" for c in table.columns)
    con.execute(f"create or replace table {physical(table)} ({columns}, file_id bigint)")
    for name in ("operations.source_files", "operations.source_tables", *PER_FILE):
        con.execute(f"delete from {name} where source_system = ? and source_table = ?", key)
    con.execute(
        "insert into operations.source_tables values (?, ?, ?, ?)",
        [*key, declared, table.identifier],
    )


def forget_others(con: duckdb.DuckDBPyConnection, tables: Sequence[SourceTable]) -> None:
    """Take out what is left of tables that the project does not declare any more."""
    declared = {(table.source, table.table) for table in tables}
    homes = {table.identifier for table in tables}
    known = con.execute(
        "select source_system, source_table, identifier from operations.source_tables"
    )
    for source, name, identifier in known.fetchall():
        if (source, name) in declared:
            continue
        if identifier not in homes:
            con.execute(f"drop view if exists landing.{quoted(identifier)}")
            con.execute(f"drop table if exists ingested.{quoted(identifier)}")
        for own in ("operations.source_files", "operations.source_tables", *PER_FILE):
            con.execute(
                f"delete from {own} where source_system = ? and source_table = ?", [source, name]
            )


def _is_view(con: duckdb.DuckDBPyConnection, identifier: str) -> bool:
    found = con.execute(
        "select 1 from duckdb_views() where schema_name = 'landing' and view_name = ?",
        [identifier],
    ).fetchone()
    return found is not None


def physical(table: SourceTable) -> str:
    """The table that holds the rows; staging reads the view over it."""
    return f"ingested.{quoted(table.identifier)}"


def physical_columns(con: duckdb.DuckDBPyConnection, table: SourceTable) -> dict[str, str]:
    """The columns of the physical table with their types, without file_id."""
    # Not from information_schema, which lists every column of the warehouse to find these.
    rows = con.execute(f"describe {physical(table)}").fetchall()
    return {row[0]: row[1] for row in rows if row[0] != "file_id"}


def add_columns(con: duckdb.DuckDBPyConnection, table: SourceTable, columns: list[Column]) -> None:
    """Let the physical table follow columns that a file brought (policy `evolve`)."""
    there = physical_columns(con, table)
    for column in columns:
        if column.name in RESERVED_COLUMNS or column.name == "file_id":
            continue
        name = quoted(column.name)
        if column.name not in there:
            con.execute(f"alter table {physical(table)} add column {name} varchar")
        elif column.is_text and there[column.name] != "VARCHAR":
            con.execute(f"alter table {physical(table)} alter column {name} type varchar")


def publish_view(con: duckdb.DuckDBPyConnection, table: SourceTable) -> None:
    """Make `landing.<identifier>`: the declared columns, the file, the row in it, deletions.

    The row number is the distance from the file's first row: rows are stored in the order of
    their file, and a file's rows come and go together, so it costs nothing to keep.
    """
    names = [quoted(name) for name in physical_columns(con, table)]
    selected = ",\n            ".join(f"rows_of_files.{name}" for name in names)
    con.execute(
        f"""
        create or replace view landing.{quoted(table.identifier)} as
        with first_rows as (
            select file_id, min(rowid) as first_row from {physical(table)} group by file_id
        )
        select
            {selected},
            files.source_file,
            rows_of_files.rowid - first_rows.first_row + files.row_offset + 1 as source_row,
            files.is_deletes as is_deleted
        from {physical(table)} as rows_of_files
        inner join first_rows on rows_of_files.file_id = first_rows.file_id
        inner join operations.source_files as files
            on rows_of_files.file_id = files.file_id
            and files.source_system = {literal(table.source)}
            and files.source_table = {literal(table.table)}
        """
    )


def loaded_files(con: duckdb.DuckDBPyConnection, table: SourceTable) -> dict[str, list[LoadedFile]]:
    """What is in landing, by file, the parts of a file in order."""
    rows = con.execute(
        "select file_id, source_file, part, file_bytes, file_stamp, content_hash, line_count, "
        "ends_with_newline, rows_loaded, rows_rejected, rows_superseded, row_offset, is_deletes, "
        "watermark from operations.source_files where source_system = ? and source_table = ? "
        "order by source_file, part",
        [table.source, table.table],
    ).fetchall()
    files: dict[str, list[LoadedFile]] = {}
    for row in rows:
        files.setdefault(row[1], []).append(LoadedFile(*row))
    return files


def distrust_files(con: duckdb.DuckDBPyConnection) -> None:
    """Have the next load hash every file again, whatever it looks like from outside."""
    prepare(con)
    con.execute("update operations.source_files set file_stamp = '' where file_stamp <> ''")


def next_file_id(con: duckdb.DuckDBPyConnection) -> int:
    """An id that no file in landing has."""
    row = con.execute(
        "select coalesce(max(file_id), 0) + 1 from operations.source_files"
    ).fetchone()
    assert row
    return int(row[0])


def forget_file(con: duckdb.DuckDBPyConnection, table: SourceTable, source_file: str) -> None:
    """Take a file's rows and everything that is known of it out of the warehouse."""
    key = [table.source, table.table, source_file]
    where = "where source_system = ? and source_table = ? and source_file = ?"
    con.execute(
        f"delete from {physical(table)} "
        f"where file_id in (select file_id from operations.source_files {where})",
        key,
    )
    for name in ("operations.source_files", *PER_FILE):
        con.execute(f"delete from {name} {where}", key)


def remember_file(
    con: duckdb.DuckDBPyConnection, table: SourceTable, file: Mapping[str, Any]
) -> None:
    """Write a row of operations.source_files; columns that `file` lacks are null."""
    columns = _names(TABLES["operations.source_files"])
    values = {"source_system": table.source, "source_table": table.table, **file}
    marks = ", ".join("now()::timestamp" if c == "loaded_at" else "?" for c in columns)
    con.execute(
        f"insert into operations.source_files values ({marks})",
        [values.get(c) for c in columns if c != "loaded_at"],
    )


def log(con: duckdb.DuckDBPyConnection, table: SourceTable, event: Mapping[str, Any]) -> None:
    """Append a row to operations.ingest_log."""
    columns = _names(TABLES["operations.ingest_log"])
    values = {"source_system": table.source, "source_table": table.table, **event}
    marks = ", ".join("now()::timestamp" if c == "loaded_at" else "?" for c in columns)
    con.execute(
        f"insert into operations.ingest_log values ({marks})",
        [values.get(c) for c in columns if c != "loaded_at"],
    )


def accept_gone_files(con: duckdb.DuckDBPyConnection) -> None:
    """Let the next load take it as meant when all files of a source are gone."""
    prepare(con)
    con.execute(
        "create or replace table operations.gone_files_accepted as select true as is_accepted"
    )


def are_gone_files_accepted(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether `accept_gone_files` was said since the last load."""
    found = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'operations' "
        "and table_name = 'gone_files_accepted'"
    ).fetchone()
    return found is not None
