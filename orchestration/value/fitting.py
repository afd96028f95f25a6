"""Maximum likelihood with the means to notice when it has not worked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import digamma, gammaln

from orchestration.value.climbing import BOUNDS, Loss, climb, polish
from orchestration.value.histories import Floats, Histories, Spending

NEAR_BOUND = 0.05
MOST_UNCERTAIN = 1.5
"""Standard error of a parameter's logarithm. Above it the parameter is known to a factor of twenty
either way, so the data don't say what it is."""
LIKELIHOOD_GAIN = 3.0
"""Half of the 5 % point of chi-squared with two degrees of freedom: dropout must explain that much
more than chance would."""
SAME_HEIGHT = 1e-9
"""Difference of log likelihoods per customer below which two climbs ended on the same summit."""
NORMAL_95 = 1.959964
CONVERGED, DIVERGED, TOO_LITTLE = "converged", "diverged", "too_little_data"


class Likelihood(Protocol):
    """What can be maximised: a model with names."""

    @property
    def name(self) -> str:
        """Name in the tables."""

    @property
    def label(self) -> str:
        """Name for people."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, all positive."""

    def log_likelihood(self, p: Floats, data: Any, /) -> tuple[float, Floats]:
        """Log likelihood and gradient."""


@dataclass(frozen=True)
class Fit:
    """What fitting a model came to.

    Attributes:
        model: its name.
        names: of the parameters.
        values: the estimates; empty when there was too little data.
        errors: standard errors of the estimates' logarithms, from the inverse Hessian.
        log_likelihood: at the estimates, over all customers.
        nested: log likelihood of the simpler model it must beat, None without one.
        status: `converged`, `diverged` or `too_little_data`.
        reason: why it is not converged, in words; empty otherwise.
    """

    model: str
    names: tuple[str, ...]
    values: tuple[float, ...] = ()
    errors: tuple[float, ...] = ()
    log_likelihood: float | None = None
    nested: float | None = None
    status: str = CONVERGED
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether anything may be predicted with it."""
        return self.status == CONVERGED

    @property
    def array(self) -> Floats:
        """The estimates as an array."""
        return np.array(self.values)

    def interval(self, place: int) -> tuple[float, float] | None:
        """95 % interval of a parameter, normal on the logarithm; None when it can't be had."""
        if not self.errors or not np.isfinite(self.errors[place]):
            return None
        spread = np.exp(min(NORMAL_95 * self.errors[place], 700.0))
        return float(self.values[place] / spread), float(self.values[place] * spread)


def fit_histories(
    model: Any, h: Histories, warm: Fit | None = None, coarse: Histories | None = None
) -> Fit:
    """Fit a purchase model and hold it against the NBD, which knows no dropout.

    Parameters:
        model: a model of `lifetime_models.PURCHASE_MODELS`.
        h: histories.
        warm: an earlier fit of the model to nearly the same customers, to begin from.
        coarse: the same customers in fewer groups, for the search.
    """
    nested_values, nested = _nbd(h)
    data = Data(h, coarse if coarse is not None else h, float(h.weight.sum()), nested)
    fit = _maximise_warm(model, data, model.starts(*nested_values), warm)
    if fit.usable and fit.log_likelihood is not None:
        gain = fit.log_likelihood - nested
        if gain < LIKELIHOOD_GAIN:
            return _diverged(
                fit, f"dropout explains nothing: the log likelihood is {gain:.2f} above that of a "
                f"model without dropout, and chance alone gives up to {LIKELIHOOD_GAIN:g}"
            )  # fmt: skip
    return fit


def fit_spending(model: Any, m: Spending, warm: Fit | None = None) -> Fit:
    """Fit the Gamma-Gamma model.

    Parameters:
        model: `GAMMA_GAMMA`.
        m: spending of repeat customers.
        warm: an earlier fit to nearly the same customers, to begin from.
    """
    fit = _maximise_warm(model, Data(m, m, float(m.weight.sum()), None), model.starts(m), warm)
    if fit.usable and fit.values[1] <= 1:
        return _diverged(
            fit, f"q is {fit.values[1]:.3g}, and up to 1 the mean amount of customers is infinite"
        )
    return fit


@dataclass(frozen=True)
class Data:
    """What a likelihood is climbed over.

    Attributes:
        whole: all groups; the last steps and the judgement look at them.
        coarse: the groups that the search looks at.
        customers: likelihoods are divided by it, so that tolerances mean the same at any size.
        nested: log likelihood of the simpler model, kept with the fit.
    """

    whole: Any
    coarse: Any
    customers: float
    nested: float | None


