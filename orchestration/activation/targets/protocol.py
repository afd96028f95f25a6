"""What a destination is to a run: something that takes batches, or one that takes whole files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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
    """A destination that takes rows in batches.

    Attributes:
        batch: most rows of a batch.
        calls: requests until now.
        unnamed: rows until now that it refused without saying which; they count as accepted.
    """

    batch: int
    calls: int
    unnamed: int

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        """Send a batch; one result per row, in order.

        Parameters:
            operation: add or remove.
            rows: at most `batch`.
            idempotency_key: the same when the same batch is sent again because no answer came.

        Raises:
            StopSyncError: nothing more can be sent in this run.
        """
        ...

    def outcomes(self, keys: Sequence[str], idempotency_key: str) -> list[Result] | None:
        """What became of a batch whose answer never came, as the other end has it.

        Parameters:
            keys: of its rows.
            idempotency_key: with which it was sent.

        Returns:
            One result per row, in order; None where the other end can't say.

        Raises:
            StopSyncError: the other end doesn't answer.
        """
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class FileStore(Protocol):
    """A destination that takes files, each under its final name whole or not at all."""

    def holds(self, name: str) -> bool:
        """Whether a file of that name is complete there; where it is not, it never will be.

        Raises:
            StopSyncError: it can't be known.
        """
        ...

    def place(self, file: Path, name: str) -> None:
        """Put a file there. The file may be moved away by it.

        Parameters:
            file: on this machine, whose bytes are on the disk.
            name: what it is called there.

        Raises:
            StopSyncError: it is not there, or nobody knows.
        """
        ...

    def sweep(self, run_id: str) -> None:
        """Remove what a killed run left: every file with its id in the name, whole or half.

        Parameters:
            run_id: of a run whose manifest is not there.

        Raises:
            StopSyncError: something of it may stand there still.
        """
        ...

    def close(self) -> None:
        """End the connection."""
        ...
