"""One refresh from the command line: lock, parse once, run the chain in this process, sum up."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.identity.policy import check_policy
from orchestration.locking import WriterLock
from orchestration.logs import log
from orchestration.progress import Reporter, report_to
from orchestration.settings import Settings
from orchestration.transform.parsing import parse_ahead
from orchestration.warehouse import connect_writer, require_free_space

if TYPE_CHECKING:
    import dagster as dg

DAGSTER_YAML = """\
# Written by c360. One run at a time, no usage statistics, everything below the data folder.
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
event_log_storage:
  module: orchestration.event_log
  class: PooledSqliteEventLogStorage
  config:
    base_dir: {events}
compute_logs:
  module: dagster.core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {logs}
"""


@dataclass
class RunOutcome:
    """What a refresh came to.

    Attributes:
        success: whether everything passed and was published.
        run_id: Dagster's id of the run.
        seconds: wall time from lock to end.
        checks_passed: dbt tests and gates that passed.
        checks_failed: those that did not.
        failure: one paragraph about what went wrong, empty on success.
        checks_unchanged: those that passed when their layer was built, which was before this run.
        warnings: checks that did not hold and only warn, each with what was found.
    """

    success: bool
    run_id: str
    seconds: float
    checks_passed: int
    checks_failed: int
    failure: str = ""
    checks_unchanged: int = 0
    warnings: list[str] = field(default_factory=list)


def prepare_dagster_home(settings: Settings) -> None:
    """Give Dagster its folder and its instance configuration, and point this process to it."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    config = settings.dagster_home / "dagster.yaml"
    text = DAGSTER_YAML.format(
        logs=json.dumps(str(settings.log_dir / "dagster")),
        events=json.dumps(str(settings.dagster_home / "history" / "runs")),
    )
    if not config.exists() or config.read_text() != text:
        config.write_text(text)
    # The web page would ask for an address to send news to; it asks nobody who has seen it.
    seen = settings.dagster_home / ".nux" / "nux.yaml"
    seen.parent.mkdir(exist_ok=True)
    seen.write_text("seen: 1\n")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


def refresh(
    settings: Settings, reporter: Reporter, accept_drift: bool = False, rebuild: bool = False
) -> RunOutcome:
    """Run the whole chain and wait for it.

    Parameters:
        settings: paths.
        reporter: where progress goes.
        accept_drift: take the volumes of this run as they are, instead of comparing them with the
            last good run's; for a landing folder that now holds other data.
        rebuild: build every layer, also those that nothing has changed for.

    Raises:
        UserError: the run could not start (policy, disk, no files, project does not parse).
    """
    with WriterLock(settings.data_dir, on_wait=lambda text: reporter.end("wait", text)):
        started = time.monotonic()
        report_to(reporter)
        _before(settings, accept_drift)
        if rebuild:
            from orchestration.transform.reuse import forget

            forget(settings)
        reporter.begin("prepare")
        job, instance = _load(settings)
        reporter.end("prepare", "project parsed, chain loaded")
        with instance:
            _fail_dead_runs(instance)
            # Dagster's own console log would tear the progress display; its pages keep the events.
            quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
            result = job.execute_in_process(
                instance=instance, raise_on_error=False, run_config=quiet
            )
        outcome = _outcome(result, time.monotonic() - started)
    log().info("run %s %s", outcome.run_id, "succeeded" if outcome.success else outcome.failure)
    return outcome


def _before(settings: Settings, accept_drift: bool) -> None:
    check_policy(settings.dbt_project_dir)
    files = [p for p in settings.landing_dir.rglob("*") if p.is_file()]
    if not files:
        # Sources may lie elsewhere or in a database; with nothing anywhere nothing is begun.
        from orchestration.ingest.declarations import declared_source_tables
        from orchestration.ingest.load import require_sources
        from orchestration.transform.parsing import load_manifest

        require_sources(settings, declared_source_tables(load_manifest(settings)))
    require_free_space(settings, sum(p.stat().st_size for p in files))
    discard_build(settings.insights_build_path)
    if accept_drift:
        from orchestration.ingest.state import accept_gone_files
        from orchestration.quality import volumes

        with connect_writer(settings) as con:
            volumes.forget_good(con)
            accept_gone_files(con)


def discard_build(path: Path) -> None:
    """Remove what an earlier run left of the reporting model's build file."""
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)


def _load(settings: Settings) -> tuple[dg.JobDefinition, dg.DagsterInstance]:
    # Importing these takes seconds, which `c360 --help` should not.
    prepare_dagster_home(settings)
    ahead = parse_ahead(settings)
    import dagster as dg

    from orchestration.automation import REFRESH_JOB
    from orchestration.definitions import build_definitions
    from orchestration.quality.validation import warm_up
    from orchestration.transform.parsing import parse

    if ahead:
        ahead.wait()
    parse(settings)
    job = build_definitions(settings).resolve_job_def(REFRESH_JOB)
    # What is loaded now lives as long as the process; the collector need not walk it any more.
    gc.collect()
    gc.freeze()
    warm_up()
    return job, dg.DagsterInstance.get()


def _fail_dead_runs(instance: dg.DagsterInstance) -> None:
    # We hold the writer lock, so a run that is still marked as started has lost its process.
    import dagster as dg

    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(filters=started):
        instance.report_run_failed(run, "Its process ended without a word (killed or crashed).")


def _outcome(result: dg.ExecuteInProcessResult, seconds: float) -> RunOutcome:
    passed, failed, unchanged, closed, warnings = 0, 0, 0, [], []
    for event in result.all_events:
        if event.event_type_value != "ASSET_CHECK_EVALUATION":
            continue
        check = event.asset_check_evaluation_data
        passed += check.passed
        failed += not check.passed
        unchanged += check.passed and "unchanged since" in check.metadata
        if not check.passed and check.severity.name == "WARN":
            name = check.asset_key.to_user_string()
            warnings.append(f"{name}: {check.description or check.check_name}")
        elif not check.passed and check.description:
            closed.append(check.description)
    failure = "" if result.success else " ".join(closed) or _failure_text(result)
    return RunOutcome(
        result.success, result.run_id, seconds, passed, failed, failure, unchanged, warnings
    )


def _failure_text(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.event_type_value != "STEP_FAILURE":
            continue
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return str(data.user_failure_data.description)
        error: Any = data.error
        while error and error.cause:
            error = error.cause
        if error and error.cls_name == "UserError":
            return str(error.message).split("UserError: ", 1)[-1].strip()
        log().error("step %s failed: %s", event.step_key, error.to_string() if error else "")
        return (
            f"Step {event.step_key} failed with {error.cls_name if error else 'an unknown error'}, "
            "which is a fault of the product, not of your data. The published model stays as it "
            "was. The log in the data folder (logs/c360.log) has the details for a bug report."
        )
    return "The run ended without a success and without saying why; see its events in Dagster."


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add the wall time of a block to `seconds[name]`."""
    started = time.monotonic()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.monotonic() - started
