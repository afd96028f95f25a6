"""A run from begin to end, the same from every door.

The command line, the schedule, the sensor and a click all end up in Dagster's job, whose resource
`warehouse` carries the run here: it is recorded, waits for the writer lock, leftovers of runs that
died are put in order, policy and disk are looked at, and when it ends its outcome is read from
Dagster's events, recorded and told. The command line enters a little earlier, so that a project
that does not parse is a run that failed as well.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestration import progress, watchdog
from orchestration import run_records as records
from orchestration.alerts.telling import after_run
from orchestration.errors import UserError
from orchestration.failures import STOPPED_CODE, in_words
from orchestration.locking import WriterLock
from orchestration.logs import log
from orchestration.proof import read_proof
from orchestration.run_records import RunRecord
from orchestration.runs.signals import StopSignals
from orchestration.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


COMMAND_LINE = "command line"


class CarriedRun:
    """The run that this process carries.

    Parameters:
        settings: paths.
        record: what is known of it so far.
    """

    def __init__(self, settings: Settings, record: RunRecord) -> None:
        self.settings = settings
        self.record = record
        self.instance: dg.DagsterInstance | None = None
        self.refused: UserError | None = None
        self._began = time.monotonic()

    @classmethod
    def begun(cls, settings: Settings, run_id: str, job: str, door: str) -> CarriedRun:
        """A run that this process begins now.

        Parameters:
            settings: paths.
            run_id: Dagster's id of the run.
            job: the Dagster job.
            door: who started it.
        """
        return cls(
            settings, RunRecord(run_id, job, door, os.getpid(), records.now(), records.WAITING)
        )

    def change(self, **values: Any) -> None:
        """Change the record, on the disk as well."""
        self.record = replace(self.record, **values)
        records.write_record(self.settings, self.record)

    def begin(self) -> None:
        """Nobody else writes any more: the run begins."""
        self._began = time.monotonic()
        self.change(state=records.RUNNING, started_at=records.now(), step="prepare")

    def enter_step(self, step: str) -> None:
        """Say where the run is."""
        watchdog.beat()
        if step != self.record.step:
            self.change(step=step)

    def end(self, **values: Any) -> None:
        """Record how it ended, unless that is known already."""
        if self.record.in_progress:
            seconds = round(time.monotonic() - self._began, 3)
            failed = self.refused.exit_code if self.refused else 1
            codes = {records.SUCCEEDED: 0, records.STOPPED: STOPPED_CODE}
            code = codes.get(values["state"], failed)
            self.change(finished_at=records.now(), seconds=seconds, exit_code=code, **values)

    def end_stalled(self, text: str) -> None:
        """Record and tell that nothing moved any more; the process ends right after."""
        self.end(state=records.FAILED, failure=text)
        _tell(self)


_carried: dict[str, CarriedRun] = {}


@contextmanager
def carry(
    run: CarriedRun, on_wait: Callable[[str], None], writes: bool = True
) -> Iterator[CarriedRun]:
    """Carry a run: record it, hold the writer lock, and record how it ended.

    Reentrant for one run: the command line enters first, Dagster's resource then.

    Parameters:
        run: the run; where this process carries it already, that one is yielded.
        on_wait: told whom it waits for, once, when another run writes.
        writes: whether it writes the warehouse. One that does not takes no lock, and may stand
            still for as long as a server elsewhere lets it wait.

    Raises:
        UserError: whatever the block raises.
    """
    settings, run_id = run.settings, run.record.run_id
    if run_id in _carried:
        yield _carried[run_id]
        return
    with StopSignals() as signals, records.alive(settings, run_id):
        records.write_record(settings, run.record)
        _carried[run_id] = run
        told = progress.reporter()
        try:
            with WriterLock(settings.data_dir, on_wait=on_wait) if writes else nullcontext():
                run.begin()
                progress.report_to(progress.StepRecorder(told, run.enter_step))
                with (
                    watchdog.watch(settings, lambda: run.record.step, run.end_stalled)
                    if writes
                    else nullcontext()
                ):
                    yield run
                    _end_by_events(run, signals)
        except UserError as error:
            run.refused = error
            run.end(state=records.FAILED, failure=str(error))
            raise
        except BaseException as error:
            _end_by_exception(run, signals, error)
            raise
        finally:
            progress.report_to(told)
            del _carried[run_id]
            _tell(run)


def mark_published() -> None:
    """Record of the run that this process carries, if any, that what it built is published."""
    if run := carried():
        run.change(published=True)


def carried() -> CarriedRun | None:
    """The run that this process carries, None outside of one."""
    return next(reversed(_carried.values()), None)


def _end_by_events(run: CarriedRun, signals: StopSignals) -> None:
    from orchestration.runs.outcome import outcome_of

    if run.instance is None:
        run.end(state=records.FAILED, failure="It ended before its first step.")
        return
    outcome = outcome_of(run.instance, run.record.run_id, run.settings)
    if not outcome["success"] and (outcome["canceled"] or signals.seen):
        by = outcome["stopped_by"] or _by_signal(run)
        _end_stopped(run, by, outcome["counts"])
    elif outcome["success"]:
        run.end(state=records.SUCCEEDED, **outcome["counts"])
    else:
        run.end(
            state=records.FAILED,
            failure=outcome["failure"],
            gate_closed=outcome["gate_closed"],
            **outcome["counts"],
        )


def _end_by_exception(run: CarriedRun, signals: StopSignals, error: BaseException) -> None:
    if signals.seen or isinstance(error, KeyboardInterrupt):
        _end_stopped(run, _by_signal(run), {})
    else:
        run.end(state=records.FAILED, failure=in_words(error, run.settings).text)


def _by_signal(run: CarriedRun) -> str:
    return "by you" if run.record.door == COMMAND_LINE else "by a signal"


def _end_stopped(run: CarriedRun, by: str, counts: dict[str, Any]) -> None:
    step = f"in step {run.record.step}" if run.record.step else "while it waited for another run"
    run.end(
        state=records.STOPPED,
        stopped_by=by,
        failure=f"Stopped {by} {step}; {_left(run.record)}.",
        **counts,
    )


def _tell(run: CarriedRun) -> None:
    record = run.record
    log().info("run %s %s %s", record.run_id, record.state, record.failure)
    known = records.read_records(run.settings)
    sent = after_run(run.settings, record, [r for r in known if r.run_id != record.run_id])
    if sent:
        run.change(alerts=[entry.sentence for entry in sent])
    records.forget_old(run.settings)


def was_published(settings: Settings, run_id: str) -> bool:
    """Whether what is published is what a run has built; true also of one killed right after."""
    proof = read_proof(settings.published_proof_path)
    return proof is not None and proof.run_id == run_id


def killed_text(record: RunRecord) -> str:
    """One sentence about a run whose process is gone."""
    step = f"in step {record.step}" if record.step else "while it waited for another run"
    why = "killed, crashed or switched off"
    return f"Its process ended without a word {step} ({why}); {_left(record)}."


def _left(record: RunRecord) -> str:
    """What a run that did not come to its end has left."""
    if record.job == records.ACTIVATION_JOB:
        return "the next run of a sync settles what was under way"
    return "it had been published" if record.published else "nothing was published"
