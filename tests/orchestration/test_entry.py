"""A signal while the program loads, and a program that can't be loaded, end in a sentence."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from orchestration.settings import PROJECT_ROOT

# The import of the command line waits here, as it does on a cold disk. What a shell starts in the
# background ignores the interrupt, and what it starts inherits that.
SLOW = """
import importlib.abc, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "typer":
            {what}
sys.meta_path.insert(0, Slow())
from orchestration.entry import main
print("loading", flush=True)
main()
"""


def begin(what: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW.format(what=what), "status"],
        cwd=PROJECT_ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stdout.readline() == "loading\n"
    return process


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_loads(sent: signal.Signals) -> None:
    process = begin("time.sleep(30)")
    time.sleep(0.3)
    process.send_signal(sent)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "Stopped by you. Nothing was begun.\n")


@pytest.mark.parametrize("what", ["raise ImportError('no such library')", "raise MemoryError()"])
def test_what_can_not_be_loaded_is_told(what: str) -> None:
    process = begin(what)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "make setup" in said and "Traceback" not in said