def _maximise_warm(model: Any, data: Data, starts: list[Floats], warm: Fit | None) -> Fit:
    """Climb from an earlier summit; from everywhere when that ends in nothing."""
    if warm is not None and warm.usable:
        fit = maximise(model, data, [warm.array])
        if fit.usable:
            return fit
    return maximise(model, data, starts)


def maximise(model: Likelihood, data: Data, starts: Sequence[Floats]) -> Fit:
    """Climb from several starts until two reach the same height, take the highest, judge it."""

    def loss_over(groups: Any) -> Loss:
        def loss(log_p: Floats) -> tuple[float, Floats]:
            p = np.exp(log_p)
            value, gradient = model.log_likelihood(p, groups)
            if not np.isfinite(value):
                return 1e10, np.zeros_like(p)
            return -value / data.customers, -gradient * p / data.customers

        return loss

    search, loss = loss_over(data.coarse), loss_over(data.whole)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        tops: list[tuple[Floats, float]] = []
        for start in starts:
            tops.append(climb(search, np.clip(np.log(start), -6, 8)))
            if len(tops) > 1 and abs(tops[-1][1] - tops[-2][1]) < SAME_HEIGHT:
                break
        top = min(tops, key=lambda t: t[1])
        point, lowest, hessian = polish(loss, search, top[0])
    errors = _errors(hessian, data.customers)
    fit = Fit(
        model.name,
        model.parameters,
        tuple(float(v) for v in np.exp(point)),
        errors,
        -lowest * data.customers,
        data.nested,
    )
    reason = _fault(fit, point, loss(point)[1], hessian)
    return _diverged(fit, reason) if reason else fit


def too_little(model: Likelihood, reason: str) -> Fit:
    """The fit of a model that was not tried."""
    return Fit(model.name, model.parameters, status=TOO_LITTLE, reason=reason)


def _nbd(h: Histories) -> tuple[tuple[float, float], float]:
    bought, observed = (float(np.sum(h.weight * v)) for v in (h.frequency, h.age))
    rate = max(bought, 0.5) / max(observed, 1.0)
    scale = float(h.weight.sum())

    def loss(log_p: Floats) -> tuple[float, Floats]:
        r, alpha = np.exp(log_p)
        later = np.log(alpha + h.age)
        value = h.log_gamma(r) - gammaln(r) + r * np.log(alpha) - (r + h.frequency) * later
        gradient = np.array(
            [
                np.sum(h.weight * (h.digamma(r) - digamma(r) + np.log(alpha) - later)),
                np.sum(h.weight * (r / alpha - (r + h.frequency) / (alpha + h.age))),
            ]
        )
        return -float(np.sum(h.weight * value)) / scale, -gradient * np.exp(log_p) / scale

    point, value = climb(loss, np.log([0.5, 0.5 / rate]))
    r, alpha = np.exp(point)
    return (float(r), float(alpha)), -value * scale


def _errors(hessian: Floats, scale: float) -> tuple[float, ...]:
    try:
        variances = np.diag(np.linalg.inv(hessian * scale))
    except np.linalg.LinAlgError:
        return tuple(float("nan") for _ in hessian)
    return tuple(float(np.sqrt(v)) if v > 0 else float("nan") for v in variances)


def _fault(fit: Fit, point: Floats, slope: Floats, hessian: Floats) -> str:
    """What is wrong with a fit, in words; empty when nothing is."""
    if fit.log_likelihood is None or not np.isfinite(fit.log_likelihood):
        return "the likelihood is not finite"
    for name, at in zip(fit.names, point, strict=True):
        if at > BOUNDS[1] - NEAR_BOUND:
            return f"{name} grows without end (above {np.exp(at):,.0f})"
        if at < BOUNDS[0] + NEAR_BOUND:
            return f"{name} shrinks to nothing (below {np.exp(at):.4f})"
    if np.max(np.abs(slope)) > 1e-4:
        return "the optimiser found no summit: the slope is not zero where it stopped"
    if not np.all(np.isfinite(hessian)) or np.min(np.linalg.eigvalsh(hessian)) <= 0:
        return "the likelihood has no summit here (its Hessian is not positive definite)"
    for name, error in zip(fit.names, fit.errors, strict=True):
        if not error < MOST_UNCERTAIN:
            return (
                f"the data do not say what {name} is (the standard error of its logarithm is "
                f"{error:.2g})"
            )
    return ""


def _diverged(fit: Fit, reason: str) -> Fit:
    return Fit(
        fit.model, fit.names, fit.values, fit.errors, fit.log_likelihood, fit.nested, DIVERGED,
        reason,
    )  # fmt: skip
