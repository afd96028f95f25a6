"""Parquet, Excel and SQLite: formats that know their columns and have no lines.

ADBC and Arrow are imported where they are used: they take a third of a second, pandas among it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.drift import Matched
from orchestration.ingest.readers.target import Outcome, Target
from orchestration.ingest.sql import file_list, first_line, literal, quoted
from orchestration.ingest.sqlite_files import read_only_uri
from orchestration.watchdog import beat

if TYPE_CHECKING:
    import pyarrow


def read_parquet(con: duckdb.DuckDBPyConnection, target: Target, path: Path) -> Outcome:
    """Load a Parquet file with its own types.

    Raises:
        UserError: the file is damaged, or lacks a declared column.
    """
    relation = f"read_parquet({file_list([path])})"
    try:
        described = con.execute(f"describe select * from {relation}").fetchall()
        matched = target.match(con, {row[0]: str(row[1]) for row in described})
        same = {row[0]: str(row[1]).lower() for row in described}
        if all(c.is_text or n is None or same[n] == c.data_type for c, n in matched.feeds):
            # Nothing to cast, so nothing can fail: one read.
            expressions = {
                column.name: f"cast({quoted(name)} as {column.data_type})"
                if name is not None
                else f"cast(null as {column.data_type})"
                for column, name in matched.feeds
            }
            return Outcome(target.insert(con, expressions, relation), 0)
        return Outcome(*target.insert_typed(con, matched, relation))
    except duckdb.Error as error:
        raise UserError(
            f"{target.source_file} can't be read as Parquet: {first_line(error)}. It may have been "
            "cut short while it was copied; deliver it again."
        ) from None


def read_excel(con: duckdb.DuckDBPyConnection, target: Target, path: Path) -> Outcome:
    """Load a sheet of a workbook, every cell as its text; a formula counts as its last value.

    Raises:
        UserError: the workbook is damaged or protected, or has no such sheet.
    """
    import fastexcel

    sheet = target.table.options.get("sheet", 0)
    skip = int(target.table.options.get("skip_lines", 0))
    has_header = bool(target.table.options.get("header", True))
    try:
        workbook = fastexcel.read_excel(path)
        if isinstance(sheet, str) and sheet not in workbook.sheet_names:
            raise UserError(
                f"{target.source_file} has no sheet '{sheet}' but "
                f"{', '.join(workbook.sheet_names)}. "
                f"Name one in meta.options.sheet of source {target.table.label}."
            )
        loaded = workbook.load_sheet(
            sheet,
            header_row=skip if has_header else None,
            skip_rows=None if has_header else skip,
            dtypes="string",
        )
        cells = loaded.to_arrow()
    except fastexcel.FastExcelError as error:
        raise UserError(
            f"{target.source_file} can't be read as an Excel workbook: {first_line(error)}. "
            "Save it again without a password, as .xlsx."
        ) from None
    names = list(cells.schema.names)
    if not has_header:
        names = [f"column_{i + 1}" for i in range(len(names))]
    matched = target.match(con, dict.fromkeys(names))
    rows, rejected = _insert_arrow(con, target, matched, cells, names)
    # A blank row in between, or one set aside, would put the rows after it on a wrong line.
    return Outcome(rows, rejected, skip + has_header if rows == cells.num_rows else None)


def _insert_arrow(
    con: duckdb.DuckDBPyConnection,
    target: Target,
    matched: Matched,
    cells: Any,
    names: list[str],
) -> tuple[int, int]:
    con.register("c360_cells", cells)
    try:
        con.execute("drop table if exists temp.c360_rows")
        columns = ", ".join(
            f"{quoted(found)} as {quoted(name)}"
            for found, name in zip(cells.schema.names, names, strict=True)
        )
        # Blank rows at a sheet's end come from formatting, not from data.
        filled = " or ".join(f"{quoted(found)} is not null" for found in cells.schema.names)
        con.execute(
            f"create temp table c360_rows as select {columns} from c360_cells "
            f"where {filled or 'false'}"
        )
        return target.insert_typed(con, matched, "temp.c360_rows")
    finally:
        _clean_up(con, "c360_cells")


def read_sqlite(con: duckdb.DuckDBPyConnection, target: Target, path: Path) -> Outcome:
    """Load a table of an SQLite database, every value as its text.

    SQLite types values, not columns, and ADBC would type a column by its first rows.

    Raises:
        UserError: the file is no database, or lacks the table or a column.
    """
    import adbc_driver_sqlite.dbapi as sqlite

    name = target.table.database_table or target.table.table
    try:
        with sqlite.connect(read_only_uri(path)) as db, db.cursor() as cursor:
            cursor.execute(f"select name from pragma_table_info({literal(name)})")
            found = [str(row[0]) for row in cursor.fetchall()]
            if not found:
                raise UserError(
                    f"{target.source_file} has no table {name}. Name the right one in "
                    f"meta.database_table of source {target.table.label}."
                )
            matched = target.match(con, dict.fromkeys(found))
            selected = ", ".join(
                f"case typeof({quoted(c)}) when 'blob' then hex({quoted(c)}) "
                f"else cast({quoted(c)} as text) end as {quoted(c)}"
                for c in found
            )
            cursor.execute(f"select {selected} from {quoted(name)}")
            return Outcome(*insert_stream(con, target, matched, cursor))
    except (sqlite.Error, duckdb.Error) as error:
        raise UserError(
            f"{target.source_file}, table {name}: {first_line(error)}. Check that it is a complete "
            f"SQLite database; source {target.table.label} expects the columns "
            f"{', '.join(target.table.column_names)}."
        ) from None


def insert_stream(
    con: duckdb.DuckDBPyConnection, target: Target, matched: Matched, cursor: Any
) -> tuple[int, int]:
    """Insert what an ADBC cursor streams; rows that must be cast pass through a temporary table."""
    import pyarrow

    rows = cursor.fetch_record_batch()
    con.register("c360_stream", pyarrow.RecordBatchReader.from_batches(rows.schema, _told(rows)))
    try:
        if all(column.is_text for column, _ in matched.feeds):
            return target.insert_typed(con, matched, "c360_stream")
        con.execute("create or replace temp table c360_rows as select * from c360_stream")
        return target.insert_typed(con, matched, "temp.c360_rows")
    finally:
        _clean_up(con, "c360_stream")


def _told(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    # A slow server takes no time of the processor; that it goes on is seen here.
    for batch in batches:
        beat()
        yield batch


def _clean_up(con: duckdb.DuckDBPyConnection, name: str) -> None:
    # After an error the transaction takes no more commands; its end takes the rest away.
    with suppress(duckdb.Error):
        con.unregister(name)
        con.execute("drop table if exists temp.c360_rows")
