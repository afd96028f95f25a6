"""One writer at any time: a second one waits or is told whom for; a killed one holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.locking import WriterLock, holder_of
from orchestration.settings import PROJECT_ROOT

HOLD = """
import sys, time
from pathlib import Path
from orchestration.locking import WriterLock
with WriterLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold_in_another_process(folder: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(folder), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_second_writer_waits_and_is_told(tmp_path: Path) -> None:
    process = hold_in_another_process(tmp_path, 1.5)
    told: list[str] = []
    with WriterLock(tmp_path, on_wait=told.append):
        assert process.poll() is not None or process.wait(5) == 0
    assert len(told) == 1 and f"process {process.pid}" in told[0]


def test_timeout_names_the_holder(tmp_path: Path) -> None:
    process = hold_in_another_process(tmp_path, 30)
    try:
        with pytest.raises(UserError, match=f"process {process.pid}"):
            WriterLock(tmp_path, timeout_seconds=0).acquire()
    finally:
        process.kill()
        process.wait()


def test_killed_writer_holds_nothing(tmp_path: Path) -> None:
    process = hold_in_another_process(tmp_path, 30)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    started = time.monotonic()
    with WriterLock(tmp_path, timeout_seconds=5):
        assert time.monotonic() - started < 5
    assert holder_of(tmp_path) is None


def test_lock_is_reentrant_within_a_process(tmp_path: Path) -> None:
    with WriterLock(tmp_path), WriterLock(tmp_path, timeout_seconds=0):
        pass
    assert holder_of(tmp_path) is None
