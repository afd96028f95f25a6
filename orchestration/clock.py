"""The day that a run replays: `c360 run --as-of`, or C360_AS_OF for every other door.

The SQL reads the variable itself (macros/clock.sql): what lies after the day is set aside, and all
windows look back from it. Without one the data say where the clock stands (docs/clock.md).
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

from orchestration.errors import UserError

VARIABLE = "C360_AS_OF"
FIRST_DAY = date(1970, 1, 2)
"""Staging takes no instant before it."""
REPLAYED = "as of"
"""How `today` begins when the day is replayed."""


def replayed_day() -> date | None:
    """The day to replay, None when the data set the clock.

    Raises:
        UserError: the variable holds no day, or none that has been.
    """
    text = os.environ.get(VARIABLE, "")
    return _day(text, VARIABLE) if text else None


def today() -> str:
    """The day that models ask for, UTC; a replayed one is said to be that."""
    replayed = replayed_day()
    return f"{REPLAYED} {replayed}" if replayed else str(datetime.now(UTC).date())


def replay(text: str) -> None:
    """Have this process and those that it starts replay a day.

    Parameters:
        text: a day like 2026-11-01.

    Raises:
        UserError: it is no day, or none that has been.
    """
    os.environ[VARIABLE] = _day(text, "--as-of").isoformat()


def _day(text: str, said_by: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise UserError(f"{said_by} {text} is not a day like 2026-11-01.", 2)
    today = datetime.now(UTC).date()
    if not FIRST_DAY <= day <= today:
        raise UserError(
            f"{said_by} {text} can't be replayed. Give a day from {FIRST_DAY} to today, "
            f"which is {today} in UTC.",
            2,
        )
    return day
