"""What is told after a run and between runs: new causes, those that last, and what is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from orchestration.alerts.alert import Alert, Sent
from orchestration.alerts.channels import declared_channels
from orchestration.alerts.delivery import Limits
from orchestration.alerts.occasion import Occasion, Over
from orchestration.alerts.runs import (
    CHOSEN_ASSETS,
    ENDED_BADLY,
    ended_badly,
    is_slow,
    warnings,
    was_slow,
)
from orchestration.alerts.sources import stale_sources
from orchestration.errors import UserError
from orchestration.freshness import SourceFreshness, read_freshness, stale
from orchestration.logs import log
from orchestration.run_records import KILLED, SUCCEEDED, RunRecord
from orchestration.settings import Settings


def after_run(
    settings: Settings,
    record: RunRecord,
    earlier: Sequence[RunRecord] = (),
    *,
    environ: Mapping[str, str] | None = None,
    now: datetime | None = None,
    limits: Limits | None = None,
) -> list[Sent]:
    """Tell what is to be told when a run has ended, whatever started it.

    Parameters:
        settings: paths.
        record: the run, with its final state.
        earlier: other runs in any order; what is usual is learned from them.
        environ: declares the channels; this process's environment by default.
        now: the moment, with a time zone.
        limits: how long it may take; policy.yml by default.

    Returns:
        What was tried and what became of it: for the command line and the run's record. Nothing is
        ever raised, and without a channel nothing is done.
    """
    moment = now or datetime.now(UTC)

    def found() -> list[Alert]:
        old = _stale(settings, moment)
        alerts = [*ended_badly(settings, record, moment), *stale_sources(settings, old, moment)]
        if record.state == SUCCEEDED:
            alerts += was_slow(settings, record, earlier, moment)
            if record.warnings:
                sentences = [entry.sentence(entry.checked_at) for entry in old]
                warned = warnings(settings, record, sentences, moment)
                alerts += [warned] if warned.facts["warnings"] else []
        return alerts

    return _guarded(settings, found, moment, environ, limits, _is_over(record))


def run_found_dead(
    settings: Settings,
    record: RunRecord,
    *,
    environ: Mapping[str, str] | None = None,
    now: datetime | None = None,
    limits: Limits | None = None,
) -> list[Sent]:
    """Tell of a run that ended without a word and was found by the next start; see `after_run`."""
    moment = now or datetime.now(UTC)
    return _guarded(
        settings, lambda: ended_badly(settings, record, moment), moment, environ, limits
    )


def look(
    settings: Settings,
    records: Iterable[RunRecord],
    *,
    environ: Mapping[str, str] | None = None,
    now: datetime | None = None,
    limits: Limits | None = None,
) -> list[Sent]:
    """Tell what no run can tell of itself: that it hangs or is dead, that no data comes any more.

    Parameters:
        settings: paths.
        records: the runs known, in any order; one without a process has the state `killed`.
        environ, now, limits: as in `after_run`.
    """
    moment = now or datetime.now(UTC)
    runs = sorted(records, key=lambda run: run.started_at, reverse=True)

    def found() -> list[Alert]:
        alerts = stale_sources(settings, _stale(settings, moment), moment)
        for run in runs:
            alerts += is_slow(settings, run, runs, moment)
        # What an older run died of was told, or is over.
        return alerts + (ended_badly(settings, runs[0], moment) if _is_dead(runs) else [])

    return _guarded(settings, found, moment, environ, limits, wait=False)


def _is_dead(runs: Sequence[RunRecord]) -> bool:
    return bool(runs) and runs[0].state == KILLED


def _stale(settings: Settings, now: datetime) -> list[SourceFreshness]:
    return stale(read_freshness(settings), now)


def _is_over(record: RunRecord) -> Over | None:
    """Which causes of before are over once a run has ended."""
    if record.state != SUCCEEDED or (record.job == CHOSEN_ASSETS and not record.whole):
        return None
    jobs = {record.job, CHOSEN_ASSETS} if record.whole else {record.job}
    return lambda told: told.kind in ENDED_BADLY and told.subject in jobs


def _guarded(
    settings: Settings,
    found: Callable[[], list[Alert]],
    now: datetime,
    environ: Mapping[str, str] | None,
    limits: Limits | None,
    is_over: Over | None = None,
    wait: bool = True,
) -> list[Sent]:
    """No mistake in telling may become one of the run."""
    try:
        channels = declared_channels(environ)
        if not channels.all:
            return []
        occasion = Occasion(settings, channels, now, limits or Limits.of_policy())
        return occasion.tell(found(), is_over, wait)
    except UserError as error:
        sent = Sent("any", "no channel", False, str(error))
    except Exception as error:
        log().exception("alerts: %s", type(error).__name__)
        text = f"nothing was sent ({type(error).__name__}); logs/c360.log has the details"
        sent = Sent("any", "no channel", False, text)
    log().warning("%s", sent.sentence)
    return [sent]
