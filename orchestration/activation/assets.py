"""Each sync as an asset of its own in Dagster, and the job that runs those of a refresh.

The job is another one than the refresh: a sync waits for servers elsewhere, and neither the right
to write the warehouse nor the word that a refresh went well may depend on them.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from orchestration.activation.after_refresh import due, runnable
from orchestration.activation.definitions import read_sync
from orchestration.activation.guards import GuardError
from orchestration.activation.ledger import SyncLock
from orchestration.activation.running import run_sync
from orchestration.activation.runs import Ended
from orchestration.alerts.alert import safe
from orchestration.errors import UserError
from orchestration.failures import in_words
from orchestration.locking import WriterLock
from orchestration.progress import reporter
from orchestration.publish.assets import PUBLISHED_KEY
from orchestration.run_records import ACTIVATION_JOB, JOB_TAG
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections
from orchestration.transform.translator import gate_key
from orchestration.warehouse import BusyError

GROUP = ACTIVATION_JOB
TRIES = 3
"""How often a sync looks for a moment in which nobody writes the warehouse."""


def key_of(name: str) -> dg.AssetKey:
    """The asset of a sync."""
    return dg.AssetKey([GROUP, name])


def sync_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """An asset per sync.

    Parameters:
        settings: paths. A file that can't be followed has an asset, too; its run says why.
    """
    return [_sync_asset(settings, name) for name in runnable(settings)]


def activation_job(settings: Settings) -> list[Any]:
    """The job of all syncs, which a refresh is followed by; none where there is no sync."""
    keys = [key_of(name) for name in runnable(settings)]
    if not keys:
        return []
    return [
        dg.define_asset_job(
            ACTIVATION_JOB,
            selection=dg.AssetSelection.assets(*keys),
            description="Sends segments to where they are used, from what the last refresh left.",
            executor_def=dg.in_process_executor,
            tags={JOB_TAG: ACTIVATION_JOB},
        )
    ]


def _sync_asset(settings: Settings, name: str) -> dg.AssetsDefinition:
    description, owner = _described(settings, name)

    @dg.asset(
        key=key_of(name),
        deps=[gate_key("segments"), PUBLISHED_KEY],
        group_name=GROUP,
        owners=[owner],
        kinds={"sync"},
        description=description,
        required_resource_keys={"syncs"},
    )
    def sync() -> dg.MaterializeResult:
        step = f"sync {name}"
        reporter().begin(step)
        try:
            ended = _run(settings, name)
        except Exception as error:
            text = f"{name}: {_in_words(error, settings)}"
            reporter().end(step, text, ok=False)
            # Without the error itself: what a library says may hold values.
            raise dg.Failure(text, allow_retries=False) from None
        text = (
            f"{ended.accepted:,} rows accepted, {ended.rejected:,} rejected, "
            f"{ended.unknown:,} without an answer"
        )
        if ended.state in ("stopped", "unsettled"):
            text = f"{name}: {safe(ended.message)} {text}."
            reporter().end(step, text, ok=False)
            raise dg.Failure(text, metadata=_counts(ended), allow_retries=False)
        reporter().end(step, text)
        return dg.MaterializeResult(metadata=_counts(ended))

    return sync


def _described(settings: Settings, name: str) -> tuple[str, str]:
    try:
        sync, _ = read_sync(settings, name)
    except UserError as error:
        return f"A sync whose files can't be followed: {error}", "team:data-platform"
    return f"{sync.title}: {sync.segment} to {sync.destination}, {sync.mode}.", sync.owner


def _run(settings: Settings, name: str) -> Ended:
    """Run a sync when nobody writes the warehouse and no other sync runs."""
    # Of a run that also made layers; a sync opens the file for reading.
    close_connections()
    for tried in range(1, TRIES + 1):
        with SyncLock(settings.data_dir, waits=True):
            pass
        with WriterLock(settings.data_dir):
            pass
        try:
            return run_sync(settings, name)
        except BusyError:
            if tried == TRIES:
                raise
    raise AssertionError


def _in_words(error: Exception, settings: Settings) -> str:
    """Why a sync failed, without the keys of people."""
    if isinstance(error, GuardError) and error.guard == "unknown_outcome":
        return (
            "rows of an earlier run have no answer, and the other end can't tell a repetition. "
            "Nothing was sent. `c360 activation plan` names them and says what to do."
        )
    return safe(str(error) if isinstance(error, UserError) else in_words(error, settings).text)


def _counts(ended: Ended) -> dict[str, Any]:
    """What became of the rows, as numbers and nothing else."""
    plan = ended.plan
    return {
        "dagster/row_count": plan.rows,
        "run": ended.run_id,
        "plan": plan.hash,
        **plan.counts,
        "accepted": ended.accepted,
        "rejected": ended.rejected,
        "without an answer": ended.unknown,
        "kept back": ended.withheld,
        "calls": ended.calls,
        **{
            f"left out: {column}, {reason}": n
            for (column, reason), n in ended.sealed.dropped.items()
        },
    }


def after_refresh_sensor(
    settings: Settings, refresh: Any, syncs: list[Any], door_tag: str, done: str
) -> list[Any]:
    """The sensor `syncs_after_refresh`: refreshes from Dagster's doors are followed by syncs.

    It is on where a sync says `schedule: each_refresh` when the definitions are loaded, because
    saying so is asking for it.

    Parameters:
        settings: paths.
        refresh: the job whose success it waits for.
        syncs: the job of `activation_job`.
        door_tag: the tag that says who started a run.
        done: the door that runs the syncs itself, the command line.

    Returns:
        The sensor; none where there is no sync.
    """
    if not syncs:
        return []

    @dg.run_status_sensor(
        name="syncs_after_refresh",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[refresh],
        request_jobs=syncs,
        minimum_interval_seconds=30,
        default_status=(
            dg.DefaultSensorStatus.RUNNING if due(settings) else dg.DefaultSensorStatus.STOPPED
        ),
        description=(
            "Runs the syncs that say `schedule: each_refresh` after a refresh that Dagster "
            "started was published; `c360 run` does it itself."
        ),
    )
    def syncs_after_refresh(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        if context.dagster_run.tags.get(door_tag) == done:
            return dg.SkipReason("The command line has run its syncs itself.")
        names = due(settings)
        if not names:
            return dg.SkipReason("No sync says `schedule: each_refresh`.")
        return dg.RunRequest(
            run_key=context.dagster_run.run_id,
            job_name=ACTIVATION_JOB,
            asset_selection=[key_of(name) for name in names],
        )

    return [syncs_after_refresh]
