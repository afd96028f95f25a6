"""The pace of an account over processes: what one was told, the next one keeps to."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from orchestration.activation.destinations.http import Rate
from orchestration.activation.targets import rate
from orchestration.activation.targets.protocol import Result, Row
from orchestration.settings import PROJECT_ROOT, Settings
from tests.activation.lab import Lab, Receiver, people, project_in

ADS = Rate(account="ads", requests_per_second=10)
TOLD_AND_KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration.activation.destinations.http import Rate
from orchestration.activation.targets import rate

with rate.kept_paces(Path(sys.argv[1])):
    rate.account_of(Rate(account="ads", requests_per_second=10)).slow_down(600)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def another_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rate, "ACCOUNTS", {})
    yield
    assert rate.KEPT_IN == []


def ads() -> rate.Account:
    account = rate.account_of(ADS)
    assert account is not None
    return account


class Slow(Receiver):
    """Counts for an account, and notes how long it would wait."""

    waits: float = 0.0

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        self.waits = ads().pause()
        ads().slow_down(600)
        return super().send(operation, rows, idempotency_key)


def test_s20_what_a_killed_process_was_told_slows_the_next_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TOLD_AND_KILLED, str(tmp_path)]
    assert subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode == -signal.SIGKILL

    with rate.kept_paces(tmp_path):
        assert 500 < ads().pause() <= 600
        assert ads().factor == 2
    other = rate.account_of(Rate(account="mail", requests_per_second=10))
    assert other is not None
    assert other.pause() == 0


def test_s20_syncs_of_two_processes_share_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    first, second = (Slow() for _ in range(2))
    lab = Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch, first)
    lab.define()
    lab.run(people(1))
    rate.ACCOUNTS.clear()
    lab.receiver = second
    lab.run(people(2))

    assert first.waits == 0
    assert 500 < second.waits <= 600


def test_long_after_its_pause_an_account_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rate.kept_paces(tmp_path):
        ads().slow_down(None)
    rate.ACCOUNTS.clear()
    later = time.time() + rate.FORGOTTEN_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)

    with rate.kept_paces(tmp_path):
        assert (ads().pause(), ads().factor) == (0, 1)


@pytest.mark.parametrize("left", ["{", "[]", '{"ads": 1}', '{"ads": [null, null]}', "\x00"])
def test_a_file_that_can_not_be_read_is_no_reason_to_stop(tmp_path: Path, left: str) -> None:
    (tmp_path / rate.KEPT).write_text(left)
    with rate.kept_paces(tmp_path):
        assert ads().pause() == 0
