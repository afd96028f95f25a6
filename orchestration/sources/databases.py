"""The tables of databases and the sheets of workbooks."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.ingest import servers
from orchestration.ingest.addresses import without_password
from orchestration.ingest.servers import said
from orchestration.ingest.sql import first_line
from orchestration.ingest.sqlite_files import read_only_uri, whole_database
from orchestration.sources.drafts import Table
from orchestration.sources.names import snake_case, unique_names

SHEET_NAMES = re.compile(r"(sheet|tabelle|blad|feuil|feuille)\s*\d*", re.I)


def sheets(table: Table) -> list[Table]:
    """One table per sheet that has rows."""
    import fastexcel

    try:
        book = fastexcel.read_excel(str(table.files[0]))
        filled = [n for n in book.sheet_names if book.load_sheet(n, n_rows=5).height]
    except Exception as error:  # the library has many kinds, none of them documented
        raise UserError(
            f"{table.files[0]} can't be read as a workbook: {first_line(error)}. Save it as xlsx."
        ) from None
    if len(filled) == 1:
        return [replace(table, options={"sheet": filled[0]})]
    return [
        replace(
            table,
            name=table.name if SHEET_NAMES.fullmatch(n) and i == 0 else snake_case(n, "sheet"),
            options={"sheet": n},
        )
        for i, n in enumerate(filled)
    ]


def sqlite_tables(table: Table) -> list[Table]:
    """One table per table of a SQLite file."""
    with connect(table) as cursor:
        cursor.execute(
            "select name from sqlite_master where type in ('table', 'view') "
            "and name not like 'sqlite_%' order by name"
        )
        names = [str(row[0]) for row in cursor.fetchall()]
    if not names:
        raise UserError(f"{table.files[0]} holds no table.")
    made = unique_names(names, "table")
    return [replace(table, name=m, database_table=n) for m, n in zip(made, names, strict=True)]


def postgresql_tables(url: str) -> list[Table]:
    """One table per table of a PostgreSQL database that is not the system's own."""
    draft = Table("", "postgresql", url=url)
    with connect(draft) as cursor:
        cursor.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"
        )
        found = [(str(s), str(t)) for s, t in cursor.fetchall()]
    if not found:
        raise UserError(
            f"{without_password(url)} shows no table. Check its name and the user's rights."
        )
    names = [t if s == "public" else f"{s}_{t}" for s, t in found]
    return [
        replace(draft, name=name, database_table=f"{schema}.{table}")
        for name, (schema, table) in zip(unique_names(names, "table"), found, strict=True)
    ]


@contextmanager
def connect(table: Table) -> Iterator[Any]:
    """A read-only cursor on a table's database.

    Raises:
        UserError: the database can't be opened or read. The message never holds the password.
    """
    import adbc_driver_manager

    try:
        with _opened(table) as database, database.cursor() as cursor:
            yield cursor
    except (adbc_driver_manager.Error, OSError) as error:
        where = table.files[0] if table.files else without_password(table.url or "")
        raise UserError(
            f"{where} can't be read: {said(error, table.url or '')}. Check that it is there and "
            "open to you; a password comes from PGPASSWORD or ~/.pgpass."
        ) from None


@contextmanager
def _opened(table: Table) -> Iterator[Any]:
    if table.format != "sqlite":
        with servers.connect(table.url or "") as connection:
            yield connection
        return
    import adbc_driver_sqlite.dbapi as sqlite

    with (
        tempfile.TemporaryDirectory(prefix="c360_") as folder,
        whole_database(table.files[0], Path(folder)) as file,
        sqlite.connect(read_only_uri(file)) as connection,
    ):
        yield connection
