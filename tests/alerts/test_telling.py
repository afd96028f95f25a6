"""What is told after a run: which kinds, how often, when it is over, within a bound."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.alerts import memory
from orchestration.alerts.delivery import Limits
from orchestration.alerts.telling import after_run, run_found_dead
from orchestration.run_records import RunRecord
from orchestration.settings import Settings
from tests.alerts.receivers import HANG, Hook, hook_server, mail_server

NOW = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
QUICK = Limits(5, 1, (0.01,))
GOOD = RunRecord(
    "run-1",
    "refresh",
    "schedule daily",
    1,
    "2026-11-28T03:59:00+00:00",
    "succeeded",
    seconds=60,
    published=True,
    checks_passed=100,
    whole=True,
)
FAILED = replace(GOOD, state="failed", step="ingest", failure="No files.", published=False)
CLOSED = replace(
    FAILED, step="gate identity", gate_closed=True, checks_failed=1,
    failure="The gate after identity is closed. merges_are_few (found 12): few.",
)  # fmt: skip


@pytest.fixture
def hook(settings: Settings) -> Iterator[Hook]:
    settings.data_dir.mkdir()
    with hook_server() as hook:
        yield hook


def tell(
    settings: Settings, hook: Hook, run: RunRecord, hours: float = 0, on: str = "all", **rest: Any
) -> list[str]:
    """The kinds that arrive after a run that ends some hours later."""
    before = len(hook.posted)
    sent = after_run(
        settings, run, rest.pop("earlier", ()), now=NOW + timedelta(hours=hours), limits=QUICK,
        environ={"C360_ALERT_WEBHOOK": hook.url, "C360_ALERT_ON": on}, **rest,
    )  # fmt: skip
    arrived = [posted["kind"] for posted in hook.posted[before:]]
    assert [entry.kind for entry in sent if entry.ok] == arrived
    return arrived


@pytest.mark.parametrize(
    ("run", "kinds"),
    [
        (GOOD, []),
        (FAILED, ["run_failed"]),
        (CLOSED, ["gate_closed"]),
        (replace(FAILED, state="killed", failure=""), ["run_killed"]),
        (replace(FAILED, state="stopped"), []),
        (replace(GOOD, warnings=["gate/value: usual: 3"]), ["warning"]),
    ],
)
def test_each_end_of_a_run(
    settings: Settings, hook: Hook, run: RunRecord, kinds: list[str]
) -> None:
    assert tell(settings, hook, run) == kinds


def test_what_a_closed_gate_says(settings: Settings, hook: Hook) -> None:
    tell(settings, hook, CLOSED)
    (posted,) = hook.posted
    assert posted["title"] == "closed: gate identity"
    assert "merges_are_few" in posted["text"] and "Nothing was published." in posted["text"]
    assert posted["facts"]["checks not passed"] == 1
    assert posted["facts"]["data folder"] == str(settings.data_dir)
    assert (posted["door"], posted["step"]) == ("schedule daily", "gate identity")


def test_without_a_channel_nothing_is_done(settings: Settings) -> None:
    assert after_run(settings, FAILED, environ={}) == []
    assert not settings.data_dir.exists()


def test_no_personal_data_leaves(settings: Settings, hook: Hook) -> None:
    failure = (
        "Row of ann.lee@example.org, +49 170 1234567, 491701234567 at "
        "postgresql://shop:pw1@db/x?password=pw2 <!channel> \x1b[31m of 2026-11-28 04:00, "
        "1,234,567 rows"
    )
    tell(settings, hook, replace(FAILED, failure=failure))
    text = json.dumps(hook.posted, ensure_ascii=False)
    for secret in (
        "ann.lee",
        "example.org",
        "170 123",
        "4917",
        "pw1",
        "pw2",
        "<!",
        "\x1b",
        "\\u001b",
    ):
        assert secret not in text, secret
    assert "@db/x" in text and "2026-11-28 04:00, 1,234,567 rows" in text


def test_the_same_cause_is_told_once_and_then_once_a_day(settings: Settings, hook: Hook) -> None:
    told = [
        hours
        for hours in range(0, 73)
        if tell(settings, hook, replace(CLOSED, run_id=f"r{hours}"), hours)
    ]
    assert told == [0, 20, 40, 60]


def test_a_daily_failure_is_told_daily_also_a_minute_early(settings: Settings, hook: Hook) -> None:
    for day in range(4):
        assert tell(settings, hook, FAILED, day * (24 - 1 / 60)) == ["run_failed"]


def test_other_numbers_are_the_same_cause_and_other_words_are_not(
    settings: Settings, hook: Hook
) -> None:
    assert tell(settings, hook, CLOSED) == ["gate_closed"]
    again = replace(CLOSED, failure=CLOSED.failure.replace("12", "1,345.6"))
    assert tell(settings, hook, again, 1) == []
    other = replace(CLOSED, failure=CLOSED.failure.replace("merges_are_few", "people_are_many"))
    assert tell(settings, hook, other, 2) == ["gate_closed"]
    assert tell(settings, hook, replace(CLOSED, step="gate value"), 3) == ["gate_closed"]


def test_recovered_ends_it(settings: Settings, hook: Hook) -> None:
    tell(settings, hook, FAILED)
    tell(settings, hook, CLOSED, 1)
    assert tell(settings, hook, GOOD, 2) == ["recovered"]
    assert "Over: a run failed in ingest; closed: gate identity." in hook.posted[-1]["text"]
    assert tell(settings, hook, GOOD, 3) == []
    assert tell(settings, hook, FAILED, 4) == ["run_failed"], "news again"


def test_only_a_run_of_the_whole_chain_recovers_it(settings: Settings, hook: Hook) -> None:
    tell(settings, hook, FAILED)
    some = replace(GOOD, job="__ASSET_JOB", whole=False)
    assert tell(settings, hook, some, 1) == []
    assert tell(settings, hook, replace(GOOD, job="training", whole=False), 1) == []
    assert tell(settings, hook, replace(FAILED, state="stopped"), 1) == []
    assert tell(settings, hook, GOOD, 2) == ["recovered"]


def test_chosen_assets_recover_nothing_that_others_failed_with(
    settings: Settings, hook: Hook
) -> None:
    tell(settings, hook, replace(FAILED, job="__ASSET_JOB", whole=False))
    assert tell(settings, hook, replace(GOOD, job="__ASSET_JOB", whole=False), 1) == []
    assert tell(settings, hook, GOOD, 2) == ["recovered"], "the whole chain holds them all"


def test_a_dead_run_is_told_once_and_recovers(settings: Settings, hook: Hook) -> None:
    dead = replace(FAILED, state="killed", failure="", step="identity")
    environ = {"C360_ALERT_WEBHOOK": hook.url}
    for _ in range(2):
        run_found_dead(settings, dead, environ=environ, now=NOW, limits=QUICK)
    (posted,) = hook.posted
    assert posted["kind"] == "run_killed" and posted["step"] == "identity"
    assert tell(settings, hook, GOOD, 1) == ["recovered"]


def test_warnings_are_told_when_they_change_and_then_weekly(settings: Settings, hook: Hook) -> None:
    warned = replace(GOOD, warnings=["gate/value: usual: 3", "gate/ingest: few: 2"])
    told = [hours for hours in range(0, 24 * 15, 6) if tell(settings, hook, warned, hours)]
    assert told == [0, 168, 336]
    more = replace(warned, warnings=[*warned.warnings, "gate/profile: other: 1"])
    assert tell(settings, hook, more, 337) == ["warning"]


def test_kinds_that_are_not_wanted(settings: Settings, hook: Hook) -> None:
    assert tell(settings, hook, FAILED, 0, "gate_closed") == []
    assert tell(settings, hook, CLOSED, 0, "gate_closed") == ["gate_closed"]
    assert tell(settings, hook, GOOD, 1, "gate_closed") == []
    assert tell(settings, hook, GOOD, 2, "all") == [], "and is not made up for"


def test_each_channel_is_told_what_it_has_not_been_told(settings: Settings, hook: Hook) -> None:
    with mail_server() as post:
        environ = {
            "C360_ALERT_WEBHOOK": hook.url,
            "C360_ALERT_EMAIL_TO": "ops@example.com",
            "C360_ALERT_EMAIL_FROM": "c360@example.com",
            "C360_SMTP_HOST": "127.0.0.1",
            "C360_SMTP_PORT": str(post.port),
            "C360_SMTP_TLS": "none",
        }
        hook.answers = [404]
        rounds = [
            after_run(settings, run, environ=environ, now=NOW + timedelta(hours=h), limits=QUICK)
            for h, run in enumerate((FAILED, FAILED, GOOD))
        ]
    assert [[(s.kind, s.ok) for s in sent] for sent in rounds] == [
        [("run_failed", False), ("run_failed", True)],
        [("run_failed", True)],
        [("recovered", True), ("recovered", True)],
    ]
    assert len(post.messages) == 2


def test_recovered_is_owed_until_it_arrives(settings: Settings, hook: Hook) -> None:
    tell(settings, hook, FAILED)
    hook.answers = [404]
    after_run(settings, GOOD, environ={"C360_ALERT_WEBHOOK": hook.url}, now=NOW, limits=QUICK)
    assert tell(settings, hook, GOOD, 2) == ["recovered"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"told": {"a": 1}}', "\x00", '{"told": {}}'])
def test_a_damaged_memory_tells_more_and_not_less(
    settings: Settings, hook: Hook, content: str
) -> None:
    path = settings.data_dir / "alerts.json"
    path.write_text(content)
    assert tell(settings, hook, FAILED) == ["run_failed"]
    assert tell(settings, hook, FAILED, 1) == []


def test_a_memory_that_cannot_be_written(settings: Settings, hook: Hook) -> None:
    (settings.data_dir / "alerts.json").mkdir()
    try:
        assert tell(settings, hook, FAILED) == ["run_failed"]
        assert tell(settings, hook, FAILED, 1) == [], "this process keeps it in mind"
    finally:
        memory._unwritten.clear()


def test_a_clock_that_was_set_back_silences_nothing(settings: Settings, hook: Hook) -> None:
    tell(settings, hook, FAILED, 1000)
    assert tell(settings, hook, FAILED, 0) == ["run_failed"]


def test_a_mistake_in_the_environment_is_told_and_raises_nothing(settings: Settings) -> None:
    (sent,) = after_run(settings, FAILED, environ={"C360_ALERT_WEBHOOK": "S3CRET"})
    assert not sent.ok and "C360_ALERT_WEBHOOK" in sent.sentence and "S3CRET" not in sent.sentence


def test_a_mistake_of_ours_raises_nothing(settings: Settings, hook: Hook) -> None:
    wrong: Any = [None]
    broken = replace(GOOD, warnings=wrong)
    (sent,) = after_run(settings, broken, environ={"C360_ALERT_WEBHOOK": hook.url})
    assert not sent.ok and "nothing was sent" in sent.text


def test_a_run_waits_no_longer_than_the_bound(settings: Settings, hook: Hook) -> None:
    hook.answers = [HANG] * 9
    began = time.monotonic()
    (sent,) = after_run(
        settings, FAILED, environ={"C360_ALERT_WEBHOOK": hook.url}, limits=Limits(1, 9, (1, 1))
    )
    assert not sent.ok and time.monotonic() - began < 2
    with memory.alone(settings.data_dir / "alerts.lock", 0):
        began = time.monotonic()
        after_run(
            settings, FAILED, environ={"C360_ALERT_WEBHOOK": hook.url}, limits=Limits(2, 9, ())
        )
        assert time.monotonic() - began < 2.5, "waiting for another process included"
