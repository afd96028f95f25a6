"""When the chain runs by itself. Both are declared off: a new installation does nothing unasked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from orchestration import run_records as records
from orchestration.ingest.declarations import declared_source_tables
from orchestration.ingest.watch import UNREACHABLE, source_states
from orchestration.run_records import ACTIVATION_JOB, JOB_TAG, REFRESH_JOB
from orchestration.runs.repair import settle_dagster, settle_records
from orchestration.settings import Settings

LOOK_SECONDS = 60
PAUSES = (timedelta(0), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""How long the sensor waits before it tries again, by how often it has failed; then always hourly.
The first is tried again at the next look: most of what passes by itself has passed by then."""
SOURCES_TAG = "c360/sources"
ENDED_BADLY = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def refresh_job() -> Any:
    """The whole chain, from landing files to the published model."""
    return dg.define_asset_job(
        REFRESH_JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(ACTIVATION_JOB),
        description="Landing files to published model, with every gate.",
        executor_def=dg.in_process_executor,
        tags={JOB_TAG: REFRESH_JOB},
    )


def daily_schedule() -> dg.ScheduleDefinition:
    """For sources that are delivered overnight: everything is fresh when people come to work."""
    return dg.ScheduleDefinition(
        name="refresh_every_morning",
        job_name=REFRESH_JOB,
        cron_schedule="0 4 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Daily at 04:00 UTC, for sources delivered overnight. Off until switched on.",
    )


def source_sensor(settings: Settings, manifest: Mapping[str, Any]) -> dg.SensorDefinition:
    """For sources that arrive at any hour: a run once what is there has settled.

    What counts as news is what differs from what the last successful run of the whole chain began
    with, whoever started that. So a run that failed is tried again, one that the schedule has just
    done is not done twice, and an installation that is up to date starts nothing at first sight.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json, for the declared source tables.
    """
    tables = declared_source_tables(manifest)

    @dg.sensor(
        name="sources_changed",
        job_name=REFRESH_JOB,
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            "Starts a run when a declared source (files in the landing folder or elsewhere, "
            "databases by their watermark) is not what the last successful run has seen, and has "
            "then stayed the same for one interval, so that a file still being copied is not read. "
            "A run that failed is tried again. Off until switched on."
        ),
    )
    def sources_changed(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        settle_records(settings)
        settle_dagster(settings, context.instance)
        known = records.read_records(settings)
        waits = context.instance.get_runs(
            filters=dg.RunsFilter(job_name=REFRESH_JOB, statuses=IN_PROGRESS), limit=1
        )
        if waits or any(run.in_progress and run.job == REFRESH_JOB for run in known):
            return dg.SkipReason("A run is in progress; its end is waited for.")
        runs = [run for run in known if run.whole]
        seen = next((run.sources for run in runs if run.success), {})
        now = known_states(source_states(settings, tables), seen)
        if not any(has_something(state) for state in now.values()):
            return dg.SkipReason("No declared source has anything.")
        if now == seen:
            return dg.SkipReason("Nothing has changed since the last successful run.")
        fingerprint = fingerprint_of(now)
        if context.cursor != fingerprint:
            context.update_cursor(fingerprint)
            return dg.SkipReason("Sources have changed; waiting one interval for them to settle.")
        since = next((run.started_at for run in runs if run.success), "")
        tries = tries_over(context.instance, fingerprint, since)
        reason = why_not_again(settings, tries)
        if reason:
            return dg.SkipReason(reason)
        return dg.RunRequest(tags={SOURCES_TAG: fingerprint})

    return sources_changed


def known_states(now: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """What the sources are like, with what was last seen of those that can't be reached now."""
    return {
        label: seen.get(label, state) if state == UNREACHABLE else state
        for label, state in now.items()
    }


def has_something(state: str) -> bool:
    """Whether a source's state says that there is anything to read."""
    return state != UNREACHABLE and not state.startswith("files:0:")


def fingerprint_of(states: Mapping[str, str]) -> str:
    """A short text for the states of all sources together."""
    lines = "\n".join(f"{label} {state}" for label, state in sorted(states.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:24]


def tries_over(instance: dg.DagsterInstance, fingerprint: str, since: str) -> list[dg.RunRecord]:
    """The runs that the sensor has started over the same sources since the last success.

    Parameters:
        instance: Dagster's instance.
        fingerprint: of the sources.
        since: when the last successful run began, UTC, ISO 8601; empty when there is none.

    Returns:
        Dagster's records, newest first, of runs that did not succeed.
    """
    wanted = dg.RunsFilter(tags={SOURCES_TAG: fingerprint}, statuses=ENDED_BADLY)
    after = datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)
    found = instance.get_run_records(filters=wanted, limit=2 * len(PAUSES))
    return [r for r in found if r.create_timestamp.replace(tzinfo=UTC) >= after]


def why_not_again(settings: Settings, tries: Sequence[dg.RunRecord]) -> str:
    """Why the sensor does not try again now, empty when it does.

    Parameters:
        settings: paths.
        tries: what `tries_over` found.
    """
    if not tries:
        return ""
    last = records.read_record(settings, tries[0].dagster_run.run_id)
    if tries[0].dagster_run.status == dg.DagsterRunStatus.CANCELED and (
        last is None or last.stopped_by == records.IN_DAGSTER
    ):
        return "A run over these sources was stopped in Dagster; the next change starts another."
    ended = tries[0].end_time or tries[0].update_timestamp.replace(tzinfo=UTC).timestamp()
    again = datetime.fromtimestamp(ended, UTC) + PAUSES[min(len(tries), len(PAUSES)) - 1]
    if datetime.now(UTC) >= again:
        return ""
    failure = last.failure if last else "see its events in Dagster"
    return (
        f"{len(tries)} runs over these sources have failed, the last with: {failure} Tried again "
        f"at {again:%H:%M} UTC, or as soon as a source changes."
    )
