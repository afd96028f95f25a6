"""What a killed run left is settled before anything else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.settling import answer, fold, forget, now
from orchestration.activation.settling_files import close_file
from orchestration.activation.targets.protocol import BatchTarget, FileStore
from orchestration.ingest.sql import literal

OpenStore = Callable[[], FileStore]
OpenTarget = Callable[[], BatchTarget]


def close_unsettled(
    con: duckdb.DuckDBPyConnection,
    name: str,
    sync: Sync,
    open_store: OpenStore | None,
    open_target: OpenTarget | None = None,
) -> None:
    """Settle what a killed run left, before anything else.

    A batch that was claimed and has no outcome is unknown, until the other end is asked, where that
    knows. A file without its manifest never was one. Nothing is connected to where nothing is left
    to settle.

    Parameters:
        con: to the ledger.
        name: of the sync.
        sync: its definition.
        open_store: connects to where its files stand; None where it has none.
        open_target: connects to what knows which batches arrived; None where nothing does.

    Raises:
        StopSyncError: the other end doesn't say what is there.
    """
    unsettled = [
        run_id
        for (run_id,) in con.execute(
            "select run_id from sync_run where sync_name = ? and state in ('sending', 'unsettled')",
            [name],
        ).fetchall()
    ]
    for run_id in unsettled:
        con.execute(
            "update sync_attempt set outcome = 'unknown', reason = 'killed', settled_at = ?, "
            "is_folded = false where run_id = ? and outcome is null",
            [now(), run_id],
        )
        state = "killed"
        if open_store:
            with closing(open_store()) as store:
                state = close_file(con, name, sync.mode, run_id, store)
        con.execute(
            "update sync_run set state = ?, ended_at = ?, message = coalesce(message, 'The process "
            "ended before the run did.') where run_id = ?",
            [state, now(), run_id],
        )
    if open_target:
        _ask(con, name, open_target)
    fold(con, name, sync)


def _ask(con: duckdb.DuckDBPyConnection, name: str, open_target: OpenTarget) -> None:
    """Settle each batch without an answer by what the other end has of it, the oldest first."""
    batches = con.execute(
        "select run_id, batch_id, idempotency_key, list(sync_key order by sync_key) "
        "from sync_attempt inner join sync_run using (run_id) "
        "where sync_name = ? and outcome = 'unknown' group by all "
        "order by min(claimed_at), run_id, batch_id",
        [name],
    ).fetchall()
    if not batches:
        return
    with closing(open_target()) as target:
        for run_id, batch_id, idempotency_key, keys in batches:
            results = target.outcomes(keys, idempotency_key)
            if results is None:
                continue
            answer(con, run_id, batch_id, keys, results, replaces="unknown")
            _withdraw(con, name, run_id, batch_id)


def _withdraw(con: duckdb.DuckDBPyConnection, name: str, run_id: str, batch_id: str) -> None:
    """What is known by now not to have arrived stands there no more, unless of another try."""
    con.execute(
        "delete from sync_standing using sync_attempt as tried where sync_standing.sync_name = $1 "
        "and not is_acked and tried.run_id = $2 and tried.batch_id = $3 "
        "and tried.operation = 'add' and tried.outcome = 'not_sent' "
        "and tried.sync_key = sync_standing.sync_key "
        "and tried.payload_hash = sync_standing.payload_hash "
        "and not exists (select 1 from sync_attempt as other inner join sync_run using (run_id) "
        "where sync_name = $1 and other.sync_key = tried.sync_key and other.outcome = 'unknown' "
        "and other.payload_hash = tried.payload_hash)",
        [name, run_id, batch_id],
    )
    forget(
        con,
        literal(name),
        "select sync_key from sync_attempt where outcome = 'not_sent' "
        f"and run_id = {literal(run_id)} and batch_id = {literal(batch_id)}",
    )
