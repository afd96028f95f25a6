"""A table of a PostgreSQL database as a destination.

A batch is one transaction: the rows, and a marker with the batch's key in a table beside. So where
no answer comes the database itself says whether the batch arrived, and nothing is sent twice or
never. The transaction holds a lock that is asked for before the marker is looked up: what a killed
run left on its way has ended by then, one way or the other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import adbc_driver_postgresql.dbapi as driver
import pyarrow as pa

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.postgresql import PostgresqlDestination
from orchestration.activation.targets.credentials import secret_of
from orchestration.activation.targets.network import NotSentError
from orchestration.activation.targets.postgresql_connection import (
    is_for_ever,
    open_connection,
    said,
)
from orchestration.activation.targets.postgresql_sql import (
    BATCH,
    Table,
)
from orchestration.activation.targets.protocol import Result, Row, StopSyncError

MOST_TRIES = 3
LOCK_SPACE = 361
REFUSED = {
    "22": "value_does_not_fit",
    "23502": "empty_value",
    "23503": "foreign_key",
    "23505": "taken_by_another_row",
    "23514": "check",
    "P0001": "trigger",
}
"""What the database's codes mean, by their longest beginning that stands here."""


class PostgresqlTarget:
    """Batches to a table.

    Parameters:
        destination: its file.
        sync: whose rows come.
        sleep: waits; tests give another one.

    Raises:
        UserError: its secret is not there.
    """

    def __init__(
        self,
        destination: PostgresqlDestination,
        sync: Sync,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._destination, self._sleep = destination, sleep
        schema, _, name = destination.table.partition(".")
        self._table = Table(schema, name, sync)
        self._password = secret_of(destination.secret) if destination.secret else ""
        self._connection: Any = None
        self.batch = destination.batch
        self.calls = self.unnamed = 0

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        """Write a batch in one transaction, or find that it is there.

        Raises:
            StopSyncError: the table or the server takes nothing; it has what became of the rows.
        """
        keys, problem = [row.key for row in rows], ""
        for attempt in range(1, MOST_TRIES + 1):
            committing = False
            try:
                with self._opened().cursor() as cursor:
                    self._lock(cursor)
                    self._write(cursor, operation, rows)
                    results = self._refused(cursor, keys, idempotency_key)
                committing = True
                self._connection.commit()
                self.calls += 1
                return results
            except (driver.Error, NotSentError) as error:
                problem = said(error, self._password)
                self.close()
                if not committing and is_for_ever(error):
                    raise self._stopped(error, "not_sent", len(rows)) from None
            if committing and (found := self._looked_up(keys, idempotency_key, problem)):
                return found
            if attempt < MOST_TRIES:
                self._sleep(2.0 ** (attempt - 1))
        raise StopSyncError(
            f"{self._destination.host} takes nothing at the moment ({problem})",
            [Result("not_sent", "no_connection")] * len(rows),
        )

    def outcomes(self, keys: Sequence[str], idempotency_key: str) -> list[Result]:
        """What became of a batch: the marker says it, or nothing arrived.

        Raises:
            StopSyncError: the server doesn't answer.
        """
        try:
            with self._opened().cursor() as cursor:
                self._lock(cursor)
                cursor.execute(
                    f"select refused from {self._table.markers} where batch = $1",
                    [idempotency_key],
                )
                found = cursor.fetchone()
            self._connection.rollback()
        except (driver.Error, NotSentError) as error:
            self.close()
            raise self._stopped(error, "unknown", len(keys)) from None
        if found is None:
            return [Result("not_sent", "not_there")] * len(keys)
        refused = json.loads(found[0])
        return [
            Result("rejected", refused[_digest(key)])
            if _digest(key) in refused
            else Result("accepted")
            for key in keys
        ]

    def close(self) -> None:
        """End the connection; what was not committed is undone."""
        if self._connection is not None:
            with suppress(driver.Error):
                self._connection.close()
            self._connection = None

    def _looked_up(
        self, keys: Sequence[str], idempotency_key: str, problem: str
    ) -> list[Result] | None:
        """What a commit that was not answered did; None where it did nothing."""
        for attempt in range(MOST_TRIES):
            with suppress(StopSyncError):
                found = self.outcomes(keys, idempotency_key)
                return None if found[0].outcome == "not_sent" else found
            self._sleep(2.0**attempt)
        raise StopSyncError(
            f"{self._destination.host} did not answer a commit ({problem})",
            [Result("unknown", "no_answer")] * len(keys),
        )

    def _opened(self) -> Any:
        if self._connection is None:
            self._connection = open_connection(self._destination, self._table, self._password)
        return self._connection

    def _lock(self, cursor: Any) -> None:
        cursor.execute(
            f"select pg_advisory_xact_lock({LOCK_SPACE}, hashtext($1))", [self._destination.table]
        )
        cursor.fetchall()

    def _write(self, cursor: Any, operation: str, rows: Sequence[Row]) -> None:
        cursor.execute(
            f"create temp table {BATCH.partition('.')[2]} "
            "(place integer, key text, payload text) on commit drop"
        )
        key = self._table.sync.key
        cursor.adbc_ingest(
            BATCH.partition(".")[2],
            pa.table({
                "place": pa.array(range(len(rows)), pa.int32()),
                "key": pa.array([json.dumps({key: row.key}) for row in rows], pa.string()),
                "payload": pa.array([row.payload for row in rows], pa.string()),
            }),
            mode="append",
            temporary=True,
        )  # fmt: skip
        cursor.execute(f"alter table {BATCH} add column reason text")
        # What a constraint says only at the end would refuse the whole batch.
        cursor.execute("set constraints all immediate")
        cursor.execute(self._table.statement(operation))

    def _refused(self, cursor: Any, keys: Sequence[str], idempotency_key: str) -> list[Result]:
        """The results, after the marker that has them was written."""
        cursor.execute(f"select place, reason from {BATCH} where reason is not null order by place")
        results = [Result("accepted")] * len(keys)
        for place, code in cursor.fetchall():
            results[place] = Result("rejected", _word(code))
        refused = {_digest(keys[n]): r.reason for n, r in enumerate(results) if r.reason}
        cursor.execute(
            f"insert into {self._table.markers} (batch, refused) values ($1, $2)",
            [idempotency_key, json.dumps(refused)],
        )
        if len(keys) > 1 and {r.reason for r in results} == {REFUSED["22"]}:
            self._connection.rollback()
            raise StopSyncError(
                f"No row of a batch of {len(keys)} fits the columns of {self._destination.table}: "
                "a column has another type there than what comes. Change its type, or take another "
                "column in the sync's file",
                [Result("not_sent", "no_row_fits")] * len(keys),
            )
        return results

    def _stopped(self, error: Exception, outcome: Any, rows: int) -> StopSyncError:
        return StopSyncError(
            f"{self._destination.host}: {said(error, self._password)}",
            [Result(outcome, "stopped")] * rows,
        )


def _word(code: str) -> str:
    """A word for a row's code, with the constraint where the database names one."""
    state, _, named = code.partition(".")
    known = [word for start, word in REFUSED.items() if state.startswith(start)]
    word = known[0] if known else state.lower()
    return f"{word}: {named}" if named else word


def _digest(key: str) -> str:
    """A row in the marker, without its key."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
