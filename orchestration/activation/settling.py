"""What the ledger learns of batches: claims before, outcomes after, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.targets.protocol import Result
from orchestration.ingest.sql import literal

SEPARATOR = "\x1f"
"""Between key and payload hash, where an audience's rows are taken away by what was sent."""


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
    run_id: str,
    operation: str,
    batch_id: str,
    idempotency_key: str,
    rows: Sequence[tuple[str, str, str]],
    keeps_payloads: bool,
) -> None:
    """Say durably that a batch is about to be sent.

    Parameters:
        con: to the ledger.
        run_id: of the run.
        operation: add or remove.
        batch_id: of its rows, whenever they are sent.
        idempotency_key: by which a receiver knows a repetition.
        rows: key, payload and its hash.
        keeps_payloads: what is sent is needed to take it away again.
    """
    payloads = [payload if keeps_payloads else None for _, payload, _ in rows]
    con.execute(
        "insert into sync_attempt (run_id, batch_id, operation, idempotency_key, claimed_at, "
        "sync_key, payload_hash, payload) select $1, $2, $3, $4, $5, unnest($6::varchar[]), "
        "unnest($7::varchar[]), unnest($8::varchar[])",
        [
            run_id, batch_id, operation, idempotency_key, now(),
            [key for key, _, _ in rows], [hash_ for _, _, hash_ in rows], payloads,
        ],
    )  # fmt: skip


def answer(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    batch_id: str,
    keys: Sequence[str],
    results: Sequence[Result],
    replaces: str | None = None,
) -> None:
    """Keep durably what became of a batch.

    Parameters:
        con: to the ledger.
        run_id, batch_id: which.
        keys, results: what became of each row.
        replaces: the outcome that is replaced, of rows that had one.
    """
    outcomes = [result.outcome for result in results]
    reasons = [result.reason or None for result in results]
    con.execute(
        "update sync_attempt set outcome = told.outcome, reason = told.reason, settled_at = $1, "
        "is_folded = false from (select unnest($2::varchar[]) as sync_key, "
        "unnest($3::varchar[]) as outcome, unnest($4::varchar[]) as reason) as told "
        "where run_id = $5 and batch_id = $6 and sync_attempt.sync_key = told.sync_key "
        "and sync_attempt.outcome is not distinct from $7",
        [now(), list(keys), outcomes, reasons, run_id, batch_id, replaces],
    )


def fold(con: duckdb.DuckDBPyConnection, name: str, sync: Sync) -> None:
    """Bring what stands at the other end, and each key's state, up to the attempts of a sync.

    Attempts are what is known; the other two are drawn from them in one transaction per run and
    operation, so a kill before it or in it loses nothing. What was not sent says nothing.

    Parameters:
        con: to the ledger.
        name: of the sync.
        sync: its definition.
    """
    for run_id, operation in con.execute(
        "select run_id, operation from sync_attempt inner join sync_run using (run_id) "
        "where sync_name = ? and outcome is not null and not is_folded "
        "group by all order by min(claimed_at), run_id, operation",
        [name],
    ).fetchall():
        with transaction(con):
            con.execute(
                "create or replace temp table folding as select attempt.*, plan.profile_id, "
                "sync_run.formats from sync_attempt as attempt inner join sync_run using (run_id) "
                "left join sync_plan as plan on plan.run_id = attempt.run_id "
                "and plan.sync_key = attempt.sync_key where attempt.run_id = ? "
                "and attempt.operation = ? and outcome is not null and not is_folded",
                [run_id, operation],
            )
            _leave_one_of_each(con)
            if operation == "remove":
                _fold_removed(con, literal(name))
            else:
                _fold_added(con, literal(name), sync)
            con.execute(
                "update sync_attempt set is_folded = true, payload = null where run_id = ? "
                "and operation = ? and outcome is not null and not is_folded",
                [run_id, operation],
            )


