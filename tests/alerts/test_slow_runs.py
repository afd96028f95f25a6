"""When a run counts as slow: against runs that built as much, ended or in progress."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.alerts.delivery import Limits
from orchestration.alerts.policy import policy
from orchestration.alerts.runs import is_slow, was_slow
from orchestration.alerts.telling import after_run, look
from orchestration.run_records import RunRecord, alive, read_records, write_record
from orchestration.runs.alert_sensor import watch_sensor
from orchestration.settings import Settings
from tests.alerts.receivers import Hook, hook_server
from tests.conftest import settings_in

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
QUICK = Limits(5, 1, (0.01,))


def run(number: int, seconds: float, unchanged: int = 0, state: str = "succeeded") -> RunRecord:
    return RunRecord(
        f"run-{number}",
        "refresh",
        "command line",
        1,
        (NOW - timedelta(days=30 - number / 10)).isoformat(),
        state,
        seconds=seconds,
        checks_passed=100,
        checks_unchanged=unchanged,
        whole=True,
    )


FULL = [run(n, 1200 + n) for n in range(10)]
WITHOUT_NEWS = [run(n, 20 + n, unchanged=90) for n in range(10, 30)]


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_in(tmp_path_factory.mktemp("slow") / "data")


@pytest.mark.parametrize(
    ("seconds", "unchanged", "is_told"),
    [
        (1300, 0, False),  # as long as whole builds take
        (3500, 0, False),  # not yet three times
        (3700, 0, True),
        (500, 90, False),  # many times as long as usual, and nobody wants to be woken for it
        (700, 90, True),
        (1300, 50, False),  # nothing has built half of it yet
    ],
)
def test_like_is_compared_with_like(
    here: Settings, seconds: float, unchanged: int, is_told: bool
) -> None:
    ended = run(99, seconds, unchanged)
    assert bool(was_slow(here, ended, [*FULL, *WITHOUT_NEWS], NOW)) == is_told


def test_only_good_runs_of_the_same_job_say_what_is_usual(here: Settings) -> None:
    ended = run(99, 9000)
    others = [replace(r, job="training") for r in FULL]
    failed = [replace(r, state="failed") for r in FULL]
    assert was_slow(here, ended, [*others, *failed, ended, *FULL[:2]], NOW) == []
    assert len(was_slow(here, ended, [*others, *FULL[:3]], NOW)) == 1


@given(st.lists(st.floats(1, 10_000), min_size=3, max_size=60), st.randoms())
def test_it_never_cries_wolf_for_what_was_there_before(times: list[float], order: Random) -> None:
    """No run that is as quick as three times the median, and the order of records is no matter."""
    here = settings_in(Path("data"))
    earlier = [run(n, seconds) for n, seconds in enumerate(times)]
    latest = sorted(times[-policy().runs :])
    quick = run(99, latest[(len(latest) - 1) // 2])
    assert was_slow(here, quick, earlier, NOW) == []
    shuffled = list(earlier)
    order.shuffle(shuffled)
    slow = run(99, 5_000)
    assert bool(was_slow(here, slow, earlier, NOW)) == bool(was_slow(here, slow, shuffled, NOW))


def in_progress(minutes: float, state: str = "running") -> RunRecord:
    begun = (NOW - timedelta(minutes=minutes)).isoformat()
    return replace(run(99, 0), state=state, started_at=begun, step="identity")


@pytest.mark.parametrize(
    ("minutes", "earlier", "is_told"),
    [
        (25, WITHOUT_NEWS, True),
        (9, WITHOUT_NEWS, False),
        (25, [*FULL, *WITHOUT_NEWS], False),  # it may be building everything
        (62, [*FULL, *WITHOUT_NEWS], True),
        (60 * 11, [], False),
        (60 * 13, FULL[:2], True),  # nothing to compare with, and half a day is too long
    ],
)
def test_a_run_that_hangs(
    here: Settings, minutes: float, earlier: list[RunRecord], is_told: bool
) -> None:
    alerts = is_slow(here, in_progress(minutes), earlier, NOW)
    assert bool(alerts) == is_told
    assert is_slow(here, in_progress(10_000, "waiting"), earlier, NOW) == []


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hook_server() as hook:
        yield hook


def test_a_hanging_run_is_told_once_from_outside_and_not_again_when_it_ends(
    here: Settings, hook: Hook
) -> None:
    environ = {"C360_ALERT_WEBHOOK": hook.url}
    for minute in range(5):
        records = [in_progress(70), *FULL]
        look(here, records, environ=environ, now=NOW + timedelta(minutes=minute), limits=QUICK)
    (posted,) = hook.posted
    assert posted["kind"] == "slow_run" and "now in identity" in posted["text"]
    ended = replace(in_progress(80), state="succeeded", seconds=4800)
    after_run(here, ended, FULL, environ=environ, now=NOW, limits=QUICK)
    assert len(hook.posted) == 1
    other = replace(ended, run_id="run-100")
    after_run(here, other, FULL, environ=environ, now=NOW, limits=QUICK)
    assert [p["run_id"] for p in hook.posted] == ["run-99", "run-100"]


def test_the_newest_run_that_died_is_told_from_outside(here: Settings, hook: Hook) -> None:
    environ = {"C360_ALERT_WEBHOOK": hook.url}
    dead = in_progress(30, "killed")
    for _ in range(3):
        look(here, [dead, *FULL], environ=environ, now=NOW, limits=QUICK)
    (posted,) = hook.posted
    assert posted["kind"] == "run_killed"
    look(here, [replace(dead, started_at=FULL[0].started_at), *FULL[1:]], environ=environ, now=NOW)
    assert len(hook.posted) == 1, "runs have gone on since"


def test_a_channel_that_fails_is_not_tried_each_minute(here: Settings, hook: Hook) -> None:
    hook.answers = [404] * 99
    environ = {"C360_ALERT_WEBHOOK": hook.url}
    for minute in range(60):
        moment = NOW + timedelta(minutes=minute)
        look(here, [in_progress(70), *FULL], environ=environ, now=moment, limits=QUICK)
    assert len(hook.posted) == 4


def test_the_sensor_is_on_where_a_channel_is_declared(
    here: Settings, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("C360_ALERT_WEBHOOK", "C360_ALERT_EMAIL_TO", "C360_SMTP_HOST"):
        monkeypatch.delenv(name, raising=False)
    assert watch_sensor(here).default_status == dg.DefaultSensorStatus.STOPPED
    monkeypatch.setenv("C360_ALERT_WEBHOOK", hook.url)
    sensor = watch_sensor(here)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    dg.Definitions(sensors=[sensor]).get_repository_def()
    dead = replace(run(1, 5), run_id="a1", state="running")
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance=instance) as context,
    ):
        with alive(here, "a1"):
            write_record(here, replace(dead, started_at=datetime.now(UTC).isoformat()))
            assert isinstance(sensor(context), dg.SkipReason)
        assert hook.posted == []
        for _ in range(2):
            assert isinstance(sensor(context), dg.SkipReason)
    (posted,) = hook.posted
    assert (posted["kind"], posted["run_id"]) == ("run_killed", "a1")
    (record,) = read_records(here)
    assert record.alerts == [f"Alert run_killed to webhook 127.0.0.1:{hook.port}: sent"]
