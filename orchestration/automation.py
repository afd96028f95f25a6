"""When the chain runs by itself. Both are declared off: a new installation does nothing unasked."""

import hashlib
from typing import Any

import dagster as dg

from orchestration.settings import Settings

REFRESH_JOB = "refresh"


def refresh_job() -> Any:
    """The whole chain, from landing files to the published model."""
    return dg.define_asset_job(
        REFRESH_JOB,
        selection=dg.AssetSelection.all(),
        description="Landing files to published model, with every gate.",
        executor_def=dg.in_process_executor,
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


def landing_fingerprint(settings: Settings) -> str:
    """A hash over names, sizes and times of the landing files; empty when there are none."""
    digest = hashlib.sha256()
    count = 0
    for path in sorted(p for p in settings.landing_dir.rglob("*") if p.is_file()):
        stat = path.stat()
        digest.update(
            f"{path.relative_to(settings.landing_dir)}:{stat.st_size}:{stat.st_mtime_ns}\n".encode()
        )
        count += 1
    return digest.hexdigest() if count else ""


def landing_sensor(settings: Settings) -> dg.SensorDefinition:
    """For sources that arrive at any hour: a refresh once the landing folder has settled."""

    @dg.sensor(
        name="landing_folder_changed",
        job_name=REFRESH_JOB,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            "Starts a refresh when files in the landing folder have changed and then stayed the "
            "same for one interval, so that a file still being copied is not read. Off until "
            "switched on."
        ),
    )
    def landing_folder_changed(
        context: dg.SensorEvaluationContext,
    ) -> dg.RunRequest | dg.SkipReason:
        seen = landing_fingerprint(settings)
        pending, _, done = (context.cursor or "").partition("|")
        if not seen:
            return dg.SkipReason("The landing folder is empty.")
        if seen == done:
            return dg.SkipReason("Nothing has changed since the last refresh.")
        if seen != pending:
            context.update_cursor(f"{seen}|{done}")
            return dg.SkipReason("Files have changed; waiting one interval for them to settle.")
        context.update_cursor(f"{seen}|{seen}")
        return dg.RunRequest(run_key=seen)

    return landing_folder_changed
