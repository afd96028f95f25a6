"""Runs whose process is gone are ended, so that nothing waits for them."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg

from orchestration import run_records as records
from orchestration.alerts.telling import run_found_dead
from orchestration.logs import log
from orchestration.run_records import RunRecord
from orchestration.runs.lifecycle import killed_text, was_published
from orchestration.settings import Settings

IN_PROCESS = (
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def settle_records(settings: Settings) -> list[RunRecord]:
    """Write down which runs were killed.

    Parameters:
        settings: paths.

    Returns:
        Those that were found now, newest first.
    """
    found = []
    for record in records.read_records(settings):
        if record.state == records.KILLED and record.finished_at is None:
            record = replace(record, published=was_published(settings, record.run_id))
            record = replace(record, finished_at=records.now(), failure=killed_text(record))
            records.write_record(settings, record)
            sent = run_found_dead(settings, record)
            if sent:
                record = replace(record, alerts=[entry.sentence for entry in sent])
                records.write_record(settings, record)
            records.forget_lock(settings, record.run_id)
            log().warning("run %s was killed in step %s", record.run_id, record.step)
            found.append(record)
    return found


def settle_dagster(
    settings: Settings, instance: dg.DagsterInstance, but: str = "", nobody_launches: bool = False
) -> None:
    """End the runs that Dagster takes for running and whose process is gone.

    Dagster counts them against the one run at a time that it starts, so that the next one would
    wait for good.

    Parameters:
        settings: paths.
        instance: Dagster's instance.
        but: a run to be left alone, the caller's own.
        nobody_launches: whether no other process of Dagster is up, so that a run which is only
            about to start has lost its launcher.
    """
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=list(IN_PROCESS))):
        if run.run_id == but or records.is_alive(settings, run.run_id):
            continue
        record = records.read_record(settings, run.run_id)
        if record is None and not nobody_launches:
            # It is about to start, or a job of a team's own that does not take the warehouse;
            # the launcher answers for those.
            continue
        if record is not None and record.state == records.STOPPED:
            instance.report_run_canceled(run, record.failure)
        else:
            text = record.failure if record else "Its process ended before it began."
            instance.report_run_failed(run, text or (killed_text(record) if record else ""))
