"""A small warehouse as ingest leaves it, for what comes after ingest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.profiles import ProfiledTable

OPERATIONS = """
create schema if not exists landing;
create schema if not exists ingested;
create schema if not exists operations;
create table if not exists operations.source_files (
    file_id bigint, source_system varchar, source_table varchar, source_file varchar, part int,
    file_bytes bigint, modified_ns bigint, content_hash varchar, rows_loaded bigint,
    rows_rejected bigint, rows_superseded bigint, row_offset bigint, is_deletes boolean,
    watermark varchar, loaded_at timestamp);
create table if not exists operations.ingest_log (
    load_id varchar, source_system varchar, source_table varchar, source_file varchar,
    action varchar, file_bytes bigint, content_hash varchar, rows_loaded bigint,
    rows_rejected bigint, rows_superseded bigint, watermark varchar, seconds double,
    message varchar, loaded_at timestamp);
"""


def load(
    con: duckdb.DuckDBPyConnection,
    table: ProfiledTable,
    rows: Sequence[Mapping[str, Any]],
    load_id: str,
    types: Mapping[str, str] | None = None,
    loaded_at: str | None = None,
) -> None:
    """Replace a landing view by these rows, as one file of one load.

    Parameters:
        con: a connection to the warehouse.
        table: the declared table; its columns are text unless `types` says otherwise.
        rows: values by column; a column that a row lacks is null.
        load_id: names the load; loads are as old as their ids sort.
        types: DuckDB types of columns that are not text.
        loaded_at: when the file was loaded; now by default.
    """
    con.execute(OPERATIONS)
    names = [name for name, *_ in table.columns]
    columns = [f"{quoted(name)} {(types or {}).get(name, 'varchar')}" for name in names]
    physical, view = f"ingested.{quoted(table.identifier)}", f"landing.{quoted(table.identifier)}"
    con.execute(
        f"create or replace table {physical} ({', '.join(columns)}, file_id bigint, "
        "source_file varchar, source_row bigint, is_deleted boolean)"
    )
    con.execute(f"create or replace view {view} as select * exclude (file_id) from {physical}")
    con.execute(
        "delete from operations.source_files where source_system = ? and source_table = ?",
        [table.source, table.table],
    )
    add_file(con, table, rows, load_id, 1, loaded_at)


def add_file(
    con: duckdb.DuckDBPyConnection,
    table: ProfiledTable,
    rows: Sequence[Mapping[str, Any]],
    load_id: str,
    number: int,
    loaded_at: str | None = None,
) -> None:
    """Add a file to those of a table; parameters as of `load`, and the file's number."""
    names, file = [name for name, *_ in table.columns], f"{chr(96 + number)}.csv"
    content = [
        (*(row.get(name) for name in names), number, file, row_number, False)
        for row_number, row in enumerate(rows, start=1)
    ]
    for start in range(0, len(content), 200):
        some = content[start : start + 200]
        marks = "(" + ", ".join("?" * (len(names) + 4)) + ")"
        con.execute(
            f"insert into ingested.{quoted(table.identifier)} "
            f"values {', '.join([marks] * len(some))}",
            [value for row in some for value in row],
        )
    con.execute(
        "insert into operations.source_files values (?, ?, ?, ?, 1, 1000, 0, ?, ?, 3, 0, 0, "
        "false, null, coalesce(?::timestamp, now() at time zone 'UTC'))",
        [number, table.source, table.table, file, load_id, len(rows), loaded_at],
    )
    log(con, load_id, table, "loaded")


def remove_file(con: duckdb.DuckDBPyConnection, table: ProfiledTable, number: int) -> None:
    """Take a file and its rows out."""
    con.execute(f"delete from ingested.{quoted(table.identifier)} where file_id = ?", [number])
    con.execute(
        "delete from operations.source_files where source_system = ? and source_table = ? "
        "and file_id = ?",
        [table.source, table.table, number],
    )


def log(
    con: duckdb.DuckDBPyConnection,
    load_id: str,
    table: ProfiledTable,
    action: str,
    message: str | None = None,
) -> None:
    """Append an event to operations.ingest_log."""
    con.execute(
        "insert into operations.ingest_log by name select ? as load_id, ? as source_system, "
        "? as source_table, 'a.csv' as source_file, ? as action, ? as message, "
        "?::timestamp as loaded_at",
        [load_id, table.source, table.table, action, message, instant(load_id)],
    )


def instant(load_id: str) -> str:
    """A time for a load: `load7` is older than `load12`."""
    number = int("".join(c for c in load_id if c.isdigit()))
    return f"2026-01-01 00:{number:02}:00"


def quoted(name: str) -> str:
    """An SQL identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def everything(con: duckdb.DuckDBPyConnection) -> str:
    """All that the profile tables hold, times left out, as one text."""
    lines = []
    for name in ("column_profiles", "column_top_values", "column_histograms", "profile_log"):
        rows = con.execute(
            f"select columns(lambda c: c not in ('profiled_at', 'seconds')) from operations.{name} "
            "order by all"
        ).fetchall()
        lines += [f"{name} {row}" for row in rows]
    return "\n".join(lines)
