"""What is tried again, how often and after which pauses; everything else is told at once.

Tried again is what can pass by itself: a file that another program holds, a server that is away,
restarts, drops the connection or has no connection free. A wrong password, a missing table or
column, a damaged file stay what they are, so they are never tried again. Only what is known to pass
counts: an error that nobody has listed is one that stays.

The smallest piece is repeated, one table's load or one opening of a file, and never a whole run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from orchestration.errors import UserError
from orchestration.logs import log

PAUSES_SECONDS = (5.0, 20.0, 60.0)
"""Before the second, third and fourth try: a server restarts in seconds and fails over in a minute.
`C360_RETRY_PAUSES` gives others, such as `1,5`; `0` stands for no second try."""
LONGEST_SECONDS = 3600.0

PASSING_STATES = ("08", "53300", "55P03", "57P01", "57P02", "57P03", "40001", "40P01")
"""SQLSTATEs of PostgreSQL, or their beginnings: connection exceptions, too many connections, lock
not available, shut down by an administrator or after a crash, starting up, conflicts that ask for
another try."""
PASSING_TEXTS = (
    # DuckDB, of a file that another process has open.
    "could not set lock on file",
    # SQLite, busy, and our own words for a copy of it that is kept waiting.
    "database is locked",
    "database table is locked",
    "it is locked by another program",
    # libpq, which has no SQLSTATE for a connection that did not come about.
    "connection refused",
    "connection reset",
    "connection timed out",
    "timeout expired",
    "no route to host",
    "network is unreachable",
    "temporary failure in name resolution",
    "server closed the connection unexpectedly",
    "the database system is starting up",
    "the database system is shutting down",
    "terminating connection due to administrator command",
    "too many clients already",
    "remaining connection slots are reserved",
    "is the server running locally and accepting connections",
)
T = TypeVar("T")


class PassingError(UserError):
    """A UserError whose cause can pass, so that the same may succeed a little later."""


def can_pass(error: BaseException) -> bool:
    """Whether an error's cause can pass by itself, see `PASSING_STATES` and `PASSING_TEXTS`.

    Parameters:
        error: an exception of DuckDB, of an ADBC driver or of the operating system.
    """
    if isinstance(error, UserError):
        return isinstance(error, PassingError)
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    state = str(getattr(error, "sqlstate", None) or "")
    if state.strip("\0 ") and state.startswith(PASSING_STATES):
        return True
    text = str(error).lower()
    return any(known in text for known in PASSING_TEXTS)


def user_error(error: BaseException, message: str) -> UserError:
    """The UserError for an error: a `PassingError` when its cause can pass.

    Parameters:
        error: what happened.
        message: the paragraph for people.
    """
    return PassingError(message) if can_pass(error) else UserError(message)


def pauses() -> tuple[float, ...]:
    """The pauses before further tries, in seconds: `C360_RETRY_PAUSES`, else `PAUSES_SECONDS`.

    Raises:
        UserError: the variable holds something else than seconds from 0 to 3600, comma-separated.
    """
    given = os.environ.get("C360_RETRY_PAUSES", "").strip()
    if not given:
        return PAUSES_SECONDS
    if given == "0":
        return ()
    try:
        found = tuple(float(part) for part in given.split(","))
    except ValueError:
        found = (-1.0,)
    if len(found) > 20 or not all(0 <= seconds <= LONGEST_SECONDS for seconds in found):
        raise UserError(
            f"C360_RETRY_PAUSES is '{given}'. Give the seconds before each further try, such as "
            f"5,20,60, each from 0 to {LONGEST_SECONDS:.0f}, or 0 for no second try.",
            2,
        )
    return found


def retrying(
    action: Callable[[], T],
    what: str,
    tell: Callable[[str], None] | None = None,
    waits: Sequence[float] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Do something, and again after a pause when it failed for a reason that can pass.

    Parameters:
        action: what to do; it leaves nothing half done when it raises.
        what: its name in messages, such as the source table.
        tell: called with a sentence before each pause, beside the log.
        waits: seconds before each further try; `pauses()` by default, none for one try only.
        sleep: how to wait.

    Returns:
        What the action returns.

    Raises:
        Exception: what the last try raised, or at once what can't pass.
    """
    left = list(pauses() if waits is None else waits)
    tries = len(left) + 1
    while True:
        try:
            return action()
        except Exception as error:
            if not left or not can_pass(error):
                raise
            seconds = left.pop(0)
            sentence = (
                f"{what}: {_reason(error)}, which can pass; try {tries - len(left)} of {tries} "
                f"in {seconds:g} s"
            )
        log().warning("%s", sentence)
        if tell:
            tell(sentence)
        sleep(seconds)


def _reason(error: Exception) -> str:
    if isinstance(error, PassingError):
        return str(error).split(". ")[0]
    # Of known texts only: a server's own words may quote what is in it.
    text = str(error).lower()
    known = next((known for known in PASSING_TEXTS if known in text), "")
    return known or "the server or the file is not available"
