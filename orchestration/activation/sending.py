"""The sending part of a run: batches or a file, each claimed before and settled after."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.files import FilesDestination
from orchestration.activation.destinations.kinds import Destination
from orchestration.activation.leaving import ADDED, WHOLE, removed_of_audience
from orchestration.activation.planning import OPERATIONS, Plan
from orchestration.activation.sealing import Sealed
from orchestration.activation.settling import SEPARATOR, claim, now, settle
from orchestration.activation.settling_files import OpenStore, claim_file, close_file
from orchestration.activation.targets.files import formats_of, write_file
from orchestration.activation.targets.protocol import (
    BatchTarget,
    FileStore,
    Result,
    Row,
    StopSyncError,
)
from orchestration.ingest.sql import literal, quoted

MakeTarget = Callable[[Destination], BatchTarget]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        run_id: of the run; empty for a dry run.
        state: planned, completed, completed_with_rejects, stopped, refused or unsettled, which is a
            file of which nobody knows whether it arrived.
        message: why it did not complete; empty where it did.
        plan: what was to be done.
        sealed: what left out which values.
        calls: requests, or files written.
        accepted, rejected, unknown: rows by outcome.
    """

    run_id: str
    state: str
    message: str
    plan: Plan
    sealed: Sealed
    calls: int = 0
    accepted: int = 0
    rejected: int = 0
    unknown: int = 0


def mapping_hash(sync: Sync) -> str:
    """Of the columns that leave and their forms without versions: what payloads are made of."""
    columns = {n: c.model_dump(mode="json") for n, c in sync.columns.items()}
    return hash_of({"key": sync.key, "columns": columns, "nulls": sync.nulls})


