"""Precision and recall from labelled pairs, with intervals of 95 per cent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Z = 1.959964
DRAWS = 4000
METHODS = {
    False: "Wilson intervals; each labelled pair counts once",
    True: "each stratum counts by its size; intervals by simulation of the pairs that nobody "
    "labelled, with Jeffreys' prior in each stratum",
}
"""How intervals are made, by whether the pairs were drawn in strata."""


@dataclass(frozen=True)
class Cell:
    """Labelled pairs of a stratum.

    Attributes:
        size: pairs of the stratum, labelled or not; None for pairs that somebody chose.
        joined_matches: one person's and joined.
        joined_others: two people's and joined.
        missed_matches: one person's and apart.
        others: two people's and apart.
    """

    size: int | None
    joined_matches: int
    joined_others: int
    missed_matches: int
    others: int

    @property
    def labelled(self) -> int:
        """All of its labelled pairs."""
        return self.joined_matches + self.joined_others + self.missed_matches + self.others

    @property
    def weight(self) -> float:
        """How many pairs a labelled one stands for."""
        return 1.0 if self.size is None else max(self.size, self.labelled) / self.labelled


@dataclass(frozen=True)
class Estimate:
    """A share and where it lies with 95 per cent; no value where there is nothing to count.

    Attributes:
        value: the estimate.
        low: lower end.
        high: upper end.
        pairs: labelled pairs it rests on.
    """

    value: float | None
    low: float
    high: float
    pairs: int


def wilson(hits: int, count: int) -> Estimate:
    """The share of hits, with the interval of Wilson's score."""
    if not count:
        return Estimate(None, 0.0, 1.0, 0)
    share = hits / count
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * math.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    # Rounding must not put the share itself outside.
    return Estimate(share, max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0),
                    count)  # fmt: skip


def precision_and_recall(cells: Sequence[Cell]) -> tuple[Estimate, Estimate]:
    """Both over the pairs that the cells stand for.

    Parameters:
        cells: one per stratum, or one without size.
    """
    hits = sum(cell.joined_matches for cell in cells)
    joined = hits + sum(cell.joined_others for cell in cells)
    matches = hits + sum(cell.missed_matches for cell in cells)
    if all(cell.size is None for cell in cells):
        return wilson(hits, joined), wilson(hits, matches)
    weighed = np.array(
        [
            [
                cell.weight * n
                for n in (cell.joined_matches, cell.joined_others, cell.missed_matches)
            ]
            for cell in cells
        ]
    ).sum(axis=0)
    drawn = np.sum(
        [_simulated(cell, np.random.default_rng([i, DRAWS])) for i, cell in enumerate(cells)],
        axis=0,
    )
    found = []
    for other, count in ((1, joined), (2, matches)):
        whole = drawn[0] + drawn[other]
        shares = np.divide(drawn[0], whole, out=np.ones(DRAWS), where=whole > 0)
        low, high = np.quantile(shares, (0.025, 0.975))
        if not count:
            found.append(Estimate(None, 0.0, 1.0, 0))
            continue
        value = float(weighed[0] / (weighed[0] + weighed[other]))
        found.append(Estimate(value, min(float(low), value), max(float(high), value), count))
    return found[0], found[1]


def _simulated(cell: Cell, dice: np.random.Generator) -> np.ndarray:
    """Draws of the pairs of a stratum: joined matches, other joined ones, missed matches.

    What is labelled is known. Of the rest, how many are joined is known where all labelled pairs
    are, since strata are drawn apart by it; how many are matches follows the labelled ones.
    """
    rest = max((cell.size or 0) - cell.labelled, 0)
    joined = cell.joined_matches + cell.joined_others
    apart = cell.missed_matches + cell.others
    share = dice.beta(joined, apart, DRAWS) if joined and apart else np.full(DRAWS, joined > 0)
    joined_rest = dice.binomial(rest, share)
    hits = dice.binomial(
        joined_rest, dice.beta(cell.joined_matches + 0.5, cell.joined_others + 0.5, DRAWS)
    )
    missed = dice.binomial(
        rest - joined_rest, dice.beta(cell.missed_matches + 0.5, cell.others + 0.5, DRAWS)
    )
    return np.stack(
        [
            cell.joined_matches + hits,
            cell.joined_others + joined_rest - hits,
            cell.missed_matches + missed,
        ]
    )
