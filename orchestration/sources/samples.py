"""A large sample of a table as text in DuckDB, on which everything else is decided by SQL.

Ingest's own readers read it into a scratch warehouse, as a run will: what is proposed is proposed
of the rows that will be loaded.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest import Column as Declared
from orchestration.ingest import LoadedTable, SourceTable, state
from orchestration.ingest.declarations import CHANGES
from orchestration.ingest.discovery import source_file
from orchestration.ingest.drift import Matched
from orchestration.ingest.file_loads import LoadContext, load_file
from orchestration.ingest.plain_files import plain_file
from orchestration.ingest.plan import plan_files
from orchestration.ingest.readers import Target, reader_of
from orchestration.ingest.readers.postgresql import read_postgresql
from orchestration.ingest.server_loads import load_server_table
from orchestration.ingest.sql import literal, quoted
from orchestration.settings import Settings
from orchestration.sources.dialect import header_of
from orchestration.sources.drafts import Column, Table
from orchestration.sources.names import unique_names
from orchestration.sources.overrules import IGNORE, meaning_said

WHOLE_ROWS = 1_000_000
BLOCK_ROWS = 2_000
FILES = 200


def read_sample(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    settings: Settings,
    renames: Mapping[str, str] | None = None,
) -> None:
    """Fill a table's columns and the DuckDB table `table.sample`.

    The sample has a text column per column, `source_file`, `source_row` and `is_deleted`. Up to a
    million rows it is everything; beyond that, whole blocks of rows spread over the files, because
    the lines of one order stand together and single rows would look unique.

    Parameters:
        con: a connection in memory.
        table: a table that was found.
        settings: paths; names of files are told from the landing folder.
        renames: what a column is to be called instead of its name in the file.

    Raises:
        UserError: nothing of the table can be read.
    """
    table.sample = f"sample_{table.name}"
    files = table.files[:: -(-len(table.files) // FILES) or 1]
    with tempfile.TemporaryDirectory(prefix="c360_") as folder:
        context = LoadContext(
            con, Path(folder), "", lambda *_: None, settings.dbt_project_dir, most_rows=WHOLE_ROWS
        )
        types = _types(context, table, files)
        if not types:
            raise UserError(
                f"{files[0] if files else table.database_table} can't be read as {table.format}: "
                "nothing in it could be a header or a row. Open it and check that it is what its "
                "ending says."
            )
        table.columns = _columns(types, renames or {})
        declared = _declared(table, [Declared(c.name, c.source_name) for c in table.columns])
        state.prepare(con)
        state.begin_table(con, declared)
        if declared.is_database:
            load_server_table(context, declared, result := LoadedTable(declared))
            if result.failures:
                raise UserError(result.failures[0])
        found = [source_file(path, settings.landing_dir.resolve(), table.format) for path in files]
        for step in plan_files(declared, found, {}, set()):
            load_file(context, declared, step)
        state.publish_view(con, declared)
    landed = f"landing.{quoted(table.sample)}"
    [(total,)] = con.execute(f"select count(*) from {landed}").fetchall()
    table.is_whole = total < WHOLE_ROWS and len(files) == len(table.files)
    parts = -(-total // WHOLE_ROWS) or 1
    kept = f"((source_row - 1) // {BLOCK_ROWS} + hash(source_file) % {parts}) % {parts} = 0"
    if table.format == "csv" and len(types) > 1:
        # Exports that were joined have their header in the middle as well.
        named = (
            f"{quoted(c.name)} is not distinct from {literal(c.source_name)}" for c in table.columns
        )
        kept += f" and not ({' and '.join(named)})"
    con.execute(f"create table {quoted(table.sample)} as select * from {landed} where {kept}")
    [(table.unreadable,)] = con.execute(
        "select count(*) from landing.rejected_lines where source_table = ?", [table.name]
    ).fetchall()
    con.execute(f"drop view {landed}; drop table {state.physical(declared)}")
    [(table.rows,)] = con.execute(f"select count(*) from {quoted(table.sample)}").fetchall()


def _declared(table: Table, columns: Sequence[Declared] = ()) -> SourceTable:
    """The table as a project would declare it, all its columns as text and any file welcome."""
    return SourceTable(
        "the sample", table.name, table.sample, table.format, table.path, tuple(columns),
        table.database_table, url=table.url, options=table.options,
        on_schema_change=dict.fromkeys(CHANGES, "ignore"),
    )  # fmt: skip


class _FoundError(Exception):
    """What a reader has found in a file, which is all that is asked of it."""

    def __init__(self, columns: Mapping[str, str | None]) -> None:
        super().__init__()
        self.columns = columns


@dataclass(frozen=True)
class _Scout(Target):
    """Ends a reader as soon as it knows the columns."""

    def match(self, con: duckdb.DuckDBPyConnection, found: Mapping[str, str | None]) -> Matched:
        raise _FoundError(found)


def _types(context: LoadContext, table: Table, files: Sequence[Path]) -> dict[str, str]:
    """The columns of all files by their name there, with the type that the YAML says."""
    if table.format == "csv":
        # Ingest finds columns by their name, so one without a name of its own can't be loaded.
        times = Counter(header_of(files[0], table.options))
        names = [name for name, count in times.items() if name and count == 1]
        table.unnamed = times.total() - len(names)
        return dict.fromkeys(names, "string")
    found: dict[str, set[str]] = {}
    declared = _declared(table)
    scout = _Scout(declared, table.name, 0, workspace=context.workspace, sampled_objects=-1)
    for path in files or (None,):
        try:
            if path is None:
                read_postgresql(context.con, scout, None)
            else:
                with plain_file(declared, path, context.workspace) as plain:
                    reader_of(declared)(context.con, scout, plain)
        except _FoundError as known:
            for name, kind in known.columns.items():
                found.setdefault(name, set()).add(_file_type(kind or ""))
    return {name: kinds.pop() if len(kinds) == 1 else "string" for name, kinds in found.items()}


def _columns(types: Mapping[str, str], renames: Mapping[str, str]) -> list[Column]:
    said = {n: renames.get(n, renames.get(n.strip())) for n in types}
    safe = unique_names(
        [(n if want in (None, IGNORE) else want or n).strip() for n, want in said.items()]
    )
    columns = []
    for name, (source_name, want) in zip(safe, said.items(), strict=True):
        column = Column(name, source_name, types[source_name])
        if want is not None:
            means = meaning_said(want)
            column.means = None if means == IGNORE else means
            column.said.add("meaning")
        columns.append(column)
    return columns


def _file_type(duckdb_type: str) -> str:
    kind = duckdb_type.upper()
    if kind.startswith("DECIMAL"):
        return kind.lower()
    if kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"):
        return "bigint"
    if kind in ("DOUBLE", "FLOAT"):
        return "double"
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    return kind.lower() if kind in ("DATE", "BOOLEAN") else "string"
