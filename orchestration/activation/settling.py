"""What the ledger learns: claims before a batch, outcomes after it, and what a killed run left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.targets.protocol import Result
from orchestration.ingest.sql import literal

SEPARATOR = "\x1f"
"""Between key and payload hash, where an audience's rows are taken away by what was sent."""


class Run(Protocol):
    """What of a run the ledger keeps beside each row."""

    run_id: str
    name: str
    sync: Sync

    @property
    def formats(self) -> str:
        """The identifier formats, as JSON."""
        ...

    @property
    def keeps_payloads(self) -> bool:
        """Whether what was sent is needed to take it away again."""
        ...


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of what is done in it, or none."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def claim(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    operation: str,
    batch_id: str,
    rows: Sequence[tuple[str, str, str]],
) -> None:
    """Say durably that a batch is about to be sent.

    Parameters:
        con: to the ledger.
        run: the run.
        operation: add or remove.
        batch_id: also the key by which a receiver knows a repetition.
        rows: key, payload and its hash.
    """
    at = now()
    _hold(con, rows)
    with transaction(con):
        con.execute(
            "insert into sync_attempt (run_id, batch_id, sync_key, operation, payload_hash, "
            "idempotency_key, claimed_at) select ?, ?, sync_key, ?, payload_hash, ?, ? from batch",
            [run.run_id, batch_id, operation, batch_id, at],
        )
        if operation == "add":
            claim_standing(con, run, "select sync_key from batch")


def claim_standing(con: duckdb.DuckDBPyConnection, run: Run, keys: str) -> None:
    """Put what is about to be sent among what may stand at the other end."""
    payload = "payload" if run.keeps_payloads else "cast(null as varchar)"
    name = literal(run.name)
    con.execute(
        f"insert into sync_standing select {name}, sync_key, payload_hash, {payload}, ?, false "
        f"from leaving where sync_key in ({keys}) and not exists (select 1 from sync_standing as "
        f"standing where standing.sync_name = {name} and standing.sync_key = leaving.sync_key "
        "and standing.payload_hash = leaving.payload_hash)",
        [run.formats],
    )
    con.execute(
        f"insert into sync_state (sync_name, sync_key) select {name}, sync_key from leaving "
        f"where sync_key in ({keys}) and sync_key not in "
        f"(select sync_key from sync_state where sync_name = {name})"
    )
    con.execute(
        "update sync_state set tried_hash = leaving.payload_hash, "
        "profile_id = leaving.profile_id, failure_count = case when tried_hash = "
        "leaving.payload_hash then failure_count else 0 end, "
        f"tried_outcome = 'unknown' from leaving where sync_state.sync_name = {name} "
        f"and sync_state.sync_key = leaving.sync_key and leaving.sync_key in ({keys})"
    )


def settle(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    operation: str,
    batch_id: str,
    rows: Sequence[tuple[str, str, str]],
    results: Sequence[Result],
) -> None:
    """Keep what became of a batch: attempts, what stands and each key's state, or none of it."""
    at, name = now(), literal(run.name)
    _hold(con, rows, results)
    with transaction(con):
        con.execute(
            "update sync_attempt set outcome = batch.outcome, reason = nullif(batch.reason, ''), "
            "settled_at = ? from batch where sync_attempt.run_id = ? and sync_attempt.batch_id = ? "
            "and sync_attempt.sync_key = batch.sync_key and sync_attempt.outcome is null",
            [at, run.run_id, batch_id],
        )
        if operation == "remove":
            _settle_removed(con, name)
        else:
            _settle_added(con, run, name, at)


