"""Gamma-Gamma: what customers spend per purchase.

Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), note 025. Amounts of a customer
are Gamma(p, ν) with ν ~ Gamma(q, γ), independent of how often the customer buys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from orchestration.value.histories import Floats, Spending

EQUAL = 1e-9
MOST_PURCHASES = 1e6


@dataclass(frozen=True)
class GammaGamma:
    """The model; γ has the unit of the amounts."""

    name: str = "gamma_gamma"
    label: str = "Gamma-Gamma"
    parameters: tuple[str, ...] = ("p", "q", "gamma")

    def starts(self, spending: Spending) -> list[Floats]:
        """Where to begin, from the mean amount."""
        mean = float(np.average(spending.mean_amount, weights=spending.weight))
        return [np.array([p, q, mean * (q - 1) / p]) for p, q in ((6.0, 4.0), (1.5, 2.5))]

    def log_likelihood(self, parameters: Floats, m: Spending) -> tuple[float, Floats]:
        """Log likelihood of the mean amounts and its gradient by p, q, γ.

        Parameters:
            parameters: p, q, γ.
            m: spending of repeat customers.
        """
        p, q, gamma = parameters
        x, w = m.frequency, m.weight
        # Groups by amount hold many frequencies each, so nothing is gained by distinct ones here.
        px = p * x
        total = np.log(gamma + x * m.mean_amount)
        value = (
            gammaln(px + q)
            - gammaln(px)
            - gammaln(q)
            + q * np.log(gamma)
            + (px - 1) * m.mean_log_amount
            + px * np.log(x)
            - (px + q) * total
        )
        grown = digamma(px + q)
        gradient = (
            x * (grown - digamma(px) + m.mean_log_amount + np.log(x) - total),
            grown - digamma(q) + np.log(gamma) - total,
            q / gamma - (px + q) / (gamma + x * m.mean_amount),
        )
        return float(np.sum(w * value)), np.array([np.sum(w * g) for g in gradient])


def expected_amount(parameters: Floats, frequency: Floats, mean_amount: Floats) -> Floats:
    """Expected amount of a future purchase: the mean of everybody, moved by what was seen.

    Parameters:
        parameters: p, q above 1, γ.
        frequency: repeat purchases; 0 gives the mean of everybody.
        mean_amount: mean amount of the repeat purchases, at least 0.
    """
    p, q, gamma = parameters
    expected: Floats = p * (gamma + frequency * mean_amount) / (p * frequency + q - 1)
    return expected


def limit_of(m: Spending) -> tuple[float, float]:
    """What the model comes to at its bounds: credibility after Bühlmann, by moments.

    Customers differ from everybody's mean by what they are and by chance, which falls with the
    number of purchases; a line through the squared differences over its inverse tells the two.

    Parameters:
        m: spending of repeat customers.

    Returns:
        Everybody's mean amount, and how many purchases of a customer's own it weighs as much as:
        next to none where customers are faithful to an amount, very many where all are alike.
    """
    mean = float(np.average(m.mean_amount, weights=m.weight))
    away, chance = (m.mean_amount - mean) ** 2, 1 / m.frequency
    weights = m.weight / m.weight.sum()
    spread = float(weights @ away)
    if spread <= EQUAL * mean**2:
        return mean, MOST_PURCHASES
    leaning = chance - weights @ chance
    steepness = float(weights @ leaning**2)
    # Where all came back equally often nothing tells the two; then they are taken for equal.
    if steepness < EQUAL:
        return mean, float(weights @ m.frequency)
    by_chance = max(float(weights @ (leaning * away)) / steepness, 0.0)
    by_customer = max(spread - by_chance * float(weights @ chance), 0.0)
    ratio = by_chance / max(by_customer, EQUAL * spread)
    return mean, float(np.clip(ratio, 1 / MOST_PURCHASES, MOST_PURCHASES))


GAMMA_GAMMA = GammaGamma()
