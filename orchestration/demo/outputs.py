"""Which tables become which files, and how they are written."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

HELPER_COLUMNS = ("defect", "sort_key", "is_late")
"""Columns of the row tables that stay out of the files."""

FETCH_ROWS = 50_000
"""Rows on their way from DuckDB to SQLite at a time."""


@dataclass(frozen=True)
class RowFile:
    """One kind of file.

    Attributes:
        name: folder below the landing folder, and the table's name in totals.json.
        table: temporary table that holds the rows.
        order_by: total order of the rows, up to rows that are equal; empty for a sorted table.
        is_json: newline-delimited JSON instead of CSV.
        has_late_rows: late rows go to a second file.
    """

    name: str
    table: str
    order_by: str
    is_json: bool = False
    has_late_rows: bool = False


CHUNK_FILES = (
    RowFile("web_shop/customers", "web_shop_customers", "sort_key, updated_at, defect"),
    RowFile("web_shop/orders", "web_shop_orders", "sort_key, defect", has_late_rows=True),
    RowFile("web_shop/order_lines", "web_shop_order_lines", "sort_key, line_number, defect"),
    RowFile(
        "web_tracking/events",
        "web_tracking_events",
        # The view reads a sorted table, and DuckDB keeps the order of what it reads.
        order_by="",
        is_json=True,
    ),
    RowFile("email_marketing/contacts", "email_marketing_contacts", "sort_key, updated_at, defect"),
    RowFile("email_marketing/message_events", "email_marketing_message_events", "sort_key, defect"),
    RowFile("email_marketing/consents", "email_marketing_consents", "sort_key, defect"),
)

SQLITE_SCHEMA = """
create table members (
    member_no text primary key, enrolled_on text, updated_at text, tier text, first_name text,
    last_name text, email text, phone text, street text, postal_code text, city text,
    country_code text, birth_date text
);
create table tiers (tier text primary key, tier_rank int, threshold_points int);
create table points_ledger (
    entry_id text primary key, member_no text, booked_at text, entry_type text, points int,
    order_id text
);
"""

SQLITE_TABLES = (("members", "loyalty_members_file"), ("points_ledger", "loyalty_points_ledger"))


def write_chunk_file(
    connection: duckdb.DuckDBPyConnection, file: RowFile, landing_dir: Path, chunk_number: int
) -> None:
    """Write one chunk's rows of one table, then its broken lines.

    Parameters:
        connection: holds the chunk's tables, `broken_lines` among them.
        file: what to write.
        landing_dir: the landing folder under construction.
        chunk_number: counts from 1 and names the file.
    """
    folder = landing_dir / file.name
    folder.mkdir(parents=True, exist_ok=True)
    stem, suffix = f"part-{chunk_number:04d}", "ndjson" if file.is_json else "csv"
    path = folder / f"{stem}.{suffix}"
    on_time = "where not is_late" if file.has_late_rows else ""
    rows = file_rows(file.table)
    order = f"order by {file.order_by}" if file.order_by else ""
    copy_rows(connection, f"{rows} {on_time} {order}", path, file.is_json)
    if file.has_late_rows:
        late_path = folder / f"{stem}_late.{suffix}"
        copy_rows(connection, f"{rows} where is_late {order}", late_path)
    lines = connection.execute(
        "select line from broken_lines where table_name = ? order by sort_key, line", [file.name]
    ).fetchall()
    with path.open("a", encoding="utf-8") as opened:
        opened.writelines(f"{line}\n" for (line,) in lines)


def file_rows(table: str) -> str:
    """The query for those columns of a row table that go into its file.

    Parameters:
        table: a temporary table or view.
    """
    return f"select columns(lambda c: c not in {HELPER_COLUMNS}) from {table}"


def copy_rows(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    path: Path,
    is_json: bool = False,
    header: bool = True,
) -> None:
    """Write a query's rows to one file in the query's order.

    Parameters:
        connection: runs the query.
        query: ends in a total order.
        path: the file; its folder exists.
        is_json: newline-delimited JSON instead of CSV.
        header: first CSV line names the columns.
    """
    options = "format json" if is_json else f"format csv, header {str(header).lower()}"
    connection.execute(f"copy ({query}) to '{str(path).replace(chr(39), chr(39) * 2)}' ({options})")


@contextmanager
def loyalty_database(path: Path) -> Iterator[sqlite3.Connection]:
    """Create the loyalty system's database, to be filled and closed in order.

    Parameters:
        path: must not exist; its folder does.
    """
    database = sqlite3.connect(path)
    try:
        # A crash leaves a temporary folder behind that nobody reads: no journal is needed.
        database.execute("pragma journal_mode = off")
        database.execute("pragma synchronous = off")
        database.executescript(SQLITE_SCHEMA)
        yield database
        database.commit()
    finally:
        database.close()


def append_to_sqlite(
    connection: duckdb.DuckDBPyConnection, database: sqlite3.Connection, table: str, query: str
) -> None:
    """Copy a query's rows into a SQLite table of the same columns, in bounded memory.

    Parameters:
        connection: runs the query.
        database: the SQLite database.
        table: existing table.
        query: ends in a total order.
    """
    rows = connection.execute(query)
    marks = ", ".join("?" * len(rows.description or []))
    while batch := rows.fetchmany(FETCH_ROWS):
        database.executemany(f"insert into {table} values ({marks})", batch)


def append_file(part: Path, whole: Path) -> None:
    """Move a part's bytes to the end of a file and remove the part.

    Parameters:
        part: is removed.
        whole: is created when missing.
    """
    with part.open("rb") as source, whole.open("ab") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    part.unlink()
