"""Purchases from shared files, and histories counted from them by hand, without our SQL."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.value.histories import Histories, Spending

CALIBRATION_END = date(1997, 9, 30)
HOLDOUT_WEEKS = 39.0
Purchase = tuple[str, date, float]


@dataclass(frozen=True)
class Counted:
    """Histories of customers, one entry each."""

    frequency: Any
    recency_days: Any
    age_days: Any
    mean_amount: Any
    held_out: Any

    @property
    def histories(self) -> Histories:
        """One group per customer, so that grouping is no part of what is tested."""
        ones = np.ones(len(self.frequency))
        return Histories.of_days(self.frequency, self.recency_days, self.age_days, ones)

    @property
    def spending(self) -> Spending:
        """Of those who came back and paid."""
        kept = (self.frequency > 0) & (self.mean_amount > 0)
        return Spending.of(self.frequency[kept], self.mean_amount[kept])


def simulated(
    customers: int, parameters: tuple[float, float, float, float], at_once: bool, seed: int
) -> Histories:
    """Histories drawn event by event from the stated process, one group per customer.

    Parameters:
        customers: how many.
        parameters: r, α (weeks), a, b.
        at_once: whether a customer may leave after the first purchase already.
        seed: of the random numbers.
    """
    random = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    rate, leave = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    age = random.uniform(20, 80, customers)
    x, last, at = (np.zeros(customers) for _ in range(3))
    here = random.uniform(size=customers) >= leave if at_once else np.ones(customers, bool)
    while here.any():
        at = at + np.where(here, random.exponential(1, customers) / rate, 0)
        buys = here & (at <= age)
        x, last = x + buys, np.where(buys, at, last)
        here = buys & (random.uniform(size=customers) >= leave)
    return Histories(x, last, age, np.ones(customers))


def count(purchases: Iterable[Purchase], end: date) -> Counted:
    """Histories until `end`; purchases of one day count as one."""
    days: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for who, on, amount in purchases:
        days[who][on] += amount
    rows = []
    for who in sorted(days):
        within = sorted(on for on in days[who] if on <= end)
        if within:
            repeats = [days[who][on] for on in within[1:]]
            rows.append(
                (
                    len(repeats),
                    (within[-1] - within[0]).days,
                    (end - within[0]).days,
                    sum(repeats) / len(repeats) if repeats else 0.0,
                    sum(on > end for on in days[who]),
                )
            )
    return Counted(*(np.array(column, float) for column in zip(*rows, strict=True)))


def cdnow(folder: Path) -> list[Purchase]:
    """The 1/10 sample of CDNOW."""
    lines = (folder / "CDNOW_sample.txt").read_text().splitlines()
    cells = [line.split() for line in lines if line.strip()]
    return [(c[1], _day(c[2]), float(c[4])) for c in cells]


def composite(folder: Path) -> list[Purchase]:
    """The composite's purchases by the true person."""
    person = {}
    for row in _rows(folder / "truth.csv"):
        for column in ("shop_id", "card_no"):
            person[row[column]] = row["febrl_entity"]
    found = []
    for name in ("shop_orders.csv", "store_receipts.csv"):
        for row in _rows(folder / name):
            values = list(row.values())
            found.append((person[values[1]], date.fromisoformat(values[2]), float(values[4])))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
