"""One writer to the warehouse at any time, whatever starts it: command line, page, schedule.

The lock is the kernel's (`flock`), so it goes away with its process even after kill -9. Who
comes second waits and is told whom for.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, ClassVar

from orchestration.errors import UserError

POLL_SECONDS = 0.5


class WriterLock:
    """The exclusive right to write the warehouse of one data folder.

    Reentrant within a process: a run started by the command line already holds it when Dagster's
    resource asks for it again.

    Parameters:
        data_dir: the data folder whose warehouse is to be written.
        timeout_seconds: how long to wait for another writer; None waits for ever.
        on_wait: called once with a sentence about the current holder before waiting begins.
    """

    _held: ClassVar[dict[Path, tuple[IO[str], int]]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        data_dir: Path,
        timeout_seconds: float | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        self.path = data_dir / "writer.lock"
        self.timeout_seconds = timeout_seconds
        self.on_wait = on_wait

    def acquire(self) -> None:
        """Take the lock, waiting for another process where one holds it.

        Raises:
            UserError: the timeout passed while another run was writing.
        """
        with self._guard:
            if self.path in self._held:
                handle, depth = self._held[self.path]
                self._held[self.path] = (handle, depth + 1)
                return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = self.path.open("a+")
        self._wait_for(handle)
        handle.seek(0)
        handle.truncate()
        handle.write(f"process {os.getpid()} since {time.strftime('%H:%M:%S UTC', time.gmtime())}")
        handle.flush()
        with self._guard:
            self._held[self.path] = (handle, 1)

    def _wait_for(self, handle: IO[str]) -> None:
        started = time.monotonic()
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = holder_of(self.path.parent) or "another process"
                if not told and self.on_wait:
                    self.on_wait(f"Waiting for another run ({holder}) to finish writing.")
                told = True
                waited = time.monotonic() - started
                if self.timeout_seconds is not None and waited > self.timeout_seconds:
                    handle.close()
                    raise UserError(
                        f"The warehouse in {self.path.parent} is being written by {holder}. "
                        "Wait until it has finished, or stop it, and start again."
                    ) from None
                time.sleep(POLL_SECONDS)

    def release(self) -> None:
        """Give the lock back; the last release of a process lets others in."""
        with self._guard:
            handle, depth = self._held[self.path]
            if depth > 1:
                self._held[self.path] = (handle, depth - 1)
                return
            del self._held[self.path]
        fcntl.flock(handle, fcntl.LOCK_UN)
        handle.close()

    def __enter__(self) -> WriterLock:
        self.acquire()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()


def holder_of(data_dir: Path) -> str | None:
    """Who writes the warehouse now, as `process PID since HH:MM:SS UTC`, or None when nobody does.

    Parameters:
        data_dir: the data folder to look at.

    Raises:
        PermissionError: the reader may not see who writes.
    """
    path = data_dir / "writer.lock"
    try:
        # Looking needs no right to write; a shared lock lets others look at the same time.
        handle = path.open()
    except FileNotFoundError:
        return None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return handle.read().strip() or "another process"
        fcntl.flock(handle, fcntl.LOCK_UN)
    return None
