"""What a run came to, from the events that Dagster keeps of it."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster import DagsterEventType

from orchestration.failures import serialised_in_words
from orchestration.run_records import ENDED_WITH_PAGE_TAG, IN_DAGSTER
from orchestration.settings import Settings

FAILURES = (
    DagsterEventType.STEP_FAILURE,
    # Before its first step: the warehouse could not be opened, or Dagster itself gave up.
    DagsterEventType.RESOURCE_INIT_FAILURE,
    DagsterEventType.RUN_FAILURE,
)
STOPPED_BY_USER = (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED)


def outcome_of(instance: dg.DagsterInstance, run_id: str, settings: Settings) -> dict[str, Any]:
    """Read the outcome of a run whose steps have ended.

    Parameters:
        instance: Dagster's instance.
        run_id: the run.
        settings: paths.

    Returns:
        success, canceled (Dagster was told to stop it), stopped_by (who told it), failure (one
        paragraph), gate_closed, and counts: checks_passed, checks_failed, checks_unchanged and
        warnings.
    """
    kinds = {DagsterEventType.ASSET_CHECK_EVALUATION, *FAILURES}
    events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=kinds)]
    failures = [event for event in events if event and event.event_type in FAILURES]
    counts: dict[str, Any] = {
        "checks_passed": 0,
        "checks_failed": 0,
        "checks_unchanged": 0,
        "warnings": [],
    }
    closed: list[str] = []
    for event in events:
        if event and event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            _count(event.asset_check_evaluation_data, counts, closed)
    run = instance.get_run_by_id(run_id)
    canceled = run is not None and run.status in STOPPED_BY_USER
    with_page = run is not None and ENDED_WITH_PAGE_TAG in run.tags
    success = not failures and not canceled
    failure = "" if success else " ".join(closed) or _failure_text(failures, settings)
    return {
        "success": success,
        "canceled": canceled,
        "stopped_by": "with Dagster's page" if with_page else IN_DAGSTER if canceled else "",
        "failure": failure,
        "gate_closed": bool(closed) and not success,
        "counts": counts,
    }


def _count(check: dg.AssetCheckEvaluation, counts: dict[str, Any], closed: list[str]) -> None:
    counts["checks_passed"] += check.passed
    counts["checks_failed"] += not check.passed
    counts["checks_unchanged"] += check.passed and "unchanged since" in check.metadata
    if not check.passed and check.severity == dg.AssetCheckSeverity.WARN:
        name = check.asset_key.to_user_string()
        counts["warnings"].append(f"{name}: {check.description or check.check_name}")
    elif not check.passed and check.description:
        closed.append(check.description)


def _failure_text(failures: list[dg.DagsterEvent], settings: Settings) -> str:
    said = [getattr(e.event_specific_data, "user_failure_data", None) for e in failures]
    if described := [str(data.description) for data in said if data and data.description]:
        return " ".join(dict.fromkeys(described))
    for event in failures:
        data: Any = event.event_specific_data
        error, causes, details = data.error, list[tuple[str, str]](), ""
        while error:
            causes.append((error.cls_name or "", error.message))
            details += error.to_string()
            error = error.cause
        found = serialised_in_words(causes, details, settings)
        return f"Step {event.step_key}: {found.text}" if found.id and event.step_key else found.text
    return "The run ended without a success and without saying why; see its events in Dagster."
