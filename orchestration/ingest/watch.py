"""What lies in the sources now, seen without reading it: whether a run would find anything new."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.discovery import discover
from orchestration.ingest.servers import connect
from orchestration.ingest.sql import quoted
from orchestration.settings import Settings

UNREACHABLE = "unreachable"
ANSWER_SECONDS = 15.0
STATEMENT_MS = 8_000
_asked: dict[str, threading.Thread] = {}


def source_states(settings: Settings, tables: Sequence[SourceTable]) -> dict[str, str]:
    """A short text per declared source table that is another one when a run would find news.

    Files are looked at from outside (names, sizes, times and inodes; a SQLite file with its log).
    Of a server's table with a watermark, its greatest value and the rows at that value are asked
    for; of one without, how many rows the server has counted as inserted, changed and deleted.

    Nothing is raised, logged or written. All servers together have `ANSWER_SECONDS`.

    Parameters:
        settings: paths; `landing_dir` is looked at.
        tables: what the dbt project declares.

    Returns:
        Per `source.table` a text without names, values or secrets. `UNREACHABLE` where nothing can
        be said at the moment: the folder or file is closed to us, the server does not answer.
        Equal texts mean that nothing has changed as far as can be seen from outside.
    """
    states = {
        table.label: _state_of_files(table, settings.landing_dir)
        for table in tables
        if not table.is_database
    }
    states |= _states_of_servers([table for table in tables if table.is_database])
    return states


def _state_of_files(table: SourceTable, landing_dir: Path) -> str:
    try:
        listing = discover(table, landing_dir)
    except (UserError, OSError):
        return UNREACHABLE
    if listing.unreadable:
        return UNREACHABLE
    seen = [f"{file.source_file}\n{file.state.stamp}" for file in listing.files]
    return f"files:{len(seen)}:{_digest(seen)}"


def _states_of_servers(tables: Iterable[SourceTable]) -> dict[str, str]:
    by_server: dict[str, list[SourceTable]] = defaultdict(list)
    for table in tables:
        by_server[f"{table.url} {table.password_env}"].append(table)
    answers: dict[str, str] = {}
    ends_at = time.monotonic() + ANSWER_SECONDS
    threads = []
    for server, own in by_server.items():
        # One that has not answered yet is not asked again: it may hang for as long as it likes.
        if server not in _asked or not _asked[server].is_alive():
            found: dict[str, str] = {}
            thread = threading.Thread(target=_ask, args=(own, found), daemon=True)
            thread.start()
            _asked[server] = thread
            threads.append((thread, found))
    for thread, found in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
        answers |= dict(found)
    return {
        table.label: answers.get(table.label, UNREACHABLE)
        for own in by_server.values()
        for table in own
    }


def _ask(tables: Sequence[SourceTable], found: dict[str, str]) -> None:
    try:
        with connect(str(tables[0].url), tables[0]) as server, server.cursor() as cursor:
            cursor.execute(f"set statement_timeout = {STATEMENT_MS}")
            server.commit()
            for table in tables:
                try:
                    found[table.label] = _state_on_server(table, cursor)
                except Exception:  # whatever it is, this table says nothing now
                    found[table.label] = UNREACHABLE
                server.rollback()
    except Exception:  # a driver's errors are many; all mean the same here
        return


def _state_on_server(table: SourceTable, cursor: Any) -> str:
    schema, _, name = (table.database_table or table.table).rpartition(".")
    relation = ".".join(quoted(part) for part in (schema, name) if part)
    if table.watermark:
        mark = quoted(table.watermark)
        cursor.execute(
            f"with newest as (select max({mark}) as mark from {relation}) select newest.mark::text,"
            f" (select count(*) from {relation} as r where r.{mark} = newest.mark) from newest"
        )
    else:
        cursor.execute(
            "select pg_stat_get_tuples_inserted(c)::text, pg_stat_get_tuples_updated(c) || '/' || "
            "pg_stat_get_tuples_deleted(c) from (select to_regclass($1)::oid) as t(c)",
            [relation],
        )
    row = cursor.fetchone()
    kind = "watermark" if table.watermark else "counters"
    return f"{kind}:{_digest([str(value) for value in row])}"


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
