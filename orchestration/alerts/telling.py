"""What is told after a run and between runs: new causes, those that last, and what is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from orchestration.alerts.alert import Alert, Run, Sent
from orchestration.alerts.channels import Channel, Channels, declared_channels
from orchestration.alerts.delivery import Limits, deliver
from orchestration.alerts.memory import Memory, Told, alone, key_of
from orchestration.alerts.runs import (
    CHOSEN_ASSETS,
    ENDED_BADLY,
    ended_badly,
    installation,
    is_slow,
    warnings,
    was_slow,
)
from orchestration.alerts.sources import stale_sources
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.sources.freshness import SourceFreshness, read_freshness, stale

Over = Callable[[Told], bool]


def after_run(
    settings: Settings,
    record: Run,
    earlier: Sequence[Run] = (),
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
        if record.state == "succeeded":
            alerts += was_slow(settings, record, earlier, moment)
            if record.warnings:
                sentences = [entry.sentence(entry.checked_at) for entry in old]
                warned = warnings(settings, record, sentences, moment)
                alerts += [warned] if warned.facts["warnings"] else []
        return alerts

    return _guarded(settings, found, moment, environ, limits, _is_over(record))


def run_found_dead(
    settings: Settings,
    record: Run,
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
    records: Iterable[Run],
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


def _is_dead(runs: Sequence[Run]) -> bool:
    return bool(runs) and runs[0].state == "killed"


def _stale(settings: Settings, now: datetime) -> list[SourceFreshness]:
    return stale(read_freshness(settings), now)


def _is_over(record: Run) -> Over | None:
    """Which causes of before are over once a run has ended."""
    if record.state != "succeeded" or (record.job == CHOSEN_ASSETS and not record.whole):
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
        return _tell(settings, channels, found(), now, limits or Limits.of_policy(), is_over, wait)
    except UserError as error:
        sent = Sent("any", "no channel", False, str(error))
    except Exception as error:
        log().exception("alerts: %s", type(error).__name__)
        text = f"nothing was sent ({type(error).__name__}); logs/c360.log has the details"
        sent = Sent("any", "no channel", False, text)
    log().warning("%s", sent.sentence)
    return [sent]


def _tell(
    settings: Settings,
    channels: Channels,
    alerts: list[Alert],
    now: datetime,
    limits: Limits,
    is_over: Over | None,
    wait: bool,
) -> list[Sent]:
    began = time.monotonic()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with alone(settings.data_dir / "alerts.lock", limits.seconds / 2 if wait else 0) as mine:
        if not mine and not wait:
            return []
        memory = Memory(settings.data_dir / "alerts.json", now)
        recovered = _recovered(settings, memory, alerts, now, is_over)
        work: dict[Channel, list[Alert]] = {}
        for channel in channels.all:
            due = [alert for alert in alerts if memory.is_due(alert, channel.label)]
            due += [
                alert
                for alert, keys in recovered
                if any(channel.label in memory.told[key].told_at for key in keys)
            ]
            wanted = [alert for alert in due if alert.kind in channels.kinds]
            if wanted:
                work[channel] = wanted
        if not work and not recovered:
            return []
        left = max(limits.seconds - (time.monotonic() - began), 1.0)
        sent = deliver(work, replace(limits, seconds=left)) if work else []
        _remember(memory, work, sent, recovered, channels)
        memory.save()
    return sent


Recovered = list[tuple[Alert, list[str]]]


def _recovered(
    settings: Settings,
    memory: Memory,
    alerts: Sequence[Alert],
    now: datetime,
    is_over: Over | None,
) -> Recovered:
    """What was told and is over, one alert per subject, with the keys of what it ends."""
    lasting = {key_of(alert) for alert in alerts}
    subjects = {alert.subject for alert in alerts if alert.kind == "stale_source"}
    ended: dict[tuple[str, str], list[str]] = {}
    for key, told in memory.told.items():
        if key in lasting:
            continue
        if told.kind == "stale_source" and told.subject not in subjects:
            ended.setdefault(("source", told.subject), []).append(key)
        elif is_over and is_over(told):
            ended.setdefault(("run", ""), []).append(key)
    found: Recovered = []
    for (what, subject), keys in ended.items():
        before = "; ".join(memory.told[key].title for key in keys)
        title = f"{subject} is fresh again" if what == "source" else "runs succeed again"
        text = f"Over: {before}."
        facts = installation(settings)
        found.append((Alert("recovered", title, text, now, facts=facts, subject=subject), keys))
    return found


def _remember(
    memory: Memory,
    work: Mapping[Channel, Sequence[Alert]],
    sent: Sequence[Sent],
    recovered: Recovered,
    channels: Channels,
) -> None:
    outcomes = iter(sent)
    for channel, alerts in work.items():
        for alert, outcome in zip(alerts, outcomes, strict=False):
            if not outcome.ok:
                continue
            if alert.kind != "recovered":
                memory.remember(alert, channel.label)
    _forget_ended(memory, work, sent, recovered, channels)


def _forget_ended(
    memory: Memory,
    work: Mapping[Channel, Sequence[Alert]],
    sent: Sequence[Sent],
    recovered: Recovered,
    channels: Channels,
) -> None:
    raise NotImplementedError
