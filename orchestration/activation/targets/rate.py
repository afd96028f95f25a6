"""How fast requests of one account follow each other, whichever sync they are of.

One process runs a sync of a data folder at a time, so the account is in its memory, and in a small
file for the process that comes next: what it was told holds on when it was killed, too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.activation.destinations.http import Rate

KEPT = "activation_pace.json"
FORGOTTEN_SECONDS = 3600
"""So long after its pause an account that was slowed down begins at the declared rate again."""
SLOWEST_FACTOR = 64.0


@dataclass
class Account:
    """An account at the other end.

    Attributes:
        interval: seconds between requests, as its files say.
        factor: by how much it goes slower, because it was told to.
        free_at: when the next request may go, on the clock that only goes forward.
    """

    interval: float
    factor: float = 1.0
    free_at: float = 0.0

    def pause(self) -> float:
        """Seconds until the next request may go; it counts as sent then."""
        now = time.monotonic()
        begins = max(now, self.free_at)
        self.free_at = begins + self.interval * self.factor
        return begins - now

    def slow_down(self, asked: float | None) -> None:
        """It was told that it is too fast.

        Parameters:
            asked: seconds that it is to wait, where that was said.
        """
        self.factor = min(SLOWEST_FACTOR, self.factor * 2)
        self.free_at = max(self.free_at, time.monotonic() + (asked or 0))
        for path in KEPT_IN:
            _keep(path)


ACCOUNTS: dict[str, Account] = {}
KEPT_IN: list[Path] = []
"""The file of the data folder whose sync runs; empty between runs."""


@contextmanager
def kept_paces(data_dir: Path) -> Iterator[None]:
    """Accounts as the last process of a data folder left them, and kept for the next.

    Parameters:
        data_dir: the data folder, whose lock is held.
    """
    path = data_dir / KEPT
    _recall(path)
    KEPT_IN.append(path)
    try:
        yield
    finally:
        KEPT_IN.remove(path)
        if ACCOUNTS:
            _keep(path)


def _recall(path: Path) -> None:
    try:
        kept = [(n, float(f), float(at)) for n, (f, at) in json.loads(path.read_text()).items()]
    except (OSError, ValueError, TypeError, AttributeError):
        # Gone or damaged: the account is told again.
        return
    for name, factor, free_at in kept:
        left = free_at - time.time()
        if left > -FORGOTTEN_SECONDS:
            account = ACCOUNTS.setdefault(name, Account(0.0))
            account.factor = max(account.factor, factor)
            account.free_at = max(account.free_at, time.monotonic() + left)


def _keep(path: Path) -> None:
    # By the clock on the wall: the one that only goes forward is another one in each process.
    ahead = time.time() - time.monotonic()
    kept = {name: (a.factor, a.free_at + ahead) for name, a in ACCOUNTS.items()}
    written = path.with_suffix(".part")
    written.write_text(json.dumps(kept))
    written.replace(path)


def account_of(rate: Rate | None) -> Account | None:
    """The account that a destination's requests count for."""
    if rate is None:
        return None
    account = ACCOUNTS.setdefault(rate.account, Account(0.0))
    account.interval = max(account.interval, 1 / rate.requests_per_second)
    return account
