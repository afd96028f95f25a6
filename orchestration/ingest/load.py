"""One load of all declared source tables into the warehouse's landing schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.readers import load_table
from orchestration.settings import Settings
from orchestration.warehouse import connect_writer


@dataclass(frozen=True)
class LoadedTable:
    """What one load of a source table did.

    Attributes:
        table: the declared source table.
        files: number of files read.
        file_bytes: their size together.
        rows_loaded: rows now in landing.
        rows_rejected: lines that could not be read, kept in landing.rejected_lines.
    """

    table: SourceTable
    files: int
    file_bytes: int
    rows_loaded: int
    rows_rejected: int


def load_all(
    settings: Settings,
    tables: Sequence[SourceTable],
    progress: Callable[[str, int, int], None] | None = None,
) -> list[LoadedTable]:
    """Load every declared source table afresh.

    Parameters:
        settings: paths; `landing_dir` is read, the warehouse written.
        tables: what the dbt project declares.
        progress: called before each table with (name, done, total).

    Returns:
        One entry per table, in the order given.

    Raises:
        UserError: the landing folder holds nothing for any declared table, or a file is unusable.
    """
    if not any(table.files(settings.landing_dir) for table in tables):
        raise UserError(
            f"No files for any declared source in {settings.landing_dir}. Run `c360 demo` to make "
            "the demo company's, or give your own folder with `c360 run --landing DIR` "
            "(docs/staging.md says which files are expected where).",
            exit_code=3,
        )
    with connect_writer(settings) as con:
        _prepare(con)
        for done, table in enumerate(tables):
            if progress:
                progress(f"{table.source}.{table.table}", done, len(tables))
            load_table(con, table, settings.landing_dir)
        if progress:
            progress("all sources", len(tables), len(tables))
        counts = {
            (source, name): rest
            for source, name, *rest in con.execute(
                "select source_system, source_table, count(*), sum(file_bytes)::bigint, "
                "sum(rows_loaded)::bigint, sum(rows_rejected)::bigint "
                "from operations.ingest_log group by all"
            ).fetchall()
        }
    return [LoadedTable(t, *counts.get((t.source, t.table), (0, 0, 0, 0))) for t in tables]


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema if not exists landing")
    con.execute("create schema if not exists operations")
    con.execute(
        "create or replace table landing.rejected_lines (source_system varchar, "
        "source_table varchar, source_file varchar, line_number bigint, column_name varchar, "
        "error varchar)"
    )
    con.execute(
        "create or replace table operations.ingest_log (source_system varchar, "
        "source_table varchar, source_file varchar, file_bytes bigint, rows_loaded bigint, "
        "rows_rejected bigint, loaded_at timestamp)"
    )
