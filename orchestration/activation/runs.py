"""A run of a sync in the ledger: its first row, its plan, and its last word."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.activation.consent_again import ConsentAgain
from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.kinds import Destination
from orchestration.activation.planning import OPERATIONS, Plan
from orchestration.activation.sealing import Sealed
from orchestration.activation.settling import now
from orchestration.activation.targets.files import formats_of
from orchestration.ingest.sql import literal


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
        withheld: rows that were planned, and kept back because consent was withdrawn since.
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
    withheld: int = 0


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
        consent: ConsentAgain,
    ) -> None:
        self.consent = consent
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
            "state, plan_hash, definition_hash, mapping_hash, formats, row_count, "
            f"{columns}) values (?, ?, ?, ?, ?, 'sending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self.run_id, self.name, self.sync.segment, self.sync.destination, now(),
                self.plan.hash, definition, mapping_hash(self.sync), self.formats, self.plan.rows,
                *counts,
            ],
        )  # fmt: skip

    def keep_plan(self) -> None:
        """The fate of every key that is not as it was; of those the run has the number."""
        payload, joined = "null", ""
        if self.keeps_payloads and self.destination.takes_files:
            payload, joined = "leaving.payload", "left join leaving using (sync_key)"
        self.con.execute(
            "insert into sync_plan (run_id, sync_key, profile_id, operation, reason, old_hash, "
            f"new_hash, is_in_segment, is_sent, payload) select {literal(self.run_id)}, "
            "planned.sync_key, planned.profile_id, operation, reason, old_hash, new_hash, "
            f"is_in_segment, is_sent, {payload} from planned {joined} "
            "where operation <> 'unchanged'"
        )

    def end(self, state: str, message: str = "") -> Ended:
        """The run's last word."""
        self.con.execute(
            "update sync_run set ended_at = ?, state = ?, message = ?, call_count = ?, "
            "accepted_count = ?, rejected_count = ?, unknown_count = ?, withheld_count = ? "
            "where run_id = ?",
            [
                now(), state, message or None, self.calls, *self.counts.values(),
                self.consent.kept_back, self.run_id,
            ],
        )  # fmt: skip
        return Ended(
            self.run_id, state, message, self.plan, self.sealed, self.calls, **self.counts,
            withheld=self.consent.kept_back,
        )  # fmt: skip

    def completed(self) -> Ended:
        """Everything was tried; what was rejected or has no answer comes again."""
        left = self.counts["rejected"] or self.counts["unknown"]
        return self.end("completed_with_rejects" if left else "completed")

    @property
    def formats(self) -> str:
        """The identifier formats with their versions, as kept with what was sent."""
        return json.dumps(formats_of(self.sync), sort_keys=True)

    @property
    def keeps_payloads(self) -> bool:
        """Whether what was sent is needed to take it away again."""
        return self.sync.mode == "audience"
