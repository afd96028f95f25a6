"""Pareto/NBD: customers who may leave at any moment.

Schmittlein, Morrison and Colombo, Management Science 33 (1987), 1-24; notation as in Fader and
Hardie, "A Note on Deriving the Pareto/NBD Model" (2005). A customer buys at rate λ ~ Gamma(r, α)
and leaves at rate μ ~ Gamma(s, β).

The likelihood of having left is an integral over the unknown moment u between the last purchase and
the end of observation,

    s α^r β^s Γ(r+x)/Γ(r) ∫ (α+u)^-(r+x) (β+u)^-(s+1) du,

which the literature writes with Gauss's hypergeometric function. Here it is integrated as it
stands: the integrand is positive and smooth, so nothing cancels or overflows for any counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from orchestration.value.histories import Floats, Histories

NODES = 16
LEAST_SLOPE = 0.03
CHUNK = 20_000
"""Groups integrated at a time; bounds the memory to some tens of megabytes."""
_POINTS, _WEIGHTS = (values for values in np.polynomial.legendre.leggauss(NODES))


@dataclass(frozen=True)
class Pareto:
    """The model; all parameters are positive."""

    name: str = "pareto_nbd"
    label: str = "Pareto/NBD"
    parameters: tuple[str, ...] = ("r", "alpha", "s", "beta")

    def starts(self, r: float, alpha: float) -> list[Floats]:
        """Where to begin, from an NBD without dropout."""
        return [np.array([r, alpha, *sb]) for sb in ((0.6, 12.0), (1.5, 30.0), (0.3, 3.0))]

    def log_likelihood(self, p: Floats, h: Histories) -> tuple[float, Floats]:
        """Log likelihood of the histories and its gradient by r, α, s, β.

        Parameters:
            p: r, α (weeks), s, β (weeks).
            h: histories.
        """
        r, alpha, s, beta = p
        x, w = h.frequency, h.weight
        alive = self._alive(p, h)
        gone, means = _gone(p, h)
        either = np.logaddexp(alive, gone)
        share_alive, share_gone = np.exp(alive - either), np.exp(gone - either)
        value = h.log_gamma(r) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + either
        gradient = (
            h.digamma(r)
            - digamma(r)
            + np.log(alpha)
            - share_alive * np.log(alpha + h.age)
            - share_gone * means[0],
            r / alpha - (r + x) * (share_alive / (alpha + h.age) + share_gone * means[1]),
            np.log(beta) - share_alive * np.log(beta + h.age) + share_gone * (1 / s - means[2]),
            s / beta - share_alive * s / (beta + h.age) - share_gone * (s + 1) * means[3],
        )
        return float(np.sum(w * value)), np.array([np.sum(w * g) for g in gradient])

    def _alive(self, p: Floats, h: Histories) -> Floats:
        r, alpha, s, beta = p
        alive: Floats = -(r + h.frequency) * np.log(alpha + h.age) - s * np.log(beta + h.age)
        return alive

    def probability_alive(self, p: Floats, h: Histories) -> Floats:
        """Probability that a customer has not left by the end of observation."""
        alive = self._alive(p, h)
        gone, _ = _gone(p, h)
        return np.exp(alive - np.logaddexp(alive, gone))

    def expected_if_alive(self, p: Floats, h: Histories, weeks: float) -> Floats:
        """Expected purchases in the next `weeks`, given that the customer is still there."""
        r, alpha, s, beta = p
        lasting = np.log1p(weeks / (beta + h.age))
        # (1 - e^((1-s) y)) / (s - 1), which is y for s = 1.
        gain = lasting if abs(s - 1) < 1e-9 else -np.expm1((1 - s) * lasting) / (s - 1)
        expected: Floats = (r + h.frequency) / (alpha + h.age) * (beta + h.age) * gain
        return expected

    def rate_if_alive(self, p: Floats, h: Histories, weeks: Floats) -> Floats:
        """Expected purchases per week at an instant `weeks` ahead, given alive at the end."""
        r, alpha, s, beta = p
        leaving = np.exp(-s * np.log1p(weeks / (beta + h.age)))
        rate: Floats = (r + h.frequency) / (alpha + h.age) * leaving
        return rate


def _gone(p: Floats, h: Histories) -> tuple[Floats, Floats]:
    """ln of the part of the likelihood of having left, and means over the moment of leaving.

    Over y = ln(m+u), with m the smaller of α and β, the integrand falls like e^(-k y) at first and
    more steeply later. So it is integrated over z = e^(-k y/3), which makes that part a power of z;
    the third takes the edge off what is left at z = 0 for large k. Any k is exact, a fitting one
    needs few nodes.

    Returns:
        The logarithm per group (-inf where the last purchase was the last day), and four rows: the
        means of ln(α+u), 1/(α+u), ln(β+u) and 1/(β+u) under the density of the moment.
    """
    result = np.empty_like(h.age)
    means = np.empty((4, len(h.age)))
    for start in range(0, len(h.age), CHUNK):
        part = slice(start, start + CHUNK)
        result[part], means[:, part] = _gone_part(
            p, h.frequency[part], h.recency[part], h.age[part]
        )
    return result, means


def _gone_part(p: Floats, x: Floats, recency: Floats, age: Floats) -> tuple[Floats, Floats]:
    r, alpha, s, beta = p
    base = min(alpha, beta)
    first = base + recency
    slope = first * ((r + x) / (alpha + recency) + (s + 1) / (beta + recency)) - 1
    k = np.maximum(slope, LEAST_SLOPE)[:, None] / 3
    length = -np.expm1(-k * np.log1p((age - recency) / first)[:, None])
    z = 1 - length * ((1 - _POINTS) / 2)
    log_z = np.log(z)
    log_u = np.log(first)[:, None] - log_z / k
    u = np.exp(log_u)
    # The other of α+u and β+u differs by a constant.
    v = u + abs(alpha - beta)
    log_v = np.log(v)
    if alpha > beta:
        u, v, log_u, log_v = v, u, log_v, log_u
    density = -(r + x)[:, None] * log_u - (s + 1) * log_v - log_z
    density += log_u if alpha <= beta else log_v
    top = density.max(axis=1, keepdims=True)
    shares = _WEIGHTS * np.exp(density - top)
    total = shares.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        log_integral = np.log(length / 2 * total / k) + top
    shares /= total
    means = np.array(
        [(shares * values).sum(axis=1) for values in (log_u, 1 / u, log_v, 1 / v)]
    )  # fmt: skip
    return np.log(s) + log_integral[:, 0], means


PARETO_NBD = Pareto()
