"""A run from the command line: the same job as Dagster's doors start, carried by this process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration import run_records as records
from orchestration.progress import Reporter, report_to
from orchestration.run_records import ACTIVATION_JOB, REFRESH_JOB, RunRecord
from orchestration.runs import lifecycle
from orchestration.runs.dagster_home import LOCATION, prepare_dagster_home
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.transform.parsing import parse_ahead

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.remote_origin import RemoteJobOrigin

REPOSITORY = "__repository__"
SELDOM = (500_000, 20, 100)
"""How often Python looks for garbage. A run keeps thousands of objects for every node; the usual
(700, 10, 10) looked through them 4,700 times (3.6 of 48 cpu s over a small company)."""


def refresh(
    settings: Settings, reporter: Reporter, accept_drift: bool = False, rebuild: bool = False
) -> tuple[RunRecord, RunRecord | None]:
    """Run the whole chain and wait for it, and for the syncs that follow it.

    Parameters:
        settings: paths.
        reporter: where progress goes.
        accept_drift: take the volumes of this run as they are, instead of comparing them with the
            last good run's; for a landing folder that now holds other data.
        rebuild: build every layer, also those that nothing has changed for.

    Returns:
        The record of the refresh, and that of its syncs; None where none follow.

    Raises:
        UserError: the project does not parse.
    """
    gc.set_threshold(*SELDOM)
    from dagster._core.utils import make_new_run_id

    run_id = make_new_run_id()
    report_to(reporter)

    def wait(text: str) -> None:
        reporter.end("wait", text)

    run = lifecycle.CarriedRun.begun(settings, run_id, REFRESH_JOB, lifecycle.COMMAND_LINE)
    try:
        with _to_its_end(run), lifecycle.carry(run, wait):
            reporter.begin("prepare")
            definitions, run.instance = _load_uncollected(settings)
            job = definitions.resolve_job_def(REFRESH_JOB)
            reporter.end("prepare", "project parsed, chain loaded")
            _execute(job, run, accept_drift, rebuild)
        if run.instance and run.record.success:
            return run.record, _sync(settings, definitions, run.instance)
        return run.record, None
    finally:
        if run.instance:
            run.instance.dispose()


def _sync(
    settings: Settings, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> RunRecord | None:
    """The syncs that follow a refresh, as a run of their own; what they come to is theirs alone."""
    from dagster._core.utils import make_new_run_id

    from orchestration.activation.after_refresh import due

    names = due(settings)
    if not names:
        return None
    from orchestration.activation.assets import key_of

    run = lifecycle.CarriedRun.begun(
        settings, make_new_run_id(), ACTIVATION_JOB, lifecycle.COMMAND_LINE
    )
    run.instance = instance
    with _to_its_end(run), lifecycle.carry(run, lambda _: None, writes=False):
        keys = frozenset(key_of(name) for name in names)
        job = definitions.resolve_job_def(ACTIVATION_JOB).get_subset(asset_selection=keys)
        _execute(job, run)
    return run.record


@contextmanager
def _to_its_end(run: lifecycle.CarriedRun) -> Iterator[None]:
    """A run that somebody stops has ended, and Dagster is told how."""
    try:
        yield
    except KeyboardInterrupt:
        if run.record.state != records.STOPPED:
            raise
    finally:
        if run.instance:
            _tell_dagster(run.instance, run.record)


def _load_uncollected(settings: Settings) -> tuple[dg.Definitions, dg.DagsterInstance]:
    # What is loaded here lives as long as the process. The collector would walk it time and again,
    # a fifth of the time it takes, and find next to nothing.
    gc.disable()
    try:
        loaded = _load(settings)
        gc.freeze()
        return loaded
    finally:
        gc.enable()


def _load(settings: Settings) -> tuple[dg.Definitions, dg.DagsterInstance]:
    # Importing these takes seconds, which `c360 --help` should not.
    prepare_dagster_home(settings)
    ahead = parse_ahead(settings)
    import dagster as dg

    from orchestration.definitions import build_definitions
    from orchestration.quality.validation import warm_up
    from orchestration.transform.parsing import parse

    if ahead:
        # Of a changed project some layer is made, and its gate is asked.
        warm_up()
        ahead.wait()
    parse(settings)
    return build_definitions(settings), dg.DagsterInstance.get()


def _execute(
    job: dg.JobDefinition,
    carried: lifecycle.CarriedRun,
    accept_drift: bool = False,
    rebuild: bool = False,
) -> None:
    """Have Dagster run a job in this process, as the run that it carries."""
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    from orchestration.runs.resource import ACCEPT_DRIFT_TAG, DOOR_TAG, REBUILD_TAG

    instance = carried.instance
    assert instance is not None
    tags = {DOOR_TAG: lifecycle.COMMAND_LINE}
    tags |= {ACCEPT_DRIFT_TAG: "yes"} if accept_drift else {}
    tags |= {REBUILD_TAG: "yes"} if rebuild else {}
    run = instance.create_run_for_job(
        job_def=job,
        run_id=carried.record.run_id,
        asset_selection=job.asset_selection,
        # Dagster's own console log would tear the progress display; its pages keep the events.
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        tags={**job.run_tags, **tags},
        remote_job_origin=job_origin(carried.record.job),
    )
    execute_run(InMemoryJob(job), run, instance, raise_on_error=False)


def job_origin(job: str = REFRESH_JOB) -> RemoteJobOrigin:
    """Where Dagster's page would find a job, so that it shows its runs in its timeline."""
    from dagster._core.remote_origin import (
        ManagedGrpcPythonEnvCodeLocationOrigin,
        RemoteJobOrigin,
        RemoteRepositoryOrigin,
    )
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

    target = LoadableTargetOrigin(module_name=LOCATION, working_directory=str(PROJECT_ROOT))
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), job)


def _tell_dagster(instance: dg.DagsterInstance, record: RunRecord) -> None:
    """Dagster takes an interrupt that its own button did not send for a failure, or misses it."""
    run = instance.get_run_by_id(record.run_id)
    if run and record.state == records.STOPPED:
        instance.report_run_canceled(run, record.failure)
    elif run and not run.is_finished:
        instance.report_run_failed(run, record.failure)
