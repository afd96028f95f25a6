"""Which alerts follow from a run: how it ended, what it warned of, how long it took."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from statistics import median

from orchestration.alerts.alert import Alert
from orchestration.alerts.policy import policy
from orchestration.run_records import (
    ACTIVATION_JOB,
    FAILED,
    KILLED,
    RUNNING,
    SUCCEEDED,
    RunRecord,
)
from orchestration.settings import Settings

Facts = dict[str, str | int | float]
CHOSEN_ASSETS = "__ASSET_JOB"
"""Dagster's job for assets that somebody has chosen on its pages."""
ENDED_BADLY = ("run_failed", "gate_closed", "run_killed", "sync_failed")


def installation(settings: Settings) -> dict[str, str]:
    """Which installation tells: its machine and its data folder."""
    return {"machine": socket.gethostname(), "data folder": str(settings.data_dir)}


def without_numbers(text: str) -> str:
    """What stays the same when a message comes again with other counts, times and ids."""
    text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "#", text)
    return re.sub(r"[+-]?\d[\d.,:%]*", "#", text)


def ended_badly(settings: Settings, run: RunRecord, now: datetime) -> list[Alert]:
    """The alert about a run that did not end well, none for one that did or was stopped."""
    where = f" in {run.step}" if run.step else ""
    if run.state == KILLED:
        kind, title, cause = "run_killed", f"a run was killed{where}", run.step
        text = (
            f"The run ended without a word{where}: it was killed, crashed, ran out of memory, or "
            "the machine went down. The next run puts things in order by itself."
        )
    elif run.state == FAILED and run.gate_closed:
        kind, title, text = "gate_closed", f"closed: {run.step or 'a gate'}", run.failure
        cause = f"{run.step}\n{without_numbers(run.failure)}"
    elif run.state == FAILED and run.job == ACTIVATION_JOB:
        kind, title, text = "sync_failed", "syncs failed", run.failure
        cause = without_numbers(run.failure)
    elif run.state == FAILED:
        kind, title, text = "run_failed", f"a run failed{where}", run.failure
        cause = f"{run.step}\n{without_numbers(run.failure)}"
    else:
        return []
    after = " What it built was published." if run.published else " Nothing was published."
    if run.job == ACTIVATION_JOB:
        after = " The refresh before it is published."
    facts: Facts = {"job": run.job, **installation(settings)}
    if run.checks_passed or run.checks_failed:
        facts |= {"checks passed": run.checks_passed, "checks not passed": run.checks_failed}
    return [_alert(kind, title, text + after, run, now, facts, cause, run.job)]


def warnings(
    settings: Settings, run: RunRecord, told_otherwise: Iterable[str], now: datetime
) -> Alert:
    """The alert about a run's warnings, all in one.

    Parameters:
        settings: paths.
        run: a run with warnings.
        told_otherwise: ends of warnings that have an alert of their own.
        now: the moment.
    """
    others = tuple(told_otherwise)
    found = [text for text in run.warnings if not (others and text.endswith(others))]
    count = len(found)
    title = "one check warns" if count == 1 else f"{count} checks warn"
    facts: Facts = {"warnings": count, **installation(settings)}
    cause = "\n".join(sorted(without_numbers(text) for text in found))
    return _alert("warning", title, "; ".join(found), run, now, facts, cause, run.job)


def comparable(run: RunRecord, earlier: Sequence[RunRecord]) -> list[float]:
    """Seconds of the latest runs that went well and built about as much of the chain."""
    stated = policy()
    alike = [
        other
        for other in _successes(run, earlier)
        if other.whole == run.whole and abs(_share(other) - _share(run)) <= stated.unchanged_share
    ]
    return [other.seconds for other in alike[: stated.runs]]


def _successes(run: RunRecord, earlier: Sequence[RunRecord]) -> list[RunRecord]:
    alike = [
        other
        for other in earlier
        if other.state == SUCCEEDED and other.job == run.job and other.run_id != run.run_id
    ]
    return sorted(alike, key=lambda other: other.started_at, reverse=True)


def _share(run: RunRecord) -> float:
    return run.checks_unchanged / run.checks_passed if run.checks_passed else 0.0


def was_slow(
    settings: Settings, run: RunRecord, earlier: Sequence[RunRecord], now: datetime
) -> list[Alert]:
    """The alert about a run that went well and took much longer than usual."""
    stated = policy()
    usual = comparable(run, earlier)
    if run.state != SUCCEEDED or len(usual) < stated.at_least_runs:
        return []
    middle = median(usual)
    if run.seconds <= max(stated.factor * middle, stated.at_least_seconds):
        return []
    text = (
        f"The run took {_minutes(run.seconds)} where {_minutes(middle)} are usual (the median of "
        f"{len(usual)} runs that built about as much). Look at the steps' times in Dagster and at "
        "what else the machine does."
    )
    return [_slow(settings, f"a run took {_minutes(run.seconds)}", text, run, now)]


def is_slow(
    settings: Settings, run: RunRecord, earlier: Sequence[RunRecord], now: datetime
) -> list[Alert]:
    """The alert about a run in progress that has taken much longer than any of the last ones."""
    stated = policy()
    if run.state != RUNNING:
        return []
    elapsed = (now - started(run)).total_seconds()
    known = [other.seconds for other in _successes(run, earlier)][: stated.in_progress_runs]
    if len(known) < stated.at_least_runs:
        limit, than = stated.without_history_seconds, "and there are no runs to compare it with"
    else:
        limit = max(stated.factor * max(known), stated.at_least_seconds)
        than = f"where the slowest of the last {len(known)} took {_minutes(max(known))}"
    if elapsed <= limit:
        return []
    where = f", now in {run.step}" if run.step else ""
    text = (
        f"A run has been in progress for {_minutes(elapsed)}{where}, {than}. It may hang: look at "
        "it in Dagster or with c360 status, and stop it there if it does not go on."
    )
    return [_slow(settings, f"a run is in progress for {_minutes(elapsed)}", text, run, now)]


def _slow(settings: Settings, title: str, text: str, run: RunRecord, now: datetime) -> Alert:
    facts: Facts = {"job": run.job, **installation(settings)}
    return _alert("slow_run", title, text, run, now, facts, run.run_id, run.run_id)


def started(run: RunRecord) -> datetime:
    """When a run began, UTC."""
    at = datetime.fromisoformat(run.started_at)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _alert(
    kind: str,
    title: str,
    text: str,
    run: RunRecord,
    now: datetime,
    facts: Facts,
    cause: str,
    subject: str,
) -> Alert:
    return Alert(
        kind,
        title,
        text,
        now,
        run_id=run.run_id,
        door=run.door,
        step=run.step if run.state != SUCCEEDED else "",
        facts=facts,
        cause=cause,
        subject=subject,
    )
