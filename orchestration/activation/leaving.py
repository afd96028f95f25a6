"""SQL for what leaves: over the plan, the sealed file and what stands at the other end."""

from __future__ import annotations

from orchestration.activation.definitions import Sync
from orchestration.activation.settling import SEPARATOR
from orchestration.ingest.sql import literal, quoted

ADDED = (
    "select planned.sync_key, leaving.payload, leaving.payload_hash from planned "
    "inner join leaving on leaving.sync_key = planned.sync_key "
    "where planned.is_sent and planned.operation <> 'delete' "
    "and leaving.blocked is null and leaving.invalid is null"
)
"""Who is added or changed; the two conditions stand here too, so that no plan goes round them."""
ENTRIES = "unnest(map_entries(cast(cast(payload as json) as map(varchar, varchar))))"
WHOLE = "select * from leaving where blocked is null and invalid is null"


def removed(name: str, sync: Sync) -> str:
    """Rows of who is taken away: key, payload and its hash.

    Parameters:
        name: of the sync.
        sync: its mode and key.
    """
    if sync.mode == "audience":
        return removed_of_audience(name)
    return (
        f"select sync_key, cast(to_json(map {{{literal(sync.key)}: sync_key}}) as varchar) "
        "as payload, old_hash as payload_hash from planned where operation = 'delete'"
    )


def changed(name: str, sync: Sync) -> str:
    """Rows of a file of changes, with what to do with each; parameters as of `removed`."""
    names = sync.columns
    added = ", ".join(f"leaving.{quoted(n)}" for n in names)
    if sync.mode == "audience":
        taken = removed_of_audience(name, are_sent=True)
        values = ", ".join(f"payload ->> {literal(n)}" for n in names)
    else:
        taken = removed(name, sync)
        values = ", ".join("sync_key" if n == sync.key else "null" for n in names)
    return (
        f"select planned.sync_key, 'add' as operation, {added} from planned inner join leaving "
        "on leaving.sync_key = planned.sync_key where planned.is_sent "
        "and planned.operation <> 'delete' and leaving.blocked is null "
        "and leaving.invalid is null union all "
        f"select split_part(sync_key, '{SEPARATOR}', 1), 'remove', {values} "
        f"from ({taken}) as taken where payload <> '{{}}'"
    )


def removed_of_audience(name: str, are_sent: bool = False) -> str:
    """Identifiers that stand at the other end and are nobody's there any more.

    An identifier that another member has as well stays: a household's telephone, or the one that a
    person keeps while their address changes. What is left of nobody is settled without a request.
    Who is in the segment keeps what stands until the other end has what replaces it, and who can't
    be judged now stays as they are.

    Parameters:
        name: of the sync.
        are_sent: what is added goes in the same file.
    """
    arrived = (
        "true"
        if are_sent
        else "exists (select 1 from standing where standing.sync_key = leaving.sync_key "
        "and standing.payload_hash = leaving.payload_hash and standing.is_acked)"
    )
    return f"""
        with standing as (
            select * from sync_standing where sync_name = {literal(name)}
        ),
        replaced as (
            select sync_key, payload_hash, payload from leaving
            where blocked is null and invalid is null and {arrived}
        ),
        old as (
            select standing.* from standing
            where (sync_key, payload_hash) not in (select sync_key, payload_hash from replaced)
                and sync_key in (
                    select sync_key from replaced
                    union all
                    select sync_key from planned where operation = 'delete'
                )
        ),
        kept as (
            select payload from replaced
            union all
            select payload from standing
            where (sync_key, payload_hash) not in (select sync_key, payload_hash from old)
        ),
        kept_values as (
            select distinct {ENTRIES} as entry from kept
        ),
        old_values as (
            select sync_key, payload_hash, {ENTRIES} as entry from old
        ),
        gone as (
            select old_values.sync_key, old_values.payload_hash,
                cast(to_json(map_from_entries(list(old_values.entry order by old_values.entry)))
                    as varchar) as payload
            from old_values
            anti join kept_values on kept_values.entry = old_values.entry
            group by old_values.sync_key, old_values.payload_hash
        )
        select old.sync_key || '{SEPARATOR}' || old.payload_hash as sync_key,
            coalesce(gone.payload, '{{}}') as payload, old.payload_hash
        from old
        left join gone on gone.sync_key = old.sync_key and gone.payload_hash = old.payload_hash
    """
