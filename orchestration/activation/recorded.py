"""What insights know of activation: read at the start of a refresh into tables of the warehouse.

Destinations and syncs are files, and the ledger is a database of its own, which a sync holds open
for as long as servers elsewhere take. So a refresh copies counts, and nothing of any person, before
it begins, and knows the syncs up to the refresh before. While a sync runs the ledger can't be read;
its runs come with the next refresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb

from orchestration.activation.definitions import names, read_destination, read_sync
from orchestration.activation.ledger import ledger_path
from orchestration.clock import replayed_day
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.warehouse import attached

DESTINATIONS = "operations.sync_destinations"
MAPPINGS = "operations.sync_mappings"
RUNS = "operations.sync_runs"
LEDGER = "activation_ledger"
COUNTS = (
    "row_count", "insert_count", "update_count", "unchanged_count", "retry_count", "blocked_count",
    "invalid_count", "delete_count", "call_count", "accepted_count", "rejected_count",
    "unknown_count",
)  # fmt: skip
"""Of a run, as the ledger has them."""
TABLES = {
    DESTINATIONS: (
        "destination_name varchar, title varchar, platform_name varchar, platform_title varchar, "
        "state varchar, created_at timestamp"
    ),
    MAPPINGS: (
        "sync_name varchar, segment_name varchar, destination_name varchar, created_at timestamp, "
        "ended_at timestamp"
    ),
    RUNS: (
        "run_id varchar, sync_name varchar, segment_name varchar, destination_name varchar, "
        "as_of_on date, started_at timestamp, ended_at timestamp, state varchar, "
        + "".join(f"{count} bigint, " for count in COUNTS)
        + "suppressed_count bigint, activated_count bigint, activation_hours double"
    ),
}
NEW_RUNS = f"""
    with

    new_runs as (
        select * from {LEDGER}.sync_run
        where ended_at is not null and segment_name is not null
            and run_id not in (select run_id from {RUNS})
    ),

    withdrawn as (
        select run_id, count(*) as withdrawn_count
        from {LEDGER}.sync_plan
        where operation = 'delete' and is_in_segment and reason like 'consent: %'
        group by run_id
    ),

    -- The first acknowledgement of a person falls into one run: syncs run one after the other.
    activations as (
        select
            new_runs.run_id,
            epoch(state.first_acked_at - members.computed_at) / 3600 as hours
        from new_runs
        inner join {LEDGER}.sync_state as state
            on state.sync_name = new_runs.sync_name
            and state.first_acked_at between new_runs.started_at and new_runs.ended_at
        inner join segments.segment_membership_history as members
            on members.profile_id = state.profile_id
            and members.segment_name = new_runs.segment_name
            and members.computed_at <= state.first_acked_at
        qualify row_number() over (
            partition by new_runs.run_id, state.sync_key order by members.computed_at desc
        ) = 1
    ),

    waiting_times as (
        select run_id, count(*) as activated_count, median(hours) as activation_hours
        from activations
        group by run_id
    )

    select
        new_runs.run_id,
        new_runs.sync_name,
        new_runs.segment_name,
        new_runs.destination_name,
        (select as_of_on from conformed.refresh_period) as as_of_on,
        new_runs.started_at,
        new_runs.ended_at,
        new_runs.state,
        {", ".join(f"new_runs.{count}" for count in COUNTS)},
        new_runs.blocked_count + coalesce(withdrawn.withdrawn_count, 0)
            + coalesce(new_runs.withheld_count, 0) as suppressed_count,
        coalesce(waiting_times.activated_count, 0) as activated_count,
        waiting_times.activation_hours
    from new_runs
    left join withdrawn on withdrawn.run_id = new_runs.run_id
    left join waiting_times on waiting_times.run_id = new_runs.run_id
"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where there are none."""
    con.execute("create schema if not exists operations")
    for table, columns in TABLES.items():
        con.execute(f"create table if not exists {table} ({columns})")


def record(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Keep what destinations, syncs and their runs there are; nothing in the replay of a day.

    Nothing in it stops a refresh: what can't be read now stays as it was, and comes with the next.

    Parameters:
        con: to the warehouse, as the last refresh left it.
        settings: paths.
    """
    prepare(con)
    if replayed_day():
        return
    now = datetime.now(UTC).replace(tzinfo=None)
    _keep_destinations(con, settings, now)
    _keep_mappings(con, settings, now)
    try:
        _keep_runs(con, settings)
    except duckdb.Error as error:
        log().warning("the ledger of syncs is not read now: %s", type(error).__name__)


def _keep_destinations(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    told, unread = list[tuple[str, ...]](), list[str]()
    for name in names(settings, "destinations"):
        try:
            destination = read_destination(settings, name)
        except UserError:
            unread.append(name)
            continue
        state = "enabled" if destination.enabled else "disabled"
        told.append((name, destination.title, destination.kind, destination.platform, state))
    con.execute(
        f"merge into {DESTINATIONS} as known using (select {_unnested(5)}) as told (name, "
        "title, platform_name, platform_title, state) on known.destination_name = told.name "
        "when matched then update set title = told.title, platform_name = told.platform_name, "
        "platform_title = told.platform_title, state = told.state "
        "when not matched then insert values (told.name, told.title, told.platform_name, "
        "told.platform_title, told.state, $at) "
        "when not matched by source and not list_contains($unread, known.destination_name) "
        "then update set state = 'removed'",
        {**_lists(told, 5), "at": now, "unread": unread},
    )


def _keep_mappings(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    told, unread = list[tuple[str, ...]](), list[str]()
    for name in names(settings, "syncs"):
        try:
            sync, _ = read_sync(settings, name)
        except UserError:
            unread.append(name)
            continue
        told.append((name, sync.segment, sync.destination))
    con.execute(
        f"merge into {MAPPINGS} as known using (select {_unnested(3)}) as told (name, "
        "segment, destination) on known.sync_name = told.name and known.segment_name = "
        "told.segment and known.destination_name = told.destination and known.ended_at is null "
        "when not matched then insert values (told.name, told.segment, told.destination, $at, "
        "null) "
        "when not matched by source and known.ended_at is null "
        "and not list_contains($unread, known.sync_name) then update set ended_at = $at",
        {**_lists(told, 3), "at": now, "unread": unread},
    )


def _keep_runs(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    path = ledger_path(settings)
    if path.exists() and _is_there(con, "segments.segment_membership_history"):
        with attached(con, path, LEDGER):
            con.execute(f"insert into {RUNS} by name {NEW_RUNS}")
        # One that came, was sent to and went since the last refresh.
        con.execute(
            f"insert into {DESTINATIONS} select destination_name, destination_name, 'unknown', "
            f"'Unknown', 'removed', min(started_at) from {RUNS} where destination_name not in "
            f"(select destination_name from {DESTINATIONS}) group by destination_name"
        )


def _is_there(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = con.execute(
        "select 1 from information_schema.tables where table_schema || '.' || table_name = ?",
        [table],
    ).fetchone()
    return found is not None


def _unnested(width: int) -> str:
    return ", ".join(f"unnest($c{n}::varchar[])" for n in range(width))


def _lists(rows: Sequence[Sequence[str]], width: int) -> dict[str, list[str]]:
    """The rows by column, as the values that `_unnested` names."""
    return {f"c{n}": [row[n] for row in rows] for n in range(width)}
