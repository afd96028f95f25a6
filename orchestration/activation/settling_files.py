"""What the ledger learns of files, whole or not at all, and of runs that were killed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.settling import Run, claim_standing, forget, now, transaction
from orchestration.activation.targets.files import MANIFEST
from orchestration.activation.targets.protocol import FileStore
from orchestration.ingest.sql import literal

OpenStore = Callable[[], FileStore]


def claim_file(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Say durably that a file with everything planned is about to be written."""
    with transaction(con):
        claim_standing(
            con, run, "select sync_key from planned where is_sent and operation <> 'delete'"
        )


def settle_file(con: duckdb.DuckDBPyConnection, name: str, mode: str, run_id: str) -> None:
    """Keep that a run's file is complete, from its plan: what it added stands, the rest is gone.

    Parameters:
        con: to the ledger.
        name: of the sync.
        mode: of the sync.
        run_id: of the run, whose manifest is there.
    """
    of_sync, at = f"sync_name = {literal(name)}", now()
    added = (
        f"select sync_key, new_hash from sync_plan where run_id = '{run_id}' and is_sent "
        "and operation <> 'delete'"
    )
    gone = "'delete'" if mode != "snapshot" else "'delete', 'invalid', 'blocked'"
    with transaction(con):
        con.execute(
            f"update sync_standing set is_acked = true where {of_sync} "
            f"and (sync_key, payload_hash) in ({added})"
        )
        con.execute(
            f"delete from sync_standing where {of_sync} and (sync_key in (select sync_key "
            f"from sync_plan where run_id = '{run_id}' and operation in ({gone})) "
            "or sync_key in (select sync_key from sync_plan where "
            f"run_id = '{run_id}' and is_sent and operation <> 'delete') "
            f"and (sync_key, payload_hash) not in ({added}))"
        )
        con.execute(
            "update sync_state set acked_hash = plan.new_hash, tried_outcome = 'accepted', "
            "tried_reason = null, failure_count = 0, next_try_at = null, "
            "first_acked_at = coalesce(first_acked_at, ?), last_acked_at = ? "
            f"from ({added}) as plan where {of_sync} and sync_state.sync_key = plan.sync_key",
            [at, at],
        )
        forget(con, literal(name), f"select sync_key from sync_plan where run_id = '{run_id}'")


def close_file(
    con: duckdb.DuckDBPyConnection, name: str, mode: str, run_id: str, store: FileStore
) -> str:
    """Settle a run's file by whether it is complete, which it is when its manifest is there.

    Returns:
        The run's state: completed or killed.

    Raises:
        StopSyncError: the store doesn't say.
    """
    if store.holds(f"{name}-{run_id}{MANIFEST}"):
        settle_file(con, name, mode, run_id)
        return "completed"
    _withdraw_file(con, name)
    return "killed"


def close_unsettled(
    con: duckdb.DuckDBPyConnection, name: str, sync: Sync, open_store: OpenStore | None
) -> None:
    """Settle what a killed run left, before anything else.

    A batch that was claimed and has no outcome is unknown. A file without its manifest never was
    one. Nothing is connected to where nothing is left to settle.

    Parameters:
        con: to the ledger.
        name: of the sync.
        sync: its definition.
        open_store: connects to where its files stand; None where it has none.

    Raises:
        StopSyncError: the store doesn't say whether a file is there.
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
            "update sync_attempt set outcome = 'unknown', reason = 'killed', settled_at = ? "
            "where run_id = ? and outcome is null",
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


def _withdraw_file(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """A file that never was complete brought nothing."""
    of_sync = f"sync_name = {literal(name)}"
    with transaction(con):
        con.execute(f"delete from sync_standing where {of_sync} and not is_acked")
        con.execute(
            f"update sync_state set tried_outcome = null, tried_hash = null where {of_sync} "
            "and tried_outcome = 'unknown'"
        )
        forget(con, literal(name), f"select sync_key from sync_state where {of_sync}")
