"""What can be computed from published facts about one person or a small cell, by linear programs.

The attacker is stronger than a reader: knows who is in which cell, which cells were pooled, to what
each row was rounded, and every rule of it. Only the amounts are unknown, and one's own known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from scipy.optimize import linprog

Bounds = tuple[float, float]


@dataclass
class Puzzle:
    """Unknown amounts, at least 0, and what is known of their sums.

    Attributes:
        names: of the unknown.
        known: of a sum, which unknown it is of, and its lowest and highest value.
    """

    names: Sequence[str]
    known: list[tuple[frozenset[str], float, float]] = field(default_factory=list)

    def learn(self, of: Iterable[str], lowest: float, highest: float) -> None:
        """Note that the sum of some unknown lies within bounds."""
        self.known.append((frozenset(of), lowest, highest))

    def interval(self, of: Iterable[str], own: Mapping[str, float] | None = None) -> Bounds:
        """The narrowest bounds of a sum of unknown that follow from all that is known.

        Parameters:
            of: the unknown.
            own: amounts that the attacker has from elsewhere.
        """
        place = {name: number for number, name in enumerate(self.names)}
        rows, limits = [], []
        for names, lowest, highest in self.known:
            row = np.zeros(len(place))
            row[[place[name] for name in names]] = 1
            if highest < float("inf"):
                rows.append(row)
                limits.append(highest)
            if lowest > 0:
                rows.append(-row)
                limits.append(-lowest)
        cost = np.zeros(len(place))
        cost[[place[name] for name in of]] = 1
        given = own or {}
        bounds = [(given.get(name, 0), given.get(name)) for name in self.names]
        ends = []
        for sign in (1, -1):
            found = linprog(sign * cost, A_ub=np.array(rows), b_ub=np.array(limits), bounds=bounds)
            ends.append(float("inf") if found.status == 3 else float(cost @ found.x))
            assert found.status in (0, 3), f"what is published contradicts itself: {found.message}"
        return ends[0], ends[1]


def step_up(amount: float) -> float:
    """The first of 1, 2, 5, 10, 20 … (and of .5, .2, .1 …) that is not below an amount."""
    power = 10.0 ** np.floor(np.log10(amount)) if amount else 0.0
    return next((s * power for s in (1, 2, 5, 10) if s * power >= amount - 1e-9), 0.0)


def steps(largest: Mapping[object, float], protection: float) -> dict[object, float]:
    """To what each row of a group with a total is rounded, from the largest amount in each."""
    share = 2 * protection * max(largest.values()) / max(len(largest) - 1, 1)
    return {row: step_up(max(amount, share)) for row, amount in largest.items()}


@dataclass(frozen=True)
class Published:
    """A row of a group of rows whose sum is published as it is.

    Attributes:
        people: who is in it.
        amount: what it says they have.
    """

    people: frozenset[str]
    amount: Decimal


def learn_group(
    puzzle: Puzzle,
    rows: Sequence[Published],
    truth: Mapping[str, Decimal],
    protection: float,
    total_is_fixed: bool = True,
) -> None:
    """Note what a group of rows tells: each is true within half its step, the greatest within all of
    the others', and their sum is as it is.

    Parameters:
        puzzle: to add to.
        rows: of the group.
        truth: amounts, from which an attacker who knows the steps has them.
        protection: of amounts.
        total_is_fixed: whether the attacker trusts that nothing else has changed in the total.
    """
    of = {r.people: max(float(abs(truth[p])) for p in r.people) for r in rows}
    step = steps(of, protection)
    sums = {r.people: sum((truth[p] for p in r.people), Decimal(0)) for r in rows}
    greatest = max(sums.values())
    for row in rows:
        half = step[row.people] / 2
        if sums[row.people] == greatest:
            half = sum(step.values()) / 2
        puzzle.learn(row.people, float(row.amount) - half - 1e-6, float(row.amount) + half + 1e-6)
    if total_is_fixed:
        total = float(sum(r.amount for r in rows))
        everybody = frozenset().union(*(r.people for r in rows))
        puzzle.learn(everybody, total - 1e-6, total + 1e-6)
