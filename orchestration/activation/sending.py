"""Batches of a run: each claimed in the ledger before it is sent, and answered for after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.kinds import Destination
from orchestration.activation.leaving import ADDED, removed
from orchestration.activation.repeating import CHANGED, repeated
from orchestration.activation.runs import Ended, Run, hash_of
from orchestration.activation.settling import answer, claim, fold
from orchestration.activation.targets.protocol import BatchTarget, Result, Row, StopSyncError

MakeTarget = Callable[[Destination, Sync], BatchTarget]
Progress = Callable[[int, int], None]
Rows = Sequence[tuple[str, str, str]]
"""Key, payload and its hash."""


def send_batches(run: Run, target: BatchTarget, progress: Progress) -> Ended:
    """Send what is planned and take away what left, in this order.

    Parameters:
        run: the run, whose plan is kept.
        target: where to.
        progress: told how many rows of how many have been sent.
    """
    stopped, earlier = "", target.calls
    try:
        stopped = _Sending(run, target, progress).send()
    except StopSyncError as error:
        stopped = error.reason
    run.calls = target.calls - earlier
    fold(run.con, run.name, run.sync)
    return run.end("stopped", stopped) if stopped else run.completed()


class _Sending:
    def __init__(self, run: Run, target: BatchTarget, progress: Progress) -> None:
        self._run, self._target, self._progress = run, target, progress
        self._done = 0

    def send(self) -> str:
        """Why it stopped before everything was tried; empty where it did not."""
        run = self._run
        must = run.sync.mode == "append" and run.destination.knows_keys
        for batch in () if run.destination.is_table else repeated(run.con, run.name, must):
            allowed = run.consent.let_through(run.run_id, batch.rows)
            if len(allowed) == len(batch.rows):
                self._send("add", allowed, batch.idempotency_key)
            elif must:
                return CHANGED
            elif allowed:
                self._send("add", allowed)
            self._tell(len(batch.rows))
        for rows in self._batches(ADDED):
            if allowed := run.consent.let_through(run.run_id, rows):
                self._send("add", allowed)
            self._tell(len(rows))
        # What stands there by now decides what is taken away.
        fold(run.con, run.name, run.sync)
        for rows in self._batches(removed(run.name, run.sync)):
            if stop := self._keeps_leavers():
                return stop
            self._send("remove", rows)
            self._tell(len(rows))
        return ""

    def _tell(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._run.plan.sent)

    def _batches(self, select: str) -> Iterator[list[tuple[str, str, str]]]:
        """The rows of a select in the order of keys, put in order once."""
        con, size, first = self._run.con, self._target.batch, 1
        con.execute(
            "create or replace temp table outgoing as select row_number() over (order by sync_key) "
            f"as place, sync_key, payload, payload_hash from ({select}) as chosen"
        )
        while rows := con.execute(
            "select sync_key, payload, payload_hash from outgoing "
            "where place between ? and ? order by place",
            [first, first + size - 1],
        ).fetchall():
            yield rows
            first += size

    def _keeps_leavers(self) -> str:
        """Why nothing is taken away yet, empty where it may be."""
        counts, share = self._run.counts, self._run.sync.guard.max_reject_share
        tried = counts["accepted"] + counts["rejected"]
        if counts["unknown"]:
            return "Some rows have no answer yet, so nobody was taken away."
        if tried and counts["rejected"] > share * tried:
            return (
                f"{counts['rejected']} of {tried} rows were rejected, more than "
                f"guard.max_reject_share {share:g}, so nobody was taken away."
            )
        return ""

    def _send(self, operation: str, rows: Rows, earlier_key: str = "") -> None:
        run, target = self._run, self._target
        batch = hash_of([run.name, operation, [(k, h) for k, _, h in rows]])
        # The same rows in another run are another batch to the receiver, unless no answer came.
        key = earlier_key or hash_of([run.run_id, batch])
        claim(run.con, run.run_id, operation, batch, key, rows, run.keeps_payloads)
        # What would leave nothing at the other end needs no request.
        is_asked = [payload != "{}" or run.destination.is_table for _, payload, _ in rows]
        asked = [
            Row(k, payload) for (k, payload, _), is_ in zip(rows, is_asked, strict=True) if is_
        ]
        unnamed = target.unnamed
        stopped: StopSyncError | None = None
        try:
            results = target.send(operation, asked, key) if asked else []
        except StopSyncError as error:
            stopped = error
            results = error.results or [Result("not_sent", "stopped")] * len(asked)
        by_place = iter(results)
        every = [next(by_place) if is_ else Result("accepted") for is_ in is_asked]
        answer(run.con, run.run_id, batch, [k for k, _, _ in rows], every)
        for result in every:
            if result.outcome in run.counts:
                run.counts[result.outcome] += 1
        run.counts["accepted"] -= target.unnamed - unnamed
        run.counts["rejected"] += target.unnamed - unnamed
        if stopped:
            raise stopped
