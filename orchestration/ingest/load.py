"""Bringing landing up to date: what is new or changed is read, each file in one transaction."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest import state
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.discovery import Listing, SourceFile, discover
from orchestration.ingest.file_loads import LoadContext, load_file
from orchestration.ingest.plan import Step, plan_files
from orchestration.ingest.server_loads import load_server_table
from orchestration.memory import ShortageError
from orchestration.retries import retrying
from orchestration.settings import Settings
from orchestration.warehouse import connect_writer

Progress = Callable[[str, int, int], None]
WATCHED_BYTES = 20_000_000


@dataclass
class LoadedTable:
    """What landing holds of a source table, and what this load did to it.

    Attributes:
        table: the declared source table.
        files: number of files in landing.
        file_bytes: their size together.
        rows_loaded: rows now in landing.
        rows_rejected: lines that could not be read, kept in landing.rejected_lines.
        files_read: files that this load read.
        bytes_read: their size together.
        rows_read: rows and rejected lines in them.
        seconds: how long that took.
        waiting: files that are not complete yet, with the reason.
        set_aside: what fits the pattern and can't be a file of the table, with the reason.
        failures: what went wrong, one paragraph each; the rows of before are still there.
        retries: what was tried again, one sentence each.
    """

    table: SourceTable
    files: int = 0
    file_bytes: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    files_read: int = 0
    bytes_read: int = 0
    rows_read: int = 0
    seconds: float = 0.0
    waiting: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)


def load_all(
    settings: Settings, tables: Sequence[SourceTable], progress: Progress | None = None
) -> list[LoadedTable]:
    """`load_tables` on a connection of its own, for commands outside of a run."""
    with connect_writer(settings) as con:
        return load_tables(con, settings, tables, progress)


def load_tables(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    tables: Sequence[SourceTable],
    progress: Progress | None = None,
) -> list[LoadedTable]:
    """Bring landing up to date with the files and databases.

    Parameters:
        con: a connection that may write the warehouse.
        settings: paths; `landing_dir` is read, a workspace below the data folder is used.
        tables: what the dbt project declares.
        progress: called with (what, bytes done, bytes in all) while files are read.

    Returns:
        One entry per table, in the order given. A table with failures keeps what it had.

    Raises:
        UserError: there is nothing for any declared table.
    """
    require_sources(settings, tables)
    workspace = settings.data_dir / "tmp" / "ingest"
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    try:
        # Rows keep the order of their file, which is what numbers them (state.publish_view).
        con.execute("set preserve_insertion_order = true")
        # Kept, not printed: `watched` asks for it.
        con.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
        state.prepare(con)
        state.forget_others(con, tables)
        context = LoadContext(
            con, workspace, uuid.uuid4().hex, progress or _silent, settings.dbt_project_dir
        )
        accept_gone = state.are_gone_files_accepted(con)
        loaded = [_bring_up_to_date(context, settings, table, accept_gone) for table in tables]
        con.execute("drop table if exists operations.gone_files_accepted")
        con.execute("set preserve_insertion_order = false")
        con.execute("set enable_progress_bar = false")
    finally:
        shutil.rmtree(workspace, ignore_errors=True)
    return loaded


def require_sources(settings: Settings, tables: Sequence[SourceTable]) -> None:
    """Refuse to load nothing at all.

    Raises:
        UserError: no declared table has a file, and none is in a database.
    """
    closed: list[str] = []
    is_found = any(table.is_database for table in tables)
    for table in tables:
        if is_found:
            return
        listing = discover(table, settings.landing_dir)
        is_found = bool(listing.files)
        closed += [f"{name} can't be listed: {why}. " for name, why in listing.unreadable.items()]
        closed += [f"{name} is left out: {why}. " for name, why in listing.set_aside.items()]
    if not is_found:
        raise UserError(
            f"No files for any declared source in {settings.landing_dir}. "
            f"{''.join(closed[:1])}Run `c360 demo` to make the demo company's, or give your own "
            "folder with `c360 run --landing DIR` (docs/staging.md says which files are expected "
            "where).",
            exit_code=3,
        )


def _silent(_what: str, _done: int, _total: int) -> None:
    return None


def _bring_up_to_date(
    context: LoadContext, settings: Settings, table: SourceTable, accept_gone: bool
) -> LoadedTable:
    con = context.con
    result = LoadedTable(table)
    started = time.monotonic()
    con.execute("begin")
    state.begin_table(con, table)
    con.execute("commit")
    if table.is_database:
        load_server_table(context, table, result)
    else:
        _load_files(context, settings.landing_dir, table, result, accept_gone)
    state.publish_view(con, table)
    result.seconds = time.monotonic() - started
    for parts in state.loaded_files(con, table).values():
        result.files += 1
        result.file_bytes += parts[-1].file_bytes
        result.rows_loaded += sum(part.rows_loaded for part in parts)
        result.rows_rejected += sum(part.rows_rejected for part in parts)
    return result


def _load_files(
    context: LoadContext,
    landing_dir: Path,
    table: SourceTable,
    result: LoadedTable,
    accept_gone: bool,
) -> None:
    listing = discover(table, landing_dir)
    files, result.waiting, result.set_aside = listing.files, listing.waiting, listing.set_aside
    for action, reasons in (("waiting", listing.waiting), ("set_aside", listing.set_aside)):
        for name, reason in reasons.items():
            _log(context, table, name, action, reason)
    known = state.loaded_files(context.con, table)
    closed = _closed_folders(context, table, listing, result)
    if known and not files and not closed and table.on_missing_file == "drop" and not accept_gone:
        result.failures.append(
            f"All {len(known)} files of source {table.label} are gone ({table.path}). Its rows "
            "stay as they were. Bring the files back, or run with --accept-drift when they were "
            "taken away on purpose."
        )
        return
    there = {*listing.waiting, *listing.set_aside}
    there |= {name for name in known if any(f"{name}/".startswith(folder) for folder in closed)}
    steps = plan_files(table, files, known, there)
    total = sum(step.bytes_to_read for step in steps)
    done = 0
    for step in steps:
        item = f"{table.label} {step.source_file}"
        context.progress(item, done, total)
        with watched(context, item, done, step.bytes_to_read, total):
            _run_step(context, table, step, result)
        done += step.bytes_to_read
    if total:
        context.progress(table.label, total, total)


@contextmanager
def watched(context: LoadContext, item: str, done: int, size: int, total: int) -> Iterator[None]:
    """Say how far DuckDB is with a large file while it reads it."""
    if size < WATCHED_BYTES:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            percentage = context.con.query_progress()
            if percentage > 0:
                context.progress(item, done + int(size * percentage / 100), total)

    watcher = threading.Thread(target=watch, name="load progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _run_step(context: LoadContext, table: SourceTable, step: Step, result: LoadedTable) -> None:
    def tell(sentence: str) -> None:
        result.retries.append(sentence)
        context.progress(sentence, 0, 0)

    try:
        rows = retrying(
            lambda: load_file(context, table, step), f"{table.label} {step.source_file}", tell
        )
        if rows is not None:
            result.files_read += 1
            result.bytes_read += step.bytes_to_read
            result.rows_read += rows
    except UserError as error:
        named = f"{step.source_file}: " if isinstance(error, ShortageError) else ""
        result.failures.append(f"{named}{error}")
        _log(context, table, step.source_file, "failed", f"{named}{error}")


def _closed_folders(
    context: LoadContext, table: SourceTable, listing: Listing, result: LoadedTable
) -> list[str]:
    """Say which folders can't be listed; the names of all files below them begin like this."""
    for name, reason in listing.unreadable.items():
        message = (
            f"The folder {name} of source {table.label} can't be listed: {reason}. What was loaded "
            "of the files below it stays as it was. Give the user of this run the right to read "
            "it, or take the folder away."
        )
        result.failures.append(message)
        _log(context, table, name, "failed", message)
    return [f"{name}/" if name != "." else "" for name in listing.unreadable]


def _log(context: LoadContext, table: SourceTable, name: str, action: str, message: str) -> None:
    event = {"load_id": context.load_id, "source_file": name, "action": action}
    state.log(context.con, table, {**event, "message": message})


__all__ = ["LoadedTable", "SourceFile", "load_all"]