def hash_of(data: object) -> str:
    """A short hash of what can be said as JSON."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Run:
    """One run from its first row in the ledger to its last."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        folder: Path,
        name: str,
        sync: Sync,
        destination: Destination,
        plan: Plan,
        sealed: Sealed,
    ) -> None:
        self.con, self.folder, self.name, self.sync = con, folder, name, sync
        self.destination, self.plan, self.sealed = destination, plan, sealed
        self.run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self.counts = {"accepted": 0, "rejected": 0, "unknown": 0}
        self.calls = 0

    def begin(self) -> None:
        """The run stands in the ledger before anything else."""
        definition = hash_of([
            self.sync.model_dump(mode="json"), self.destination.model_dump(mode="json")
        ])  # fmt: skip
        counts = [self.plan.counts[operation] for operation in OPERATIONS]
        columns = ", ".join(f"{operation}_count" for operation in OPERATIONS)
        self.con.execute(
            "insert into sync_run (run_id, sync_name, segment_name, destination_name, started_at, "
            "state, plan_hash, definition_hash, mapping_hash, row_count, "
            f"{columns}) values (?, ?, ?, ?, ?, 'sending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self.run_id, self.name, self.sync.segment, self.sync.destination, now(),
                self.plan.hash, definition, mapping_hash(self.sync), self.plan.rows, *counts,
            ],
        )  # fmt: skip

    def keep_plan(self) -> None:
        """The fate of every key that is not as it was; of those the run has the number."""
        self.con.execute(
            f"insert into sync_plan select '{self.run_id}', sync_key, operation, reason, old_hash, "
            "new_hash, is_in_segment, is_sent from planned where operation <> 'unchanged'"
        )

    def end(self, state: str, message: str = "") -> Ended:
        """The run's last word."""
        self.con.execute(
            "update sync_run set ended_at = ?, state = ?, message = ?, call_count = ?, "
            "accepted_count = ?, rejected_count = ?, unknown_count = ? where run_id = ?",
            [now(), state, message or None, self.calls, *self.counts.values(), self.run_id],
        )
        return Ended(self.run_id, state, message, self.plan, self.sealed, self.calls, **self.counts)

    def send_batches(self, target: BatchTarget, progress: Progress) -> Ended:
        """Send what is planned and take away what left, in this order.

        Parameters:
            target: where to.
            progress: told how many rows of how many have been sent.
        """
        done, earlier = 0, target.calls
        try:
            for operation, rows in self._batches(target.batch):
                if operation == "remove" and (stop := self._keeps_leavers()):
                    self.calls = target.calls - earlier
                    return self.end("stopped", stop)
                done += len(rows)
                self._send_batch(target, operation, rows)
                progress(done, self.plan.sent)
        except StopSyncError as error:
            self.calls = target.calls - earlier
            return self.end("stopped", error.reason)
        self.calls = target.calls - earlier
        return self._completed()

    def _completed(self) -> Ended:
        left = self.counts["rejected"] or self.counts["unknown"]
        return self.end("completed_with_rejects" if left else "completed")

    def _keeps_leavers(self) -> str:
        """Why nothing is taken away yet, empty where it may be."""
        tried = self.counts["accepted"] + self.counts["rejected"]
        if self.counts["unknown"]:
            return "Some rows have no answer yet, so nobody was taken away."
        if tried and self.counts["rejected"] > self.sync.guard.max_reject_share * tried:
            return (
                f"{self.counts['rejected']} of {tried} rows were rejected, more than "
                f"guard.max_reject_share {self.sync.guard.max_reject_share:g}, so nobody was taken "
                "away."
            )
        return ""

    def _batches(self, size: int) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        """Batches of (key, payload, hash) in the order of keys: what is added, then the rest."""
        for operation, select in (("add", ADDED), ("remove", self._removed())):
            last = ""
            # The first batch begins before every key; keys are never empty.
            while rows := self.con.execute(
                f"select * from ({select}) as rows where sync_key > ? order by sync_key limit ?",
                [last, size],
            ).fetchall():
                yield operation, rows
                last = rows[-1][0]

    def _removed(self) -> str:
        if self.sync.mode == "audience":
            return removed_of_audience(self.name)
        return (
            "select sync_key, cast(to_json(map {"
            f"'{self.sync.key}': sync_key}}) as varchar) as payload, old_hash as payload_hash "
            "from planned where operation = 'delete'"
        )

    def _send_batch(
        self, target: BatchTarget, operation: str, rows: Sequence[tuple[str, str, str]]
    ) -> None:
        key = hash_of([self.name, operation, [(k, h) for k, _, h in rows]])
        claim(self.con, self, operation, key, rows)
        # What would leave nothing at the other end needs no request.
        asked = [Row(k, payload) for k, payload, _ in rows if payload != "{}"]
        stopped: StopSyncError | None = None
        try:
            results = target.send(operation, asked, key) if asked else []
        except StopSyncError as error:
            stopped = error
            results = error.results or [Result("not_sent", "stopped")] * len(asked)
        by_place = iter(results)
        every = [
            Result("accepted") if payload == "{}" else next(by_place) for _, payload, _ in rows
        ]
        settle(self.con, self, operation, key, rows, every)
        for result in every:
            if result.outcome in self.counts:
                self.counts[result.outcome] += 1
        if stopped:
            raise stopped

    def send_file(self, open_store: OpenStore) -> Ended:
        """Send the whole segment, or what changed, as a file, when there is anything to say.

        Parameters:
            open_store: connects to where it goes.
        """
        destination = self.destination
        assert isinstance(destination, FilesDestination)
        if not self.plan.sent and not self._shrinks():
            return self._completed()
        try:
            store = open_store()
        except StopSyncError as error:
            return self.end("stopped", error.reason)
        with closing(store):
            return self._place_file(store, destination)

    def _place_file(self, store: FileStore, destination: FilesDestination) -> Ended:
        whole = self.sync.mode == "snapshot"
        claim_file(self.con, self)
        written = write_file(
            self.con,
            self.folder,
            destination,
            self.sync,
            f"{self.name}-{self.run_id}",
            WHOLE if whole else self._changed(),
            operation=not whole,
        )
        self.calls = 1
        stopped = ""
        try:
            store.sweep(self.name)
            for file in written.files:
                store.place(file, file.name)
        except StopSyncError as error:
            stopped = error.reason
        try:
            state = close_file(self.con, self.name, self.sync.mode, self.run_id, store)
        except StopSyncError as error:
            return self.end("unsettled", error.reason)
        if state != "completed":
            return self.end("stopped", stopped)
        self.counts["accepted"] = written.rows
        return self._completed()

    def _shrinks(self) -> bool:
        """Whether somebody of the last whole file can't be in the next one."""
        if self.sync.mode != "snapshot":
            return False
        [(left,)] = self.con.execute(
            "select count(*) from planned where is_standing and operation in ('invalid', 'blocked')"
        ).fetchall()
        return bool(left)

    def _changed(self) -> str:
        """Rows with what to do with each, as columns."""
        names = self.sync.columns
        added = ", ".join(f"leaving.{quoted(n)}" for n in names)
        if self.sync.mode == "audience":
            taken = removed_of_audience(self.name, are_sent=True)
            values = ", ".join(f"payload ->> {literal(n)}" for n in names)
        else:
            taken = self._removed()
            values = ", ".join("sync_key" if n == self.sync.key else "null" for n in names)
        return (
            f"select planned.sync_key, 'add' as operation, {added} from planned inner join leaving "
            "on leaving.sync_key = planned.sync_key where planned.is_sent "
            "and planned.operation <> 'delete' and leaving.blocked is null "
            "and leaving.invalid is null union all "
            f"select split_part(sync_key, '{SEPARATOR}', 1), 'remove', {values} "
            f"from ({taken}) as taken where payload <> '{{}}'"
        )

    @property
    def formats(self) -> str:
        """The identifier formats with their versions, as kept with what was sent."""
        return json.dumps(formats_of(self.sync), sort_keys=True)

    @property
    def keeps_payloads(self) -> bool:
        """Whether what was sent is needed to take it away again."""
        return self.sync.mode == "audience"
