"""How fast requests of one account follow each other, whichever sync they are of.

One process runs a sync of a data folder at a time, so the account is kept in its memory: syncs that
it runs after each other share it, and a next process begins at the declared rate.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from orchestration.activation.destinations.http import Rate

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


ACCOUNTS: dict[str, Account] = {}


def account_of(rate: Rate | None) -> Account | None:
    """The account that a destination's requests count for."""
    if rate is None:
        return None
    account = ACCOUNTS.setdefault(rate.account, Account(0.0))
    account.interval = max(account.interval, 1 / rate.requests_per_second)
    return account