def _leave_one_of_each(con: duckdb.DuckDBPyConnection) -> None:
    """Of several tries of a row in one run the one that was accepted counts, else the last."""
    [(is_one,)] = con.execute("select count(*) = count(distinct sync_key) from folding").fetchall()
    if not is_one:
        con.execute(
            "create or replace temp table folding as from folding qualify row_number() over "
            "(partition by sync_key order by outcome = 'accepted' desc, outcome = 'not_sent', "
            "claimed_at desc, batch_id) = 1"
        )


def _fold_added(con: duckdb.DuckDBPyConnection, name: str, sync: Sync) -> None:
    of_key = f"sync_standing.sync_name = {name} and sync_standing.sync_key = folding.sync_key"
    same = f"{of_key} and sync_standing.payload_hash = folding.payload_hash"
    con.execute(
        f"update sync_standing set is_acked = true from folding where {same} "
        "and outcome = 'accepted'"
    )
    con.execute(
        f"delete from sync_standing using folding where {same} and not is_acked "
        "and outcome = 'rejected'"
    )
    if sync.mode != "audience":
        con.execute(
            f"delete from sync_standing using folding where {of_key} and outcome = 'accepted' "
            "and sync_standing.payload_hash <> folding.payload_hash"
        )
    con.execute(
        f"insert into sync_standing select {name}, sync_key, payload_hash, payload, formats, "
        "outcome = 'accepted' from folding where outcome in ('accepted', 'unknown') "
        f"and not exists (select 1 from sync_standing where {same})"
    )
    failures = "case when tried_hash = told.payload_hash then failure_count else 0 end"
    con.execute(
        "merge into sync_state using (select *, outcome = 'accepted' as is_accepted from folding "
        f"where outcome <> 'not_sent') as told on sync_state.sync_name = {name} "
        "and sync_state.sync_key = told.sync_key "
        "when matched then update set "
        "profile_id = coalesce(told.profile_id, sync_state.profile_id), "
        "acked_hash = case when is_accepted then told.payload_hash else acked_hash end, "
        "first_acked_at = case when is_accepted then coalesce(first_acked_at, settled_at) "
        "else first_acked_at end, "
        "last_acked_at = case when is_accepted then settled_at else last_acked_at end, "
        "tried_hash = told.payload_hash, tried_outcome = outcome, tried_reason = reason, "
        f"failure_count = case outcome when 'accepted' then 0 when 'rejected' then {failures} + 1 "
        f"else {failures} end, next_try_at = case when outcome = 'rejected' then settled_at "
        f"+ to_seconds($1 * power(2, least({failures}, 12))) end "
        "when not matched then insert (sync_name, sync_key, profile_id, acked_hash, "
        "first_acked_at, last_acked_at, tried_hash, tried_outcome, tried_reason, failure_count, "
        f"next_try_at) values ({name}, told.sync_key, told.profile_id, "
        "case when is_accepted then told.payload_hash end, case when is_accepted then settled_at "
        "end, case when is_accepted then settled_at end, told.payload_hash, outcome, reason, "
        "cast(outcome = 'rejected' as integer), "
        "case when outcome = 'rejected' then settled_at + to_seconds($1) end)",
        [sync.retry.wait_minutes * 60],
    )


def _fold_removed(con: duckdb.DuckDBPyConnection, name: str) -> None:
    con.execute(
        "delete from sync_standing using folding where outcome = 'accepted' "
        f"and sync_standing.sync_name = {name} "
        f"and sync_standing.sync_key = split_part(folding.sync_key, '{SEPARATOR}', 1) "
        f"and (not contains(folding.sync_key, '{SEPARATOR}') "
        "or sync_standing.payload_hash = folding.payload_hash)"
    )
    forget(con, name, f"select split_part(sync_key, '{SEPARATOR}', 1) from folding")


def forget(con: duckdb.DuckDBPyConnection, name: str, keys: str) -> None:
    """Who stands nowhere any more is new when they come back."""
    con.execute(
        f"delete from sync_state where sync_name = {name} and sync_key in ({keys}) "
        f"and sync_key not in (select sync_key from sync_standing where sync_name = {name}) "
        "and coalesce(tried_outcome, '') <> 'rejected'"
    )


def now() -> datetime:
    """This instant in UTC, as the ledger's columns have it."""
    return datetime.now(UTC).replace(tzinfo=None)
