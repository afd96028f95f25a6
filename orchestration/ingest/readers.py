"""Reading landing files into tables of text, with every unreadable line set aside and counted.

DuckDB's own readers and ADBC do the reading. Nothing is typed here: a cast that fails is a
question for staging, which can say what was wrong with which row.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import adbc_driver_sqlite.dbapi as sqlite
import duckdb

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable

MAX_LINE_BYTES = 32 * 1024 * 1024
ENCODING_HINT = "Save it as UTF-8 and start again."


def quoted(identifier: str) -> str:
    """An SQL identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal, for places that take no bound parameter."""
    return "'" + text.replace("'", "''") + "'"


def load_table(con: duckdb.DuckDBPyConnection, table: SourceTable, landing_dir: Path) -> None:
    """Replace `landing.<identifier>` by the content of the table's files.

    Unreadable lines go to `landing.rejected_lines`, one row per file to `operations.ingest_log`.
    A table without files is empty, not missing: the models over it run all the same.

    Parameters:
        con: a connection to the warehouse.
        table: the declared source table.
        landing_dir: the folder that `table.path` is relative to.

    Raises:
        UserError: a file lacks a declared column, is not UTF-8, or can't be opened.
    """
    target = f"landing.{quoted(table.identifier)}"
    columns = ", ".join(f"{quoted(c)} varchar" for c in table.columns)
    con.execute(f"create or replace table {target} ({columns}, source_file varchar)")
    files = table.files(landing_dir)
    if not files:
        return
    match table.format:
        case "csv":
            _load_csv(con, table, files, target, landing_dir)
        case "ndjson":
            _load_ndjson(con, table, files, target, landing_dir)
        case _:
            _load_sqlite(con, table, files, target, landing_dir)
    _log_files(con, table, files, target, landing_dir)


def _relative(landing_dir: Path, column: str = "filename") -> str:
    return f"substr({column}, {len(str(landing_dir)) + 2})"


def _csv_header(path: Path) -> tuple[str, ...]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            return tuple(name.strip() for name in next(csv.reader(handle), []))
    except UnicodeDecodeError:
        raise UserError(f"{path}, line 1, is not UTF-8 text. {ENCODING_HINT}") from None
    except (OSError, csv.Error) as error:
        raise UserError(f"{path} can't be read: {error}. Check the file and its rights.") from None


def _load_csv(
    con: duckdb.DuckDBPyConnection,
    table: SourceTable,
    files: Sequence[Path],
    target: str,
    landing_dir: Path,
) -> None:
    # Files of one header share one scan; a file with another column order gets its own.
    by_header: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for path in files:
        header = _csv_header(path)
        if not header:
            continue
        missing = [c for c in table.columns if c not in header]
        if missing or len(set(header)) < len(header):
            fault = f"lacks the column {missing[0]}" if missing else "names a column twice"
            raise UserError(
                f"{path}, line 1: the header {fault}. Source {table.source}.{table.table} expects "
                f"{', '.join(table.columns)}. Correct the file or the declaration."
            )
        by_header[header].append(path)
    selected = ", ".join(quoted(c) for c in table.columns)
    for header, group in sorted(by_header.items()):
        struct = ", ".join(f"{literal(c)}: 'VARCHAR'" for c in header)
        paths = ", ".join(literal(str(p)) for p in group)
        try:
            con.execute(
                f"insert into {target} select {selected}, {_relative(landing_dir)} "
                f"from read_csv([{paths}], header=true, columns={{{struct}}}, delim=',', "
                "quote='\"', escape='\"', auto_detect=false, strict_mode=true, filename=true, "
                f"store_rejects=true, rejects_limit=0, max_line_size={MAX_LINE_BYTES})"
            )
        except duckdb.Error as error:
            raise UserError(
                f"Source {table.source}.{table.table} can't be read from {landing_dir}: "
                f"{_first_line(error)}. Check that its files are UTF-8 CSV with commas."
            ) from None
        # One rejected line may carry several errors; it is one row that was not loaded.
        con.execute(
            "insert into landing.rejected_lines "
            f"select ?, ?, {_relative(landing_dir, 'file_path')}, line, min(column_name), "
            "min(lower(cast(error_type as varchar))) "
            "from reject_errors join reject_scans using (scan_id, file_id) "
            "group by file_path, line",
            [table.source, table.table],
        )
        con.execute("drop table reject_errors")
        con.execute("drop table reject_scans")


def _load_ndjson(
    con: duckdb.DuckDBPyConnection,
    table: SourceTable,
    files: Sequence[Path],
    target: str,
    landing_dir: Path,
) -> None:
    struct = ", ".join(f"{literal(c)}: 'VARCHAR'" for c in table.columns)
    selected = ", ".join(quoted(c) for c in table.columns)
    empty = " and ".join(f"{quoted(c)} is null" for c in table.columns)
    paths = ", ".join(literal(str(p)) for p in files)
    try:
        con.execute(
            f"insert into {target} select {selected}, {_relative(landing_dir)} "
            f"from read_json([{paths}], format='newline_delimited', columns={{{struct}}}, "
            f"ignore_errors=true, filename=true, maximum_object_size={MAX_LINE_BYTES})"
        )
    except duckdb.Error as error:
        raise UserError(
            f"Source {table.source}.{table.table} can't be read from {landing_dir}: "
            f"{_first_line(error)}. Check that each line of its files is one JSON object."
        ) from None
    # The reader turns an unreadable line into a row of nulls. Only files that have such rows are
    # read again, line by line, to say which lines they were.
    broken = con.execute(
        f"select source_file, count(*) from {target} where {empty} group by source_file order by 1"
    ).fetchall()
    for source_file, _ in broken:
        con.execute(
            "insert into landing.rejected_lines "
            "select ?, ?, ?, line_number, cast(null as varchar), "
            "'not a JSON object with a declared field' "
            "from (select line, row_number() over () as line_number from read_csv(?, header=false, "
            "columns={'line': 'VARCHAR'}, delim='\x1f', quote='', escape='', auto_detect=false, "
            f"parallel=false, strict_mode=false, max_line_size={MAX_LINE_BYTES})) as numbered "
            "where not coalesce(json_valid(line), false) or "
            + " and ".join(
                f"json_extract_string(line, {literal('$.' + quoted(c))}) is null"
                for c in table.columns
            ),
            [table.source, table.table, source_file, str(landing_dir / source_file)],
        )
    con.execute(f"delete from {target} where {empty}")


def _load_sqlite(
    con: duckdb.DuckDBPyConnection,
    table: SourceTable,
    files: Sequence[Path],
    target: str,
    landing_dir: Path,
) -> None:
    # As text: SQLite types values, not columns, and ADBC types a column by its first rows.
    selected = ", ".join(f"cast({quoted(c)} as text) as {quoted(c)}" for c in table.columns)
    name = table.database_table or table.table
    for path in files:
        source_file = str(path.relative_to(landing_dir))
        try:
            with sqlite.connect(path.as_uri() + "?mode=ro") as db, db.cursor() as cursor:
                cursor.execute(f"select {selected} from {quoted(name)}")
                rows = cursor.fetch_record_batch()  # noqa: F841 (DuckDB reads it by its name)
                con.execute(f"insert into {target} select *, ? from rows", [source_file])
        except (sqlite.Error, duckdb.Error) as error:
            raise UserError(
                f"{path}, table {name}: {_first_line(error)}. Source {table.source}.{table.table} "
                f"expects the columns {', '.join(table.columns)}."
            ) from None


def _log_files(
    con: duckdb.DuckDBPyConnection,
    table: SourceTable,
    files: Sequence[Path],
    target: str,
    landing_dir: Path,
) -> None:
    names = [str(p.relative_to(landing_dir)) for p in files]
    sizes = [p.stat().st_size for p in files]
    con.execute(
        f"""
        insert into operations.ingest_log
        with files as (
            select unnest(?::varchar[]) as source_file, unnest(?::bigint[]) as file_bytes
        ),
        loaded as (select source_file, count(*) as row_count from {target} group by source_file),
        rejected as (
            select source_file, count(*) as row_count from landing.rejected_lines
            where source_system = ? and source_table = ? group by source_file
        )
        select ?, ?, files.source_file, files.file_bytes, coalesce(loaded.row_count, 0),
            coalesce(rejected.row_count, 0), cast(now() at time zone 'UTC' as timestamp)
        from files left join loaded using (source_file) left join rejected using (source_file)
        """,
        [names, sizes, table.source, table.table, table.source, table.table],
    )


def _first_line(error: Exception) -> str:
    # What follows the first line quotes the offending row, which may hold personal data.
    text = str(error).strip().splitlines()
    return text[0].rstrip(".") if text else type(error).__name__
