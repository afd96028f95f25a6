"""One step of the plan, whole or not at all: rows, lines, drift and the log in one transaction."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest import state
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.discovery import BLOCK_BYTES, count_lines
from orchestration.ingest.keyed_checks import refuse_faulty
from orchestration.ingest.plain_files import TEXT_FORMATS, plain_file
from orchestration.ingest.plan import Step, check_failed
from orchestration.ingest.readers import NeedsCareError, Outcome, Target, reader_of
from orchestration.ingest.readers.dialect import Dialect
from orchestration.ingest.sql import first_line


@dataclass(frozen=True)
class LoadContext:
    """What all loads of a run share.

    Attributes:
        con: the warehouse.
        workspace: folder for unpacked copies.
        load_id: the run's load, in the log.
        progress: where to say how far it is.
        dbt_project_dir: the dbt project, whose macros say what a keyed file's values are.
        away: addresses of servers that stayed away for all tries; their other tables get one each.
        most_rows: of a server's table; any where it is None.
    """

    con: duckdb.DuckDBPyConnection
    workspace: Path
    load_id: str
    progress: Callable[[str, int, int], None]
    dbt_project_dir: Path
    away: set[str] = field(default_factory=set)
    most_rows: int | None = None


def load_file(context: LoadContext, table: SourceTable, step: Step) -> int | None:
    """Do one step.

    Returns:
        Rows and rejected lines that were read; None when the file did not have to be read.

    Raises:
        UserError: the file is unusable; nothing of the step was done.
    """
    check_failed(step)
    started = time.monotonic()
    try:
        outcome = _try(context, table, step, started, is_careful=False)
    except NeedsCareError:
        context.con.execute("rollback")
        if step.action == "extended":
            # What is wrong in the part that was added may reach back into what is there.
            step = replace(step, action="replaced")
        outcome = _try(context, table, step, started, is_careful=True)
    return None if outcome is None else outcome.rows_loaded + outcome.rows_rejected


def _try(
    context: LoadContext, table: SourceTable, step: Step, started: float, is_careful: bool
) -> Outcome | None:
    con = context.con
    con.execute("begin")
    try:
        outcome = _apply(context, table, step, started, is_careful)
        con.execute("commit")
        return outcome
    except NeedsCareError:
        raise
    except BaseException as error:
        con.execute("rollback")
        if step.file and not step.file.path.exists():
            raise UserError(_vanished(step)) from None
        if isinstance(error, OSError):
            raise UserError(
                f"{step.source_file} can't be read: {error.strerror or type(error).__name__}. "
                "Check its rights and that its disk is there."
            ) from None
        if isinstance(error, duckdb.Error) and not isinstance(error, duckdb.FatalException):
            raise UserError(
                f"{step.source_file} of source {table.label} can't be loaded: "
                f"{first_line(error)}. Check the file and its declaration."
            ) from None
        raise


def _vanished(step: Step) -> str:
    return (
        f"{step.source_file} went away while it was read. What was loaded of it before stays; run "
        "again when the delivery is complete."
    )


def _apply(
    context: LoadContext, table: SourceTable, step: Step, started: float, is_careful: bool
) -> Outcome | None:
    con = context.con
    if step.action == "removed":
        state.forget_file(con, table, step.source_file)
        _log(context, table, step, None, started)
        return None
    assert step.file and step.contents
    if step.action == "touched":
        con.execute(
            "update operations.source_files set file_stamp = ? where source_system = ? "
            "and source_table = ? and source_file = ?",
            [step.file.state.kept_stamp, table.source, table.table, step.source_file],
        )
        return None
    if step.action == "repeated":
        _repeat(context, table, step, started)
        return None
    if step.action != "extended":
        state.forget_file(con, table, step.source_file)
    target = Target(
        table,
        step.source_file,
        state.next_file_id(con),
        step.file.is_deletes,
        step.contents.line_count,
        workspace=context.workspace,
        is_careful=is_careful,
    )
    outcome = (
        _read_tail(context, target, step)
        if step.action == "extended"
        else _read_whole(context, target, step)
    )
    if not (is_careful and table.format == "sqlite") and not step.file.is_unchanged():
        if table.format == "sqlite":
            raise NeedsCareError  # a database that is in use: a copy of one moment is read then
        raise UserError(
            f"{step.source_file} changed while it was read. What was loaded of it before stays; "
            "run again when the delivery is complete, or let it be delivered with a marker "
            "(meta.completeness_marker)."
        )
    if table.keyed is not None:
        refuse_faulty(con, target, context.dbt_project_dir)
    _log(context, table, step, outcome, started)
    return outcome


def _read_whole(context: LoadContext, target: Target, step: Step) -> Outcome:
    assert step.file and step.contents
    table, path = target.table, step.file.path
    with plain_file(table, path, context.workspace, must_copy=target.is_careful) as plain:
        if plain != path and table.format in TEXT_FORMATS:
            target = replace(target, line_count=count_lines(plain))
        outcome = reader_of(table)(context.con, target, plain)
    if table.format == "sqlite" and not step.file.is_unchanged():
        # What was read is of one moment, and not of the one that was hashed: read again next time.
        moving = replace(step.file.state, is_young=True)
        step = replace(
            step,
            file=replace(step.file, state=moving),
            contents=replace(step.contents, content_hash=f"in use {uuid.uuid4().hex}"),
        )
    _remember(context, target, step, outcome, part=1, row_offset=0)
    _keep_lines(context, target, outcome, 0)
    return outcome


def _read_tail(context: LoadContext, target: Target, step: Step) -> Outcome:
    assert step.file and step.contents
    table, last = target.table, step.before[-1]
    header_lines = Dialect.of(table).header_lines if table.format == "csv" else 0
    rows_before = sum(part.rows_loaded for part in step.before)
    with tempfile.TemporaryDirectory(dir=context.workspace) as folder:
        tail = Path(folder) / "plain.txt"
        with step.file.path.open("rb") as source, tail.open("wb") as out:
            for _ in range(header_lines):
                out.write(source.readline())
            source.seek(last.file_bytes)
            while block := source.read(BLOCK_BYTES):
                out.write(block)
        lines = step.contents.line_count - last.line_count + header_lines
        target = replace(target, line_count=lines, lines_before=last.line_count - header_lines)
        outcome = reader_of(table)(context.con, target, tail)
    _remember(context, target, step, outcome, last.part + 1, rows_before)
    _keep_lines(context, target, outcome, rows_before)
    return outcome


def _keep_lines(context: LoadContext, target: Target, outcome: Outcome, rows_before: int) -> None:
    offsets = outcome.line_offsets
    if offsets is None and outcome.header_lines is not None:
        offsets = [(1, outcome.header_lines)]
    if not offsets or not outcome.rows_loaded:
        return
    context.con.execute(
        "insert into operations.source_lines select ?, ?, ?, from_row + ?, line_offset + ? "
        "from (select unnest(?::bigint[]) as from_row, unnest(?::bigint[]) as line_offset)",
        [
            target.table.source,
            target.table.table,
            target.source_file,
            rows_before,
            target.lines_before - rows_before,
            [pair[0] for pair in offsets],
            [pair[1] for pair in offsets],
        ],
    )


def _remember(
    context: LoadContext, target: Target, step: Step, outcome: Outcome, part: int, row_offset: int
) -> None:
    _remember_part(
        context,
        target.table,
        step,
        {
            "file_id": target.file_id,
            "part": part,
            "rows_loaded": outcome.rows_loaded,
            "rows_rejected": outcome.rows_rejected,
            "rows_superseded": 0,
            "row_offset": row_offset,
        },
    )


def _remember_part(
    context: LoadContext, table: SourceTable, step: Step, part: dict[str, int]
) -> None:
    assert step.file and step.contents
    state.remember_file(
        context.con,
        table,
        {
            "source_file": step.source_file,
            "file_bytes": step.file.size,
            "file_stamp": step.file.state.kept_stamp,
            "content_hash": step.contents.content_hash,
            "line_count": step.contents.line_count,
            "ends_with_newline": step.contents.ends_with_newline,
            "is_deletes": step.file.is_deletes,
            **part,
        },
    )


def _repeat(context: LoadContext, table: SourceTable, step: Step, started: float) -> None:
    """Keep a file that equals another one out of landing; its rows count as superseded."""
    con = context.con
    state.forget_file(con, table, step.source_file)
    original = con.execute(
        "select sum(rows_loaded + rows_rejected)::bigint from operations.source_files "
        "where source_system = ? and source_table = ? and source_file = ?",
        [table.source, table.table, step.repeats],
    ).fetchone()
    rows = original[0] if original and original[0] is not None else 0
    nothing = {"rows_loaded": 0, "rows_rejected": 0, "row_offset": 0}
    part = {"file_id": state.next_file_id(con), "part": 0, "rows_superseded": rows, **nothing}
    _remember_part(context, table, step, part)
    _log(context, table, step, Outcome(0, 0), started, rows, f"the same bytes as {step.repeats}")


def _log(
    context: LoadContext,
    table: SourceTable,
    step: Step,
    outcome: Outcome | None,
    started: float,
    rows_superseded: int = 0,
    message: str | None = None,
) -> None:
    state.log(
        context.con,
        table,
        {
            "load_id": context.load_id,
            "source_file": step.source_file,
            "action": step.action,
            "file_bytes": step.file.size if step.file else None,
            "content_hash": step.contents.content_hash if step.contents else None,
            "rows_loaded": outcome.rows_loaded if outcome else None,
            "rows_rejected": outcome.rows_rejected if outcome else None,
            "rows_superseded": rows_superseded if outcome else None,
            "seconds": time.monotonic() - started,
            "message": message,
        },
    )
