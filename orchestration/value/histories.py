"""Purchase histories as the models see them: how many customers bought how often, and when last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import digamma, gammaln

Floats = np.ndarray[Any, np.dtype[np.float64]]
DAYS_PER_UNIT = 7.0
"""Models count time in weeks, as the literature does, so that parameters can be compared with it.
Days are kept as fractions of a week."""


@dataclass(frozen=True)
class Histories:
    """Groups of customers with the same history, all arrays of one length.

    Attributes:
        frequency: repeat purchases, x; purchases of one day count once, the first is no repeat.
        recency: weeks from the first purchase to the last, t_x; 0 without a repeat.
        age: weeks from the first purchase to the end of observation, T.
        weight: customers in the group.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    weight: Floats
    _distinct: Floats = field(init=False, repr=False)
    _place: np.ndarray[Any, np.dtype[np.intp]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        distinct, place = np.unique(self.frequency, return_inverse=True)
        object.__setattr__(self, "_distinct", distinct)
        object.__setattr__(self, "_place", place)

    @classmethod
    def of_days(cls, frequency: Any, recency_days: Any, age_days: Any, weight: Any) -> Histories:
        """Histories from whole or fractional days.

        Parameters:
            frequency: repeat purchases.
            recency_days: days from the first to the last purchase.
            age_days: days from the first purchase to the end of observation.
            weight: customers in each group.
        """
        return cls(
            np.asarray(frequency, float),
            np.asarray(recency_days, float) / DAYS_PER_UNIT,
            np.asarray(age_days, float) / DAYS_PER_UNIT,
            np.asarray(weight, float),
        )

    @property
    def distinct_frequencies(self) -> Floats:
        """The values of frequency, each once, ascending."""
        return self._distinct

    def spread(self, per_frequency: Any) -> Any:
        """Values per distinct frequency as values per group, along the first axis."""
        return per_frequency[self._place]

    def log_gamma(self, shift: float) -> Floats:
        """ln Γ(frequency + shift), computed once per distinct frequency."""
        return np.asarray(self.spread(gammaln(self._distinct + shift)))

    def digamma(self, shift: float) -> Floats:
        """ψ(frequency + shift), computed once per distinct frequency."""
        return np.asarray(self.spread(digamma(self._distinct + shift)))


@dataclass(frozen=True)
class Spending:
    """Groups of repeat customers by what they spend, all arrays of one length.

    Attributes:
        frequency: repeat purchases, at least 1.
        mean_amount: mean amount of a repeat purchase, above 0, in the reporting currency.
        mean_log_amount: mean over the group's customers of ln(mean amount).
        weight: customers in the group.
    """

    frequency: Floats
    mean_amount: Floats
    mean_log_amount: Floats
    weight: Floats

    @classmethod
    def of(cls, frequency: Any, mean_amount: Any, weight: Any = None) -> Spending:
        """Spending of customers, or of groups of customers with exactly equal amounts."""
        amount = np.asarray(mean_amount, float)
        weights = np.ones_like(amount) if weight is None else np.asarray(weight, float)
        return cls(np.asarray(frequency, float), amount, np.log(amount), weights)
