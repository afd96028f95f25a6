"""Batches without an answer, sent once more as they were and with their key.

A receiver may drop a batch whose key it has seen. That says something only when the same key comes
with the same rows, so such a batch goes before all others, whole and unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.errors import UserError

MOST_NAMED = 10
CHANGED = "No answer came for rows of an earlier run that would not leave as they did"
UNANSWERED = """
    with open_batches as (
        select idempotency_key, any_value(batch_id) as batch_id, max(run_id) as run_id,
            min(claimed_at) as claimed_at
        from sync_attempt as tried
        inner join sync_run using (run_id)
        inner join sync_standing as standing on standing.sync_name = sync_run.sync_name
            and standing.sync_key = tried.sync_key and standing.payload_hash = tried.payload_hash
        where sync_run.sync_name = ? and tried.operation = 'add' and tried.outcome = 'unknown'
            and not standing.is_acked
        group by idempotency_key
    ),
    sent as (
        select open_batches.idempotency_key, open_batches.batch_id, open_batches.claimed_at,
            tried.sync_key, tried.payload_hash, leaving.payload
        from open_batches
        inner join sync_attempt as tried on tried.run_id = open_batches.run_id
            and tried.batch_id = open_batches.batch_id
        left join leaving on leaving.sync_key = tried.sync_key
            and leaving.payload_hash = tried.payload_hash
            and leaving.blocked is null and leaving.invalid is null
    )
    select idempotency_key, list(sync_key order by sync_key), list(payload order by sync_key),
        list(payload_hash order by sync_key)
    from sent
    group by idempotency_key
    order by min(claimed_at), idempotency_key
"""


@dataclass(frozen=True)
class Repeated:
    """A batch as it was sent.

    Attributes:
        idempotency_key: with which.
        rows: key, payload and its hash.
    """

    idempotency_key: str
    rows: list[tuple[str, str, str]]


def repeated(con: duckdb.DuckDBPyConnection, name: str, must: bool) -> list[Repeated]:
    """The batches without an answer that can be sent as they were, the oldest first.

    Their rows are taken out of what else is sent. A row that two of them have goes once: what else
    the later one has is sent with all others.

    Parameters:
        con: to the ledger, with the plan.
        name: of the sync.
        must: rows of the others can't be sent in another batch without harm.

    Raises:
        UserError: one must and can't, because a row would not leave as it did.
    """
    found, changed, taken = [], set[str](), set[str]()
    for idempotency_key, keys, payloads, hashes in con.execute(UNANSWERED, [name]).fetchall():
        if None in payloads:
            changed |= {key for key, text in zip(keys, payloads, strict=True) if text is None}
        elif must or taken.isdisjoint(keys):
            rows = list(zip(keys, payloads, hashes, strict=True))
            found.append(Repeated(idempotency_key, rows))
            taken.update(keys)
    if must and changed:
        shown = sorted(changed)
        more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
        raise UserError(
            f"{CHANGED}: keys {', '.join(shown[:MOST_NAMED])}{more}. Nothing was sent. Look at the "
            f"other end, then say `c360 activation replay {name} --as arrived` or `--as lost`."
        )
    con.execute(
        "update planned set is_sent = false where operation <> 'delete' "
        "and sync_key in (select unnest(?::varchar[]))",
        [[key for batch in found for key, _, _ in batch.rows]],
    )
    return found
