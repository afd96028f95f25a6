"""Which syncs follow a refresh that was published."""

from __future__ import annotations

import re

from orchestration.activation.definitions import names, read_sync, schedule_of
from orchestration.clock import replayed_day
from orchestration.errors import UserError
from orchestration.settings import Settings

EACH_REFRESH = "each_refresh"


def runnable(settings: Settings) -> list[str]:
    """All syncs whose file has a name that one can be called by, in order of the alphabet."""
    return [n for n in names(settings, "syncs") if re.fullmatch(r"[a-z][a-z0-9_]{0,62}", n)]


def due(settings: Settings) -> list[str]:
    """The syncs that follow a refresh, in order of the alphabet; none after the replay of a day.

    A file that can't be followed is among them: whether it would be due nobody knows, and its run
    says what is wrong. What goes to a destination that is switched off is not.
    """
    return [] if replayed_day() else [n for n in runnable(settings) if _is_due(settings, n)]


def _is_due(settings: Settings, name: str) -> bool:
    try:
        if schedule_of(settings, name) != EACH_REFRESH:
            return False
        return read_sync(settings, name)[1].enabled
    except UserError:
        return True
