"""The ledger: what the other end has acknowledged, and every row's fate, in a database of its own.

It is `activation.duckdb` in the data folder, beside the warehouse and not in it: a sync waits for
servers elsewhere, and a refresh must not wait for that. No rebuild touches it. It holds identifiers
as they were sent, so only its owner can read it.

`sync_state` has a row per sync and key: the payload that the other end acknowledged last, and the
last one that was sent with its outcome. `sync_standing` has what stands at the other end or may
stand there, because it was sent and no answer came; with its text only for audiences, where what
was sent is what has to be taken away again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.limits import Limits
from orchestration.settings import Settings

SCHEMA = """
create table if not exists sync_run (
    run_id varchar primary key, sync_name varchar not null, started_at timestamp not null,
    ended_at timestamp, state varchar not null, message varchar, plan_hash varchar,
    definition_hash varchar not null, mapping_hash varchar not null, as_of_on date,
    row_count bigint, insert_count bigint, update_count bigint, unchanged_count bigint,
    retry_count bigint, blocked_count bigint, invalid_count bigint, delete_count bigint,
    call_count bigint, accepted_count bigint, rejected_count bigint, unknown_count bigint,
    formats varchar
);
alter table sync_run add column if not exists formats varchar;
create table if not exists sync_plan (
    run_id varchar not null, sync_key varchar not null, operation varchar not null,
    reason varchar, old_hash varchar, new_hash varchar, is_in_segment boolean not null,
    is_sent boolean not null, profile_id varchar, payload varchar
);
alter table sync_plan add column if not exists profile_id varchar;
alter table sync_plan add column if not exists payload varchar;
create table if not exists sync_attempt (
    run_id varchar not null, batch_id varchar not null, sync_key varchar not null,
    operation varchar not null, payload_hash varchar, idempotency_key varchar not null,
    outcome varchar, reason varchar, claimed_at timestamp not null, settled_at timestamp,
    payload varchar, is_folded boolean default true
);
alter table sync_attempt add column if not exists payload varchar;
alter table sync_attempt add column if not exists is_folded boolean default true;
create table if not exists sync_state (
    sync_name varchar not null, sync_key varchar not null, profile_id varchar,
    acked_hash varchar, first_acked_at timestamp, last_acked_at timestamp,
    tried_hash varchar, tried_outcome varchar, tried_reason varchar,
    failure_count integer not null default 0, next_try_at timestamp
);
create table if not exists sync_standing (
    sync_name varchar not null, sync_key varchar not null, payload_hash varchar not null,
    payload varchar, formats varchar, is_acked boolean not null
);
alter table sync_run add column if not exists withheld_count bigint;
alter table sync_run add column if not exists segment_name varchar;
alter table sync_run add column if not exists destination_name varchar;
"""


class SyncLock:
    """The right to run syncs of a data folder: one process at a time, released with its end.

    Parameters:
        data_dir: the data folder.
        waits: whether to wait for another process that has it.
    """

    def __init__(self, data_dir: Path, waits: bool = False) -> None:
        self._path = data_dir / "activation.lock"
        self._how = fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB

    def __enter__(self) -> SyncLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = self._path.open("a+")
        try:
            fcntl.flock(self._handle, self._how)
        except BlockingIOError:
            self._handle.close()
            raise UserError(
                "Another process runs a sync at the moment. Nothing was begun; try again when it "
                "has ended."
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()


def ledger_path(settings: Settings) -> Path:
    """The ledger's file."""
    return settings.data_dir / "activation.duckdb"


@contextmanager
def open_ledger(settings: Settings, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the ledger, which is made where there is none.

    Raises:
        UserError: it is to be read and there is none, or another process has it open.
    """
    path = ledger_path(settings)
    if read_only and not path.exists():
        raise UserError("No sync has run yet: there is no ledger. Run `c360 activation run`.", 3)
    umask = os.umask(0o077)
    try:
        con = duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error:
        raise UserError(
            f"{path.name} is open in another program, so the ledger can't be read now. Close it "
            "and try again."
        ) from None
    finally:
        os.umask(umask)
    limits = Limits.from_env()
    try:
        con.execute("set memory_limit = ?", [limits.memory_limit])
        con.execute(f"set threads = {limits.threads}")
        con.execute("set timezone = 'UTC'")
        if not read_only:
            con.execute(SCHEMA)
        yield con
    finally:
        con.close()
