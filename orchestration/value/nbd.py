"""NBD: customers who never leave.

Ehrenberg, Applied Statistics 8 (1959), 26-41. A customer buys at rate λ ~ Gamma(r, α). It is what
the models with dropout come to where nobody leaves, so it stands where they have nothing to learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from orchestration.value.histories import Floats, Histories


@dataclass(frozen=True)
class Nbd:
    """The model; both parameters are positive."""

    name: str = "nbd"
    label: str = "NBD"
    parameters: tuple[str, ...] = ("r", "alpha")

    def starts(self, h: Histories) -> list[Floats]:
        """Where to begin, from the mean rate."""
        bought, observed = (float(np.sum(h.weight * v)) for v in (h.frequency, h.age))
        rate = max(bought, 0.5) / max(observed, 1.0)
        return [np.array([0.5, 0.5 / rate])]

    def log_likelihood(self, p: Floats, h: Histories) -> tuple[float, Floats]:
        """Log likelihood of the histories and its gradient by r, α.

        Parameters:
            p: r, α (weeks).
            h: histories.
        """
        r, alpha = p
        later = np.log(alpha + h.age)
        value = h.log_gamma(r) - gammaln(r) + r * np.log(alpha) - (r + h.frequency) * later
        gradient = (
            h.digamma(r) - digamma(r) + np.log(alpha) - later,
            r / alpha - (r + h.frequency) / (alpha + h.age),
        )
        return float(np.sum(h.weight * value)), np.array([np.sum(h.weight * g) for g in gradient])

    def probability_alive(self, p: Floats, h: Histories) -> Floats:
        """One: nobody leaves."""
        return np.ones_like(h.age)

    def expected_if_alive(self, p: Floats, h: Histories, weeks: float) -> Floats:
        """Expected purchases in the next `weeks`."""
        return self.rate_if_alive(p, h, np.zeros_like(h.age)) * weeks

    def rate_if_alive(self, p: Floats, h: Histories, weeks: Floats) -> Floats:
        """Expected purchases per week, the same at every instant."""
        r, alpha = p
        rate: Floats = (r + h.frequency) / (alpha + h.age)
        return rate


NBD = Nbd()
