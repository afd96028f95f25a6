"""What DuckDB may take of the machine: three variables of the environment, checked before use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from orchestration.errors import UserError

THREADS = "C360_THREADS"
MEMORY_LIMIT = "C360_MEMORY_LIMIT"
MAX_TEMP = "C360_MAX_TEMP"
DEFAULTS = {THREADS: "2", MEMORY_LIMIT: "4GB", MAX_TEMP: "100GB"}

MOST_THREADS = 1024
LEAST_MEMORY = 64 * 1000**2
"""DuckDB itself gives up below a few megabytes; whether a run's rows fit, only the run can say."""

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(i?)B?", re.IGNORECASE)
POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True)
class Limits:
    """The limits of every connection that writes.

    Attributes:
        threads: how many threads DuckDB uses, from `C360_THREADS`.
        memory_limit: what its buffers may take, such as 4GB, from `C360_MEMORY_LIMIT`.
        max_temp: what it may put on the disk beside the warehouse, from `C360_MAX_TEMP`.
    """

    threads: int
    memory_limit: str
    max_temp: str

    @classmethod
    def from_env(cls) -> Limits:
        """Read the limits; an empty variable counts as one that is not set.

        Raises:
            UserError: a value is none that DuckDB can keep.
        """
        return cls(_threads(), _size(MEMORY_LIMIT, LEAST_MEMORY), _size(MAX_TEMP, 0))

    def environment(self) -> dict[str, str]:
        """The variables as profiles.yml and child processes read them."""
        return {
            THREADS: str(self.threads),
            MEMORY_LIMIT: self.memory_limit,
            MAX_TEMP: self.max_temp,
        }


def _value(name: str) -> str:
    return os.environ.get(name, "").strip() or DEFAULTS[name]


def _threads() -> int:
    text = _value(THREADS)
    if not (re.fullmatch(r"\d{1,6}", text, re.ASCII) and 1 <= int(text) <= MOST_THREADS):
        raise UserError(
            f"{THREADS} is {_quoted(text)}, which is no number of threads. Set a whole number from "
            f"1 to {MOST_THREADS}, such as {THREADS}={DEFAULTS[THREADS]}, or unset it.",
            2,
        )
    return int(text)


def _size(name: str, least: int) -> str:
    text = _value(name)
    found = SIZE.fullmatch(text)
    if not found:
        raise UserError(
            f"{name} is {_quoted(text)}, which is no size. Write a number and KB, MB, GB or TB, "
            f"such as {name}={DEFAULTS[name]}, or unset it.",
            2,
        )
    number, unit, binary = found.groups()
    size = float(number) * (1024 if binary else 1000) ** POWERS[unit.upper()]
    if not least <= size < 2**60 or not size:
        raise UserError(
            f"{name} is {_quoted(text)}, and that is out of reach: it must be at least "
            f"{max(least // 1000**2, 1)}MB and below a million TB. Set for example "
            f"{name}={DEFAULTS[name]}, or unset it.",
            2,
        )
    return f"{number}{unit.upper()}{binary.lower()}B"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
