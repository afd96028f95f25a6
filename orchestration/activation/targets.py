"""What a destination is to a run: something that takes batches, or one that takes whole files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Outcome = Literal["accepted", "rejected", "unknown", "not_sent"]


@dataclass(frozen=True)
class Row:
    """A row that is sent.

    Attributes:
        key: who it is at the other end.
        payload: JSON text of what leaves.
    """

    key: str
    payload: str


@dataclass(frozen=True)
class Result:
    """What became of a row.

    Attributes:
        outcome: accepted, rejected, unknown (it may have arrived) or not_sent.
        reason: a word or a code, without values; empty where it was accepted.
    """

    outcome: Outcome
    reason: str = ""


class StopSyncError(Exception):
    """The other end takes nothing more in this run.

    Parameters:
        reason: a sentence without addresses' paths, secrets or values.
        results: what became of the rows of the batch.
    """

    def __init__(self, reason: str, results: Sequence[Result]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.results = list(results)


class BatchTarget(Protocol):
    """A destination that takes rows in batches."""

    batch: int
    calls: int

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        """Send a batch; one result per row, in order.

        Parameters:
            operation: add or remove.
            rows: at most `batch`.
            idempotency_key: the same for the same rows with the same payloads.

        Raises:
            StopSyncError: nothing more can be sent in this run.
        """
        ...
