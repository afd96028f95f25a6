"""What the ledger says to people: the runs, and rows that a person settles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orchestration.activation.definitions import read_sync
from orchestration.activation.ledger import SyncLock, open_ledger
from orchestration.settings import Settings


def runs(settings: Settings, name: str | None, limit: int) -> list[dict[str, Any]]:
    """The latest runs.

    Parameters:
        settings: paths.
        name: of a sync; all without.
        limit: most runs.

    Returns:
        Rows of sync_run, the latest first.

    Raises:
        UserError: there is no ledger, or a sync is running.
    """
    with SyncLock(settings.data_dir), open_ledger(settings, read_only=True) as con:
        found = con.execute(
            "select * from sync_run where sync_name = coalesce(?, sync_name) "
            "order by started_at desc, run_id desc limit ?",
            [name, limit],
        )
        columns = [column[0] for column in found.description]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def settle_by_hand(settings: Settings, name: str, outcome: str) -> int:
    """Count rows without an answer as arrived or lost, as somebody saw at the other end.

    Parameters:
        settings: paths.
        name: of the sync.
        outcome: arrived or lost.

    Returns:
        How many rows.

    Raises:
        UserError: there is no such sync or no ledger, or a sync is running.
    """
    read_sync(settings, name)
    now = datetime.now(UTC).replace(tzinfo=None)
    with SyncLock(settings.data_dir), open_ledger(settings) as con:
        [(count,)] = con.execute(
            "select count(*) from sync_standing where sync_name = ? and not is_acked", [name]
        ).fetchall()
        con.execute("begin")
        con.execute(
            "update sync_attempt set outcome = $2, reason = 'by_hand', settled_at = $3 "
            "where outcome = 'unknown' and operation = 'add' "
            "and run_id in (select run_id from sync_run where sync_name = $1)",
            [name, "accepted" if outcome == "arrived" else "not_sent", now],
        )
        if outcome == "arrived":
            con.execute(
                "update sync_state set acked_hash = standing.payload_hash, "
                "tried_outcome = 'accepted', last_acked_at = $2, "
                "first_acked_at = coalesce(first_acked_at, $2) from sync_standing as standing "
                "where sync_state.sync_name = $1 and standing.sync_name = $1 "
                "and standing.sync_key = sync_state.sync_key and not standing.is_acked",
                [name, now],
            )
            con.execute("update sync_standing set is_acked = true where sync_name = ?", [name])
        else:
            con.execute("delete from sync_standing where sync_name = ? and not is_acked", [name])
            con.execute(
                "delete from sync_state where sync_name = $1 and acked_hash is null "
                "and sync_key not in (select sync_key from sync_standing where sync_name = $1)",
                [name],
            )
        con.execute("commit")
        return int(count)
