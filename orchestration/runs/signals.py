"""Whether somebody asked this process to stop, whatever became of the exception that said so.

Dagster and DuckDB turn an interrupt into errors of their own kinds, Dagster by replacing the signal
handlers while a step runs. The kernel's signal numbers arrive here all the same.
"""

from __future__ import annotations

import signal
import socket
import threading
from types import TracebackType

STOPPING = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Notes SIGINT and SIGTERM while it is entered; only in a process's main thread."""

    def __init__(self) -> None:
        self._reading: socket.socket | None = None
        self._writing: socket.socket | None = None
        self._before = -1
        self._seen = False

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            self._reading, self._writing = socket.socketpair()
            self._reading.setblocking(False)
            self._writing.setblocking(False)
            self._before = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._reading and self._writing:
            _ = self.seen
            signal.set_wakeup_fd(self._before)
            self._reading.close()
            self._writing.close()
            self._reading = self._writing = None

    @property
    def seen(self) -> bool:
        """Whether one of them has arrived since it was entered."""
        if self._reading and not self._seen:
            try:
                arrived = self._reading.recv(4096)
            except BlockingIOError:
                arrived = b""
            self._seen = any(number in STOPPING for number in arrived)
        return self._seen
