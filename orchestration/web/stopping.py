"""How a page ends on a signal. Light, so that it can be asked for before anything heavy is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 130
"""Of a program that was stopped by a signal, SIGTERM as well as Ctrl-C."""

DAGSTER = "Stopped by you: Dagster's page, its daemon and the runs started there have ended."
DASHBOARD = "Stopped by you: the dashboard has ended."
BUILDER = "Stopped by you: the rule builder has ended."


class Stop:
    """Whether a signal came, and whether what was started is being ended already."""

    def __init__(self) -> None:
        self.asked = False
        self._ending = False

    def check(self) -> None:
        """Stop here if a signal came.

        A KeyboardInterrupt may get lost: what is raised while Python calls a destructor or a
        library's callback is printed or swallowed there. So who waits or goes on asks as well.

        Raises:
            KeyboardInterrupt: a signal came.
        """
        if self.asked:
            raise KeyboardInterrupt

    def begin_ending(self) -> None:
        """From now on signals change nothing: everything is ended once."""
        self._ending = True

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if not self._ending:
            raise KeyboardInterrupt


@contextmanager
def one_stop() -> Iterator[Stop]:
    """Within, SIGTERM is a KeyboardInterrupt as SIGINT is, until the ending has begun."""
    stop = Stop()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, stop._signalled) for each in signals]
    try:
        yield stop
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