def _settle_added(con: duckdb.DuckDBPyConnection, run: Run, name: str, at: datetime) -> None:
    same = (
        f"sync_standing.sync_name = {name} and sync_standing.sync_key = batch.sync_key "
        "and sync_standing.payload_hash = batch.payload_hash"
    )
    con.execute(
        f"update sync_standing set is_acked = true from batch where {same} "
        "and batch.outcome = 'accepted'"
    )
    # What did not leave does not stand there, unless an earlier try of it may have arrived.
    con.execute(
        f"delete from sync_standing using batch where {same} and not sync_standing.is_acked "
        "and (batch.outcome = 'rejected' or batch.outcome = 'not_sent' and not exists ("
        "select 1 from sync_attempt as tried inner join sync_run using (run_id) "
        f"where sync_run.sync_name = {name} and tried.sync_key = batch.sync_key "
        "and tried.payload_hash = batch.payload_hash and tried.outcome = 'unknown'))"
    )
    if run.sync.mode != "audience":
        con.execute(
            f"delete from sync_standing using batch where sync_standing.sync_name = {name} "
            "and sync_standing.sync_key = batch.sync_key and batch.outcome = 'accepted' "
            "and sync_standing.payload_hash <> batch.payload_hash"
        )
    con.execute(
        "update sync_state set tried_outcome = batch.outcome, tried_reason = nullif(batch.reason, "
        "''), acked_hash = case when batch.outcome = 'accepted' then batch.payload_hash "
        "else acked_hash end, "
        "first_acked_at = case when batch.outcome = 'accepted' then coalesce(first_acked_at, ?) "
        "else first_acked_at end, "
        "last_acked_at = case when batch.outcome = 'accepted' then ? else last_acked_at end, "
        "failure_count = case batch.outcome when 'accepted' then 0 when 'rejected' "
        "then failure_count + 1 else failure_count end, "
        "next_try_at = case when batch.outcome = 'rejected' then cast(? as timestamp) "
        "+ to_seconds(? * power(2, least(failure_count, 12))) end "
        f"from batch where sync_state.sync_name = {name} and sync_state.sync_key = batch.sync_key",
        [at, at, at, run.sync.retry.wait_minutes * 60],
    )
    con.execute(
        "delete from sync_state using batch where batch.outcome = 'not_sent' "
        f"and sync_state.sync_name = {name} and sync_state.sync_key = batch.sync_key "
        "and acked_hash is null and not exists (select 1 from sync_standing as standing "
        f"where standing.sync_name = {name} and standing.sync_key = sync_state.sync_key)"
    )


def _settle_removed(con: duckdb.DuckDBPyConnection, name: str) -> None:
    gone = (
        f"sync_standing.sync_name = {name} and batch.outcome = 'accepted' "
        f"and sync_standing.sync_key = split_part(batch.sync_key, '{SEPARATOR}', 1) "
        f"and (not contains(batch.sync_key, '{SEPARATOR}') "
        "or sync_standing.payload_hash = batch.payload_hash)"
    )
    con.execute(f"delete from sync_standing using batch where {gone}")
    forget(con, name, f"select split_part(sync_key, '{SEPARATOR}', 1) from batch")


def forget(con: duckdb.DuckDBPyConnection, name: str, keys: str) -> None:
    """Who stands nowhere any more is new when they come back."""
    con.execute(
        f"delete from sync_state where sync_name = {name} and sync_key in ({keys}) "
        f"and sync_key not in (select sync_key from sync_standing where sync_name = {name}) "
        "and coalesce(tried_outcome, '') <> 'rejected'"
    )


def _hold(
    con: duckdb.DuckDBPyConnection,
    rows: Sequence[tuple[str, str, str]],
    results: Sequence[Result] = (),
) -> None:
    """The batch as a temporary table, in one statement whatever its size."""
    outcomes: list[str | None] = [result.outcome for result in results]
    reasons: list[str | None] = [result.reason for result in results]
    con.execute(
        "create or replace temp table batch as select unnest($1::varchar[]) as sync_key, "
        "unnest($2::varchar[]) as payload_hash, unnest($3::varchar[]) as outcome, "
        "unnest($4::varchar[]) as reason",
        [
            [key for key, _, _ in rows],
            [h for _, _, h in rows],
            outcomes or [None] * len(rows),
            reasons or [None] * len(rows),
        ],
    )


def now() -> datetime:
    """This instant in UTC, as the ledger's columns have it."""
    return datetime.now(UTC).replace(tzinfo=None)
