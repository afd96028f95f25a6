"""Connections to the warehouse and to what is published, with the limits that profiles.yml sets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.failures import in_words
from orchestration.failures.rules import explain
from orchestration.failures.seen import Seen
from orchestration.limits import Limits
from orchestration.locking import holder_of
from orchestration.retries import retrying
from orchestration.settings import Settings


class BusyError(UserError):
    """Somebody writes the warehouse at the moment; it can be read when that has ended."""


RESERVED_BYTES = 200 * 1024**2
Connect = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
"""Gives connections that may write the warehouse: within a run, the resource's."""


@contextmanager
def connect_writer(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """`open_writer` for commands outside of a run; the caller holds the writer lock.

    Within a run the resource `warehouse` gives connections.
    """
    with open_writer(settings.warehouse_path) as con:
        yield con


@contextmanager
def open_writer(
    path: Path, waits: Sequence[float] | None = ()
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may write the warehouse, with its limits.

    Within a dbt run it joins dbt's own database instance, which has the reporting model attached.

    Parameters:
        path: the warehouse's file.
        waits: seconds before each further try while another program has it open; none for one try,
            None for the pauses of `retries`.

    Raises:
        UserError: another program has it open, or it can't be opened at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        con = retrying(lambda: duckdb.connect(str(path)), path.name, waits=waits)
    except duckdb.Error as error:
        raise cannot_open(error, path) from None
    limits = Limits.from_env()
    try:
        con.execute("set memory_limit = ?", [limits.memory_limit])
        con.execute(f"set threads = {limits.threads}")
        con.execute("set preserve_insertion_order = false")
        con.execute("set timezone = 'UTC'")
        yield con
    finally:
        con.close()


_kept: list[duckdb.DuckDBPyConnection] = []


def keep_open(path: Path) -> None:
    """Keep a file that is open in this process open after that, until `let_go`.

    Opening the file costs more than most of what a step without news asks it. A cursor would not
    do: whoever connects next would open the file a second time beside it.

    Parameters:
        path: the warehouse's file.
    """
    if not _kept:
        _kept.append(duckdb.connect(str(path)))


def let_go() -> None:
    """Close what is kept open, because somebody opens the file in another way."""
    while _kept:
        _kept.pop().close()


@contextmanager
def attached(con: duckdb.DuckDBPyConnection, path: Path, catalog: str) -> Iterator[None]:
    """Another database beside the warehouse, for reading, where it is there and not attached yet.

    Parameters:
        con: a connection to the warehouse.
        path: the other database's file.
        catalog: the name its tables are read by.
    """
    known = con.execute(
        "select 1 from duckdb_databases() where database_name = ?", [catalog]
    ).fetchone()
    if known or not path.exists():
        yield
        return
    name = str(path).replace("'", "''")
    con.execute(f"attach '{name}' as {catalog} (read_only)")
    try:
        yield
    finally:
        con.execute(f"detach {catalog}")


@contextmanager
def connect_reader(
    settings: Settings, table: str = "", missing: str = ""
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the warehouse, for commands that only look.

    It keeps temporary tables of its own.

    Parameters:
        settings: paths.
        table: schema.table that must be there; none when empty.
        missing: what to tell when it is not.

    Raises:
        UserError: there is no warehouse, it lacks the table, or a run is writing it.
    """
    path = settings.warehouse_path
    if not path.exists():
        raise UserError(f"There is no warehouse in {settings.data_dir}. Run `c360 run` first.", 3)
    try:
        con = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        holder = holder_of(settings.data_dir)
        if holder or "set lock on file" in str(error):
            raise BusyError(
                f"The warehouse in {settings.data_dir} is being written by "
                f"{holder or 'another program'}; it can be read when that has ended."
            ) from None
        raise cannot_open(error, path) from None
    try:
        con.execute("set timezone = 'UTC'")
        found = con.execute(
            "select 1 from information_schema.tables where table_schema || '.' || table_name = ?",
            [table],
        ).fetchone()
        if table and found is None:
            raise UserError(missing, 3)
        yield con
    finally:
        con.close()


def cannot_open(error: duckdb.Error, path: Path) -> UserError:
    """What to tell about a DuckDB file that could not be opened.

    Parameters:
        error: DuckDB's.
        path: of the file, which not every error of DuckDB names.
    """
    told = explain(replace(Seen.of(error), path=str(path)), None) or in_words(error)
    return UserError(told.text, told.exit_code)


@contextmanager
def connect_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published model, closed to the outside world.

    It needs the right to read that file, and none to write anything.

    Raises:
        UserError: nothing has been published yet, or the file is damaged or may not be read.
    """
    path = settings.published_path
    if not path.exists():
        raise UserError(f"Nothing is published yet in {path.parent}. Run `c360 run` first.", 3)
    if not path.is_file():
        raise UserError(
            f"{path} is no file, so nothing can be read from it. Move it away and publish again: "
            "`c360 publish`.",
            3,
        )
    try:
        con = duckdb.connect(
            str(path),
            read_only=True,
            config={"enable_external_access": "false", "lock_configuration": "true"},
        )
    except duckdb.Error as error:
        raise cannot_open(error, path) from None
    try:
        yield con
    finally:
        con.close()


def discard_database(path: Path) -> None:
    """Remove a database file and its write-ahead log, which nobody has open."""
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)


def require_free_space(settings: Settings, needed: int, step: str) -> None:
    """Refuse a step that would fill the disk half-way.

    Parameters:
        settings: paths.
        needed: bytes that it may write beside what is there.
        step: what would write them, for people.

    Raises:
        UserError: there is less free space than that and a reserve for logs and records.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    needed += RESERVED_BYTES
    free = shutil.disk_usage(settings.data_dir).free
    if free < needed:
        raise UserError(
            f"{settings.data_dir} has {free / 1e9:.1f} GB free, and {step} may need "
            f"{needed / 1e9:.1f} GB. Free some space or move the folder with C360_DATA_DIR."
        )


def rows(
    con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries by column name."""
    found = con.execute(sql, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
