"""The orders in the files follow BG/NBD x Gamma-Gamma with the parameters that are stated.

The likelihoods are written out here (Fader, Hardie and Lee 2005; Fader and Hardie 2013) and know
nothing of the generator. Besides tolerances, the likelihood ratio of the stated parameters against
the fitted ones must be one that chance explains: it sees deviations that no tolerance would.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import betainc, chdtri, gammainc, gammaln, kolmogorov

from tests.demo.demo_files import Company

WEEK = 7 * 86400.0
UNLIKELY = 1e-5
"""Chance that a test of a right generator fails, had its seed not been chosen before."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


@pytest.fixture(scope="module")
def histories(company: Company) -> dict[str, Floats]:
    """Per buyer: repeat orders x, week of the last t_x, weeks observed, mean order value."""
    owners = company.owners("web_shop")
    orders: dict[str, list[tuple[float, float]]] = {}
    for row in company.rows("web_shop/orders"):
        if row["status"] == "completed":
            at = datetime.fromisoformat(row["ordered_at"]).timestamp() / WEEK
            orders.setdefault(owners[row["customer_id"]], []).append(
                (at, float(row["total_amount"]))
            )
    end = datetime.fromisoformat(company.end).timestamp() / WEEK
    spans = [(min(times), max(times)) for times in ([t for t, _ in o] for o in orders.values())]
    return {
        "x": np.array([len(o) - 1.0 for o in orders.values()]),
        "t_x": np.array([last - first for first, last in spans]),
        "weeks": np.array([end - first for first, _ in spans]),
        "mean": np.array([sum(v for _, v in o) / len(o) for o in orders.values()]),
    }


def bg_nbd_loss(log_parameters: Floats, h: dict[str, Floats]) -> float:
    r, alpha, a, b = np.exp(log_parameters)
    x, t_x, weeks = h["x"], h["t_x"], h["weeks"]
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    beta_part = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + weeks)
    gone = np.log(a / (b + np.maximum(x, 1) - 1)) - (r + x) * np.log(alpha + t_x)
    return -float(np.sum(shared + beta_part + np.where(x > 0, np.logaddexp(alive, gone), alive)))


def gamma_gamma_loss(log_parameters: Floats, h: dict[str, Floats]) -> float:
    p, q, scale = np.exp(log_parameters)
    n, mean = h["x"] + 1, h["mean"]
    return -float(
        np.sum(
            gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(scale)
            + (p * n - 1) * np.log(mean) + p * n * np.log(n)
            - (p * n + q) * np.log(scale + mean * n)
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("loss", "part", "tolerances"),
    [
        (bg_nbd_loss, "bg_nbd", {"r": 0.08, "alpha": 0.10, "a": 0.25, "b": 0.30}),
        (gamma_gamma_loss, "gamma_gamma", {"p": 0.05, "q": 0.08, "gamma": 0.12}),
    ],
)
def test_stated_parameters_are_recovered(
    company: Company, histories: dict[str, Floats], loss: Any, part: str, tolerances: dict[str, Any]
) -> None:
    stated = company.parameters[part]
    assert len(histories["x"]) > 20_000
    truth = np.log([stated[name] for name in tolerances])
    fit = minimize(loss, np.zeros(len(truth)), args=(histories,), method="L-BFGS-B")
    for name, found in zip(tolerances, np.exp(fit.x), strict=True):
        assert found == pytest.approx(stated[name], rel=tolerances[name]), name
    likelihood_ratio = 2 * (loss(truth, histories) - fit.fun)
    assert 0 <= likelihood_ratio < chdtri(len(truth), UNLIKELY)


def test_rates_of_people_follow_their_distributions(company: Company) -> None:
    s = {**company.parameters["bg_nbd"], **company.parameters["gamma_gamma"]}
    buyers = [row for row in company.people if row["is_buyer"] == "true"]
    curves: list[tuple[str, Any]] = [
        ("purchase_rate_per_week", lambda rate: gammainc(s["r"], s["alpha"] * rate)),
        ("dropout_probability", lambda p: betainc(s["a"], s["b"], p)),
        ("spend_rate", lambda rate: gammainc(s["q"], s["gamma"] * rate)),
    ]
    for column, distribution in curves:
        # Kolmogorov and Smirnov: the largest distance between the drawn and the stated curve.
        stated = distribution(np.sort([float(row[column]) for row in buyers]))
        steps = np.arange(len(buyers) + 1) / len(buyers)
        distance = max(np.max(steps[1:] - stated), np.max(stated - steps[:-1]))
        assert kolmogorov(np.sqrt(len(buyers)) * distance) > UNLIKELY, column
