"""The plan of a run: what each key's fate is, from what would leave and what stands elsewhere.

The difference is taken against what the other end acknowledged, never against what was read. Two
rules that are easily missed: what is invalid is not gone, and who may not be contacted any more is
gone where members are kept in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.activation.definitions import DELETES, Sync
from orchestration.ingest.sql import literal

OPERATIONS = ("insert", "update", "unchanged", "retry", "blocked", "invalid", "delete")

# Who has no key any more keeps the one under which they are known at the other end, unless it is
# somebody else's by now.
KEPT_KEYS = """
    select sealed.* replace (coalesce(known.sync_key, sealed.sync_key) as sync_key)
    from sealed
    left join (
        select profile_id, min(sync_key) as sync_key
        from sync_state
        where sync_name = {name} and sync_key not in (select sync_key from sealed)
        group by profile_id
    ) as known on sealed.sync_key = '?' || sealed.profile_id
        and known.profile_id = sealed.profile_id
"""


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        rows: members of the segment.
        counts: keys by operation.
        reasons: keys by operation and reason.
        sent: keys that are sent or taken away.
        standing: keys that stand at the other end, or may.
        is_first: the ledger knows nothing of the sync, so what left before is not known.
        hash: of all of it; the same plan has the same hash.
    """

    rows: int
    counts: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    sent: int
    standing: int
    is_first: bool
    hash: str


def make_plan(con: duckdb.DuckDBPyConnection, name: str, sync: Sync, sealed: Path) -> Plan:
    """Put the plan into the temporary table `planned`, and what leaves into the view `leaving`.

    Parameters:
        con: to the ledger.
        name: of the sync.
        sync: its definition.
        sealed: the file of `seal`.
    """
    con.execute(f"create or replace temp view sealed as from read_parquet({literal(str(sealed))})")
    leaving = "from sealed" if sync.key == "profile_id" else KEPT_KEYS.format(name=literal(name))
    con.execute(f"create or replace temp view leaving as {leaving}")
    con.execute(f"create or replace temp table planned as {_planned(name, sync)}")
    counts = dict(con.execute("select operation, count(*) from planned group by 1").fetchall())
    reasons = {
        (operation, reason): count
        for operation, reason, count in con.execute(
            "select operation, reason, count(*) from planned where reason is not null "
            "group by all order by all"
        ).fetchall()
    }
    # Those who stay as they are tell nothing of what a plan does; their number is in its counts.
    [(rows, sent, standing, digest)] = con.execute(
        "select count(*) filter (where is_in_segment), count(*) filter (where is_sent), "
        "count(*) filter (where is_standing), (select coalesce(bit_xor(md5_number(concat_ws('|', "
        "sync_key, operation, old_hash, new_hash))), 0) from planned where operation <> "
        "'unchanged') from planned"
    ).fetchall()
    counted = {operation: counts.get(operation, 0) for operation in OPERATIONS}
    is_first = not standing and last_mapping(con, name) is None
    return Plan(rows, counted, reasons, sent, standing, is_first, f"{digest:032x}"[:16])


def _planned(name: str, sync: Sync) -> str:
    """A row per key that is in the segment or stands at the other end."""
    deletes = sync.mode in DELETES or sync.mode == "snapshot"
    blocked = "delete" if deletes or sync.on_block == "delete" else "blocked"
    gone = "'delete'" if deletes else "'orphan'"
    changed = {"insert": "'unchanged'", "append": "'invalid'"}.get(sync.mode, "'update'")
    why_changed = {"insert": "'drift'", "append": "'immutable_event'"}.get(sync.mode, "null")
    added = "'update'" if sync.mode == "update" else "'insert'"
    of_sync = f"sync_name = {literal(name)}"
    aged = "false"
    if sync.refresh_days is not None:
        aged = (
            f"coalesce(known.last_acked_at <= current_timestamp::timestamp - "
            f"to_days({sync.refresh_days}), false)"
        )
    return f"""
        with standing as (
            select sync_key, bool_or(not is_acked) as is_unsettled
            from sync_standing where {of_sync} group by sync_key
        ),
        known as (
            select state.*, standing.sync_key is not null as is_standing,
                coalesce(standing.is_unsettled, false) as is_unsettled
            from (select * from sync_state where {of_sync}) as state
            left join standing on standing.sync_key = state.sync_key
        ),
        compared as (
            select coalesce(leaving.sync_key, known.sync_key) as sync_key,
                coalesce(leaving.profile_id, known.profile_id) as profile_id,
                leaving.sync_key is not null as is_in_segment, leaving.blocked, leaving.invalid,
                leaving.payload_hash as new_hash, known.acked_hash as old_hash,
                coalesce(known.is_standing, false) as is_standing,
                coalesce(known.is_unsettled, false) as is_unsettled,
                coalesce(known.tried_outcome in ('rejected', 'dead')
                    and known.tried_hash = leaving.payload_hash, false) as is_rejected,
                coalesce(known.failure_count, 0) as failure_count, known.next_try_at,
                {aged} as is_aged
            from leaving full join known on known.sync_key = leaving.sync_key
        ),
        decided as (
            select *, case
                when not is_in_segment then case when is_standing then {gone} else 'forgotten' end
                when blocked is not null
                    then case when is_standing then '{blocked}' else 'blocked' end
                when invalid is not null then 'invalid'
                when is_rejected then 'retry'
                when old_hash is null and is_unsettled then 'retry'
                when old_hash is null then {added}
                when old_hash <> new_hash then {changed}
                when is_unsettled then 'retry'
                when is_aged then 'update'
                else 'unchanged'
            end as operation
            from compared
        )
        select sync_key, profile_id, operation, old_hash, new_hash, is_in_segment, is_standing,
            case
                when operation = 'delete' then coalesce('consent: ' || blocked, 'left')
                when operation = 'blocked' then blocked
                when operation = 'invalid' then coalesce(invalid, {why_changed})
                when operation = 'retry' and not is_rejected then 'unknown'
                when operation = 'retry' and failure_count >= {sync.retry.most} then 'dead'
                when operation = 'retry' and next_try_at > current_timestamp::timestamp
                    then 'waiting'
                when operation = 'retry' then 'rejected'
                when operation = 'unchanged' and old_hash <> new_hash then 'drift'
                when operation = 'update' and old_hash = new_hash then 'refresh'
            end as reason,
            operation in ('insert', 'update', 'delete')
            or operation = 'retry' and (not is_rejected or failure_count < {sync.retry.most}
                and coalesce(next_try_at <= current_timestamp::timestamp, true)) as is_sent
        from decided
        where operation not in ('forgotten', 'orphan')
    """


def last_mapping(con: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """The columns that left in the last run that completed, as a hash; None before the first."""
    row = con.execute(
        "select mapping_hash from sync_run where sync_name = ? and state like 'completed%' "
        "order by started_at desc, run_id desc limit 1",
        [name],
    ).fetchone()
    return row[0] if row else None
