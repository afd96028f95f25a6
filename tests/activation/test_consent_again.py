"""Consent asked again before a batch: who withdrew since the plan was made is not sent."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest

from orchestration.activation import consent_again, definitions
from orchestration.activation.ledger import ledger_path
from orchestration.activation.running import run_sync
from orchestration.activation.runs import Ended
from orchestration.activation.settling import now
from orchestration.settings import Settings
from tests.activation.lab import DESTINATION, Receiver
from tests.activation.policy_lab import write
from tests.activation.test_leaving import said_anew
from tests.activation.test_random_policies import people

SYNC = """
title: Letters
owner: team:marketing
destination: receiver
segment: SEGMENT
mode: MODE
purpose: commercial
channel: email
consent_max_age_minutes: 30
columns: {email: {from: profile.profiles.email, as: plain.email}}
guard: {max_delete_share: 1}
"""
HOLDER = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """This instant, or later."""
        return now() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(consent_again, "now", made.now)
    monkeypatch.setattr(consent_again, "PAUSES_SECONDS", ())
    return made


@pytest.fixture
def ready(installed: Settings) -> Iterator[Settings]:
    """The installation with a destination that takes batches, and no ledger."""
    ledger_path(installed).unlink(missing_ok=True)
    write(installed, DESTINATION.replace("BATCH", "20").replace("REPEATS", "safe"), "receiver",
          "destinations")  # fmt: skip
    yield installed
    for kind, name in (("destinations", "receiver"), ("syncs", "letters")):
        (installed.dbt_project_dir / definitions.FOLDER / kind / f"{name}.yml").unlink(
            missing_ok=True
        )


def send(settings: Settings, receiver: Receiver, segment: str, mode: str = "upsert") -> Ended:
    """Run the sync to a receiver."""
    write(settings, SYNC.replace("SEGMENT", segment).replace("MODE", mode))
    return run_sync(settings, "letters", make_target=lambda *_: receiver)


def may_leave(settings: Settings, segment: str) -> set[str]:
    """Who of a segment may be written to now."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        return people(con, segment)


def ledger(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    """Rows of the ledger."""
    with duckdb.connect(str(ledger_path(settings)), read_only=True) as con:
        return con.execute(sql).fetchall()


def held_to_consent(settings: Settings, clock: Clock, chance: random.Random) -> int:
    """A run during which many change their mind, each time a while later.

    Returns:
        How many were kept back.
    """
    allowed = [may_leave(settings, "newsletter_only")]
    at = chance.sample(range(1, 4), chance.randint(1, 2))
    late = chance.random() < 0.8

    def fails(number: int) -> None:
        if number in at:
            said_anew(settings, chance)
            clock.ahead += timedelta(minutes=31 if late else 5)
        allowed.append(may_leave(settings, "newsletter_only"))

    receiver = Receiver(batch=20, fails_after=fails)
    ended = send(settings, receiver, "newsletter_only")
    for number, (_, _, keys) in enumerate(receiver.seen):
        assert {*keys} <= allowed[number if late else 0]
    kept_back = ledger(
        settings,
        "select sync_key, outcome, reason from sync_attempt where outcome = 'not_sent' "
        f"and run_id = '{ended.run_id}'",
    )
    assert len(kept_back) == ended.withheld == len({row[0] for row in kept_back})
    assert {str(row[2]).partition(":")[0] for row in kept_back} <= {"consent"}
    # Nobody is lost: who was planned was sent, or stands in the ledger as kept back.
    assert ended.plan.sent == ended.accepted + ended.withheld
    assert not {str(row[0]) for row in kept_back} & {*receiver.rows}
    [(counted,)] = ledger(
        settings, f"select withheld_count from sync_run where run_id = '{ended.run_id}'"
    )
    assert counted == ended.withheld
    # The next run, in which nobody changes their mind, has the other end say what is allowed.
    receiver.fails_after = lambda _: None
    again = send(settings, receiver, "newsletter_only", "mirror")
    assert {*receiver.rows} == may_leave(settings, "newsletter_only"), again
    return ended.withheld


def test_who_withdraws_between_plan_and_batch_is_not_sent(ready: Settings, clock: Clock) -> None:
    assert held_to_consent(ready, clock, random.Random(253)) > 5


@pytest.mark.slow
def test_who_withdraws_is_not_sent_in_many_runs(ready: Settings, clock: Clock) -> None:
    chance, kept_back = random.Random(2530), 0
    for _ in range(8):
        ledger_path(ready).unlink(missing_ok=True)
        clock.ahead = timedelta()
        kept_back += held_to_consent(ready, clock, chance)
    assert kept_back > 20


def test_a_fresh_word_is_not_asked_again(
    ready: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent_again, "connect_reader", lambda *_: pytest.fail("it was asked"))
    receiver = Receiver(batch=20, fails=lambda _: setattr(clock, "ahead", timedelta(minutes=29)))
    ended = send(ready, receiver, "newsletter_only")
    assert ended.state == "completed" and ended.withheld == 0 < ended.accepted


def test_while_the_warehouse_is_written_nothing_is_sent(ready: Settings, clock: Clock) -> None:
    """The run stops with what was sent, and the next one sends the rest."""
    holders = []

    def fails(number: int) -> None:
        if number == 2:
            clock.ahead = timedelta(minutes=45)
            command = [sys.executable, "-c", HOLDER, str(ready.warehouse_path)]
            holder = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert holder.stdout and holder.stdout.readline() == "held\n"
            holders.append(holder)

    receiver = Receiver(batch=20, fails_after=fails)
    try:
        ended = send(ready, receiver, "newsletter_only")
    finally:
        for holder in holders:
            holder.communicate("\n")
    assert ended.state == "stopped" and len(receiver.rows) == 40 == ended.accepted
    assert "Consent was asked 45 minutes ago" in ended.message
    assert "being written by" in ended.message and "was not sent" in ended.message
    clock.ahead = timedelta()
    assert send(ready, receiver, "newsletter_only").state == "completed"
    assert {*receiver.rows} == may_leave(ready, "newsletter_only")


def test_a_file_is_not_written_on_a_word_that_is_too_old(ready: Settings, clock: Clock) -> None:
    clock.ahead = timedelta(minutes=61)
    ended = run_sync(ready, "win_back_letters")
    assert ended.state == "stopped" and "the file was not written" in ended.message
    assert not list((ready.data_dir / "outbox").rglob("win_back_letters*"))
    clock.ahead = timedelta(minutes=59)
    assert run_sync(ready, "win_back_letters").state == "completed"
