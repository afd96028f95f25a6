"""The processes that a page needs: started with it, watched, ended with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import PROJECT_ROOT

MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Child:
    """A process of ours.

    Attributes:
        name: for messages.
        process: in a session of its own, so that Ctrl-C reaches only us, and we end it.
        pipe: while it is open, the child knows that we live.
    """

    name: str
    process: subprocess.Popen[bytes]
    pipe: int

    def signal_group(self, number: int) -> None:
        """Send a signal to the child and whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Children:
    """All of them. Not for several threads, but for `died` and `shorten_log`.

    Parameters:
        log: takes what they print. A pipe to us would break under a run that outlives us.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._children: list[Child] = []

    def start(
        self, name: str, module: str, arguments: list[str], environment: Mapping[str, str]
    ) -> None:
        """Start a Python module as a child.

        Parameters:
            name: for messages.
            module: with a `__main__`.
            arguments: its command line.
            environment: variables beside ours.
        """
        here, there = os.pipe()
        command = [sys.executable, "-m", "orchestration.web.child", str(here), module, *arguments]
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            with os.fdopen(os.open(self._log, flags, 0o600), "ab") as output:
                process = subprocess.Popen(
                    command,
                    cwd=PROJECT_ROOT,
                    env={**os.environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[here],
                    start_new_session=True,
                )
        finally:
            os.close(here)
        self._children.append(Child(name, process, there))

    def died(self) -> str | None:
        """A sentence about a child that has ended by itself, None while all live."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
                return f"{child.name} {how}."
        return None

    def shorten_log(self) -> None:
        """Move a long log aside; the children go on writing at the end of what is left."""
        if self._log.exists() and self._log.stat().st_size > MOST_BYTES:
            shutil.copyfile(self._log, self._log.with_name(self._log.name + ".1"))
            os.truncate(self._log, 0)

    def end(self, seconds: float) -> None:
        """End all, the last first: politely, and by force what is left after a while.

        Parameters:
            seconds: how long each may take.
        """
        for child in reversed(self._children):
            if child.process.poll() is None:
                # Dagster takes it as an interrupt once it can; before that it ends without a word.
                child.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + seconds
            while child.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            child.signal_group(signal.SIGKILL)
            child.process.wait()
            os.close(child.pipe)
        self._children.clear()
