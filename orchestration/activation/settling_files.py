"""What the ledger learns of files: whole or not at all."""

from __future__ import annotations

import duckdb

from orchestration.activation.destinations.files import manifest_name
from orchestration.activation.settling import forget, now, transaction
from orchestration.activation.targets.protocol import FileStore
from orchestration.ingest.sql import literal


def settle_file(con: duckdb.DuckDBPyConnection, name: str, mode: str, run_id: str) -> None:
    """Keep that a run's file is complete, from its plan: what it added stands, the rest is gone.

    Until then nothing of the file is in the ledger but the plan, so a file that never was complete
    leaves nothing to take back.

    Parameters:
        con: to the ledger.
        name: of the sync.
        mode: of the sync.
        run_id: of the run, whose manifest is there.
    """
    of_sync, at = f"sync_name = {literal(name)}", now()
    added = f"run_id = {literal(run_id)} and is_sent and operation <> 'delete'"
    gone = "'delete'" if mode != "snapshot" else "'delete', 'invalid', 'blocked'"
    with transaction(con):
        con.execute(
            f"delete from sync_standing where {of_sync} and sync_key in (select sync_key "
            f"from sync_plan where run_id = {literal(run_id)} "
            f"and (operation in ({gone}) or {added}))"
        )
        con.execute(
            f"insert into sync_standing select {literal(name)}, sync_key, new_hash, payload, "
            f"(select formats from sync_run where run_id = {literal(run_id)}), true "
            f"from sync_plan where {added}"
        )
        con.execute(
            "update sync_state set profile_id = plan.profile_id, "
            "acked_hash = plan.new_hash, tried_hash = plan.new_hash, tried_outcome = 'accepted', "
            "tried_reason = null, failure_count = 0, next_try_at = null, "
            "first_acked_at = coalesce(first_acked_at, $1), last_acked_at = $1 "
            f"from (select * from sync_plan where {added}) as plan "
            f"where {of_sync} and sync_state.sync_key = plan.sync_key",
            [at],
        )
        con.execute(
            "insert into sync_state (sync_name, sync_key, profile_id, acked_hash, first_acked_at, "
            f"last_acked_at, tried_hash, tried_outcome) select {literal(name)}, sync_key, "
            f"profile_id, new_hash, $1, $1, new_hash, 'accepted' from sync_plan where {added} "
            f"and sync_key not in (select sync_key from sync_state where {of_sync})",
            [at],
        )
        forget(
            con,
            literal(name),
            f"select sync_key from sync_plan where run_id = {literal(run_id)} and not ({added})",
        )


def close_file(
    con: duckdb.DuckDBPyConnection, name: str, mode: str, run_id: str, store: FileStore
) -> str:
    """Settle a run's files by whether they are complete: they are when their manifest is there.

    What is there of files that are not is removed.

    Returns:
        The run's state: completed or killed.

    Raises:
        StopSyncError: the store doesn't say.
    """
    is_complete = store.holds(manifest_name(name, run_id))
    if is_complete:
        settle_file(con, name, mode, run_id)
    else:
        store.sweep(run_id)
    # By now it stands among what is at the other end, or nowhere.
    con.execute(
        "update sync_plan set payload = null where run_id = ? and payload is not null", [run_id]
    )
    return "completed" if is_complete else "killed"
