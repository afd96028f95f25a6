"""Shops of known processes, with what their customers do after the clock as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from tests.value.purchases import Purchase

START, DAYS, AHEAD = date(2024, 1, 1), 730, 184
NOW = START + timedelta(DAYS)


@dataclass(frozen=True)
class Shop:
    """Purchases until the clock, and what each customer spends in the horizon after it."""

    purchases: list[Purchase]
    future: dict[str, float]


def shop(kind: str, customers: int = 2_000, seed: int = 7) -> Shop:
    """Gamma rates, exponential lives, Gamma amounts, but for what the kind says.

    Parameters:
        kind: `equal_prices`, `heavy_tails`, `wholesaler`, `seasonal`, `subscription`,
            `no_dropout`, `all_new`.
        customers: how many.
        seed: of the random numbers.
    """
    random = np.random.default_rng(seed)
    first = random.uniform(*((640, 725) if kind == "all_new" else (0, 700)), customers)
    rate = random.gamma(0.8, 1 / 60, customers)
    life = np.where(kind == "no_dropout", 1e9, random.exponential(400, customers))
    mean = 30 * np.exp(0.6 * random.normal(size=customers))
    if kind == "heavy_tails":
        mean = 30 * (random.pareto(1.6, customers) + 0.3)
    if kind == "equal_prices":
        mean = np.full(customers, 25.0)
    if kind == "subscription":
        mean = random.choice([9.0, 19.0, 49.0], customers)
    if kind == "wholesaler":
        first[0], rate[0], life[0], mean[0] = 10, 0.2, 1e9, 20_000
    when, who = [first], [np.arange(customers)]
    at, here = first, np.arange(customers)
    while len(here):
        step = random.exponential(1 / rate[here])
        at = at + (30.4 if kind == "subscription" else step)
        stays = at <= np.minimum(first[here] + life[here], DAYS + AHEAD)
        at, here = at[stays], here[stays]
        buys = np.ones(len(here), bool)
        if kind == "seasonal":
            summer = np.sin(2 * np.pi * at / 365) > 0
            buys = random.uniform(size=len(here)) < np.where(summer, 1.0, 0.6)
        when.append(at[buys])
        who.append(here[buys])
    days, people = np.concatenate(when).astype(int), np.concatenate(who)
    faithful = kind in ("equal_prices", "subscription")
    amount = mean[people] * (1.0 if faithful else random.gamma(6, 1 / 6, len(people)))
    names = [f"c{n:05d}" for n in range(customers)]
    all_of_them = [
        (names[person], START + timedelta(int(day)), round(float(money), 2))
        for person, day, money in zip(people, days, amount, strict=True)
    ]
    end = NOW + timedelta(AHEAD)
    future = dict.fromkeys(names, 0.0)
    for name, on, money in all_of_them:
        if NOW < on <= end:
            future[name] += money
    return Shop([p for p in all_of_them if p[1] <= NOW], future)
