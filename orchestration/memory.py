"""Too little memory, space on the disk or threads: told as that, whoever noticed it and wherever.

DuckDB has limits of its own (`C360_MEMORY_LIMIT`, `C360_MAX_TEMP`); the system may have others, of
a shell, a service or a container. Which of them was reached decides what has to be changed. A file
that was being read meanwhile is not to blame, so readers ask here before they name one.
"""

from __future__ import annotations

import os
import re

from orchestration.errors import UserError
from orchestration.limits import DEFAULTS

TEMPORARY = re.compile(r"max_temp_directory_size|failed to offload data block", re.IGNORECASE)
FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
SYSTEM = re.compile(
    r"bad allocation|bad_alloc|cannot allocate memory|can't start new thread|MemoryError"
    r"|unable to allocate|malloc of size|realloc of size"
    r"|can't allocate|failed to map segment|static TLS block|out of memory\b(?! error)",
    re.IGNORECASE,
)
ENGINE = re.compile(r"Out of Memory Error|OutOfMemoryException")


class ShortageError(UserError):
    """Something ran out while something was read that is not to blame for it."""


def shortage(error: BaseException | str) -> str | None:
    """What ran out and what to do about it, None when an error is about something else.

    Parameters:
        error: an exception or the text of one, a stack trace included.

    Returns:
        One paragraph of less than 400 characters that names the limit in force, without a subject:
        who needed the memory is the caller's to say.
    """
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    if TEMPORARY.search(text):
        return (
            f"DuckDB had to put more aside on the disk than {_limit('C360_MAX_TEMP')} allows. "
            f"Raise that limit if the disk has room, or {_limit('C360_MEMORY_LIMIT')}, so that "
            "less has to be put aside."
        )
    if SYSTEM.search(text):
        return (
            "the system gave this process no more memory or no more threads. The machine, or a "
            "limit of the shell, the service or the container (ulimit -a), is too small for "
            f"{_limit('C360_MEMORY_LIMIT')} with {_limit('C360_THREADS')} beside Python itself. "
            "Raise that limit, or lower these two."
        )
    if ENGINE.search(text):
        return (
            f"DuckDB needed more memory than {_limit('C360_MEMORY_LIMIT')} allows. Raise that "
            f"limit, or set fewer threads than {_limit('C360_THREADS')}: each needs its share."
        )
    return None


def raise_shortage(error: BaseException, who: str) -> None:
    """Tell a shortage as one, instead of letting it be told as the fault of what was read.

    Parameters:
        error: what was caught; returns when it is about something else.
        who: what needed the memory, as the beginning of a sentence.

    Raises:
        ShortageError: the error is a shortage.
    """
    if text := shortage(error) or _full_disk(error):
        raise ShortageError(f"{who} was too much for this machine: {text}") from None


def _full_disk(error: BaseException) -> str | None:
    if not FULL.search(str(error)):
        return None
    return (
        "the disk is full where the data folder is, which also holds what DuckDB puts aside. Free "
        "some space, move the folder to a larger disk with C360_DATA_DIR, or raise "
        f"{_limit('C360_MEMORY_LIMIT')}, so that less has to be put aside."
    )


def _limit(variable: str) -> str:
    return f"{variable}={os.environ.get(variable) or DEFAULTS[variable]}"
