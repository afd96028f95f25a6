"""Tables of database servers: a snapshot replaced as a whole, or what came since the watermark."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from orchestration.errors import UserError
from orchestration.ingest import state
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.file_loads import LoadContext
from orchestration.ingest.readers import Target
from orchestration.ingest.readers.postgresql import read_postgresql, source_name
from orchestration.ingest.sql import quoted
from orchestration.retries import PassingError, retrying

UNMARKED = " (no watermark)"


def load_server_table(context: LoadContext, table: SourceTable, result: Any) -> None:
    """Bring landing up to date with a table of a server.

    Parameters:
        context: the run's connection and log.
        table: the source table.
        result: its `LoadedTable`, which gets the counts and failures.
    """

    def tell(sentence: str) -> None:
        result.retries.append(sentence)
        context.progress(sentence, 0, 0)

    names = [source_name(table)]
    if table.watermark:
        names.append(names[0] + UNMARKED)
    for name in names:
        context.progress(f"{table.label} {name}", 0, 0)
        waits = () if table.url in context.away else None
        try:
            rows = retrying(
                partial(_load_whole, context, table, name), f"{table.label} {name}", tell, waits
            )
            result.files_read += 1
            result.rows_read += rows
        except UserError as error:
            if isinstance(error, PassingError) and table.url:
                context.away.add(table.url)
            result.failures.append(str(error))
            event = {"load_id": context.load_id, "source_file": name, "action": "failed"}
            state.log(context.con, table, {**event, "message": str(error)})
            return


def _load_whole(context: LoadContext, table: SourceTable, name: str) -> int:
    con = context.con
    con.execute("begin")
    try:
        rows = _load(context, table, name, time.monotonic())
        con.execute("commit")
        return rows
    except BaseException:
        con.execute("rollback")
        raise


def _load(context: LoadContext, table: SourceTable, name: str, started: float) -> int:
    con = context.con
    unmarked = name.endswith(UNMARKED)
    parts = state.loaded_files(con, table).get(name, [])
    since = parts[-1].watermark if parts and table.watermark and not unmarked else None
    if since is None:
        state.forget_file(con, table, name)
        parts = []
    else:
        _take_out_boundary(context, table, name, since)
        parts = state.loaded_files(con, table)[name]
    target = Target(table, name, state.next_file_id(con), most_rows=context.most_rows)
    outcome, latest = read_postgresql(con, target, since, unmarked)
    rows_before = sum(part.rows_loaded for part in parts)
    state.remember_file(
        con,
        table,
        {
            "file_id": target.file_id,
            "source_file": name,
            "part": len(parts) + 1,
            "file_bytes": 0,
            "rows_loaded": outcome.rows_loaded,
            "rows_rejected": outcome.rows_rejected,
            "rows_superseded": 0,
            "row_offset": rows_before,
            "is_deletes": False,
            "watermark": latest or since,
        },
    )
    event = {
        "load_id": context.load_id,
        "source_file": name,
        "action": "extended" if since is not None else "loaded",
        "rows_loaded": outcome.rows_loaded,
        "rows_rejected": outcome.rows_rejected,
        "rows_superseded": 0,
        "watermark": latest or since,
        "seconds": time.monotonic() - started,
    }
    state.log(con, table, event)
    return outcome.rows_loaded + outcome.rows_rejected


def _take_out_boundary(context: LoadContext, table: SourceTable, name: str, since: str) -> None:
    # They are the last rows of their part, because rows come in the order of the watermark.
    column = next((c for c in table.columns if c.source_name == table.watermark), None)
    if column is None:
        raise UserError(
            f"Source {table.label} declares the watermark {table.watermark} and does not load that "
            f"column. Add it to the columns in {table.declared_in}."
        )
    con = context.con
    key = [table.source, table.table, name]
    files = (
        "select file_id from operations.source_files "
        "where source_system = ? and source_table = ? and source_file = ?"
    )
    con.execute(
        f"delete from {state.physical(table)} where file_id in ({files}) "
        f"and {quoted(column.name)} = try_cast(? as {column.data_type})",
        [*key, since],
    )
    con.execute(
        "update operations.source_files set rows_loaded = (select count(*) from "
        f"{state.physical(table)} as r where r.file_id = source_files.file_id) "
        "where source_system = ? and source_table = ? and source_file = ?",
        key,
    )
