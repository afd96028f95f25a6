"""Trying again what does no harm when it comes twice, such as a file under its own name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from orchestration.activation.targets.protocol import StopSyncError

MOST_TRIES = 3
PAUSE_SECONDS = 1.0
Found = TypeVar("Found")


class LostError(Exception):
    """The other end did not answer, or said that it can't now; what it did is not known.

    Parameters:
        problem: a few words without values.
    """


def tried(host: str, action: Callable[[], Found]) -> Found:
    """What an action gives, after a pause once more when no answer came.

    Parameters:
        host: for the message.
        action: may come twice.

    Raises:
        StopSyncError: no answer after the last try.
    """
    for number in range(1, MOST_TRIES + 1):
        try:
            return action()
        except LostError as error:
            if number == MOST_TRIES:
                raise StopSyncError(f"{host} does not answer ({error})", []) from None
        time.sleep(PAUSE_SECONDS * number)
    raise AssertionError
