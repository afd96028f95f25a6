"""Maximum likelihood with the means to notice when it has not worked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from orchestration.value.climbing import BOUNDS, Loss, climb, polish
from orchestration.value.gamma_gamma import limit_of
from orchestration.value.histories import Floats, Histories, Spending
from orchestration.value.nbd import NBD

NEAR_BOUND = 0.05
MOST_UNCERTAIN = 1.5
"""Standard error of a parameter's logarithm. Above it the parameter is known to a factor of twenty
either way, so the data don't say what it is."""
ALIKE = 100.0
"""From this r on rates differ by less than a tenth; how much less the data need not say."""
LIKELIHOOD_GAIN = 3.0
"""Half of the 5 % point of chi-squared with two degrees of freedom: dropout must explain that much
more than chance would."""
SAME_HEIGHT = 1e-9
"""Difference of log likelihoods per customer below which two climbs ended on the same summit."""
NORMAL_95 = 1.959964
CONVERGED, DIVERGED, TOO_LITTLE = "converged", "diverged", "too_little_data"
LIMIT = "limit"
"""The model has run to where a simpler one stands in its place, which is used."""
USABLE = (CONVERGED, LIMIT)


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
        status: `converged`, `limit`, `diverged` or `too_little_data`.
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
        return self.status in USABLE

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
    model: Any,
    h: Histories,
    warm: Fit | None = None,
    coarse: Histories | None = None,
    nbd: Fit | None = None,
) -> Fit:
    """Fit a purchase model; one with dropout is held against the NBD, which knows none.

    Parameters:
        model: a model of `lifetime_models.PURCHASE_MODELS`.
        h: histories.
        warm: an earlier fit of the model to nearly the same customers, to begin from.
        coarse: the same customers in fewer groups, for the search.
        nbd: the fit of the NBD to the same customers; made when it is not given.
    """
    coarse = coarse if coarse is not None else h
    scale = float(h.weight.sum())
    if model is NBD:
        return _maximise_warm(model, Data(h, coarse, scale, None), model.starts(h), warm)
    nbd = nbd or fit_histories(NBD, h, coarse=coarse)
    nested = nbd.log_likelihood or 0.0
    data = Data(h, coarse, scale, nested)
    fit = _maximise_warm(model, data, model.starts(*nbd.values), warm)
    if fit.usable and fit.log_likelihood is not None:
        gain = fit.log_likelihood - nested
        if gain < LIKELIHOOD_GAIN:
            return _diverged(
                fit, f"dropout explains nothing: the log likelihood is {gain:.2f} above that of a "
                f"model without dropout, and chance alone gives up to {LIKELIHOOD_GAIN:g}"
            )  # fmt: skip
    return fit


def fit_spending(model: Any, m: Spending, warm: Fit | None = None) -> Fit:
    """Fit the Gamma-Gamma model; where it has no summit, its limit is taken.

    Amounts that are equal, or alike for each customer, drive its parameters to their bounds. What
    it then expects is known: the customer's mean and everybody's, weighted.

    Parameters:
        model: `GAMMA_GAMMA`.
        m: spending of repeat customers.
        warm: an earlier fit to nearly the same customers, to begin from.
    """
    fit = _maximise_warm(model, Data(m, m, float(m.weight.sum()), None), model.starts(m), warm)
    if fit.usable and fit.values[1] <= 1:
        fit = _diverged(
            fit, f"q is {fit.values[1]:.3g}, and up to 1 the mean amount of customers is infinite"
        )
    if fit.usable:
        return fit
    mean, purchases = limit_of(m)
    return replace(
        fit, status=LIMIT, errors=(), values=(1.0, 1 + purchases, mean * purchases),
        reason=f"{fit.reason}; taken is the limit of the model: everybody's mean amount "
        f"{mean:,.2f} counts as much as {purchases:.3g} purchases of the customer's own",
    )  # fmt: skip


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
    if warm is not None and warm.status == CONVERGED:
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
    slope = loss(point)[1]
    reason = _fault(fit, point, slope, hessian)
    if reason and fit.names[0] == "r" and fit.values[0] > ALIKE:
        rest = np.arange(len(point)) > 1
        others = replace(fit, names=fit.names[2:], errors=errors[2:])
        if not _fault(others, point[rest], slope[rest], hessian[np.ix_(rest, rest)]):
            told = "customers buy at one rate, which is the limit of the model"
            return replace(fit, errors=(), status=LIMIT, reason=f"{reason}: {told}")
    return _diverged(fit, reason) if reason else fit


def too_little(model: Likelihood, reason: str) -> Fit:
    """The fit of a model that was not tried."""
    return Fit(model.name, model.parameters, status=TOO_LITTLE, reason=reason)


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
    if np.max(np.abs(slope), initial=0.0) > 1e-4:
        return "the optimiser found no summit: the slope is not zero where it stopped"
    if not np.all(np.isfinite(hessian)) or np.min(np.linalg.eigvalsh(hessian), initial=1.0) <= 0:
        return "the likelihood has no summit here (its Hessian is not positive definite)"
    for name, error in zip(fit.names, fit.errors, strict=True):
        if not error < MOST_UNCERTAIN:
            return (
                f"the data do not say what {name} is (the standard error of its logarithm is "
                f"{error:.2g})"
            )
    return ""


def _diverged(fit: Fit, reason: str) -> Fit:
    return replace(fit, status=DIVERGED, reason=reason)
