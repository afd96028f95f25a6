"""The fits come back to what the literature published for CDNOW, and to the closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, gammaln, hyp2f1

from orchestration.value.beta_geometric import BG_NBD, MBG_NBD
from orchestration.value.fitting import fit_histories, fit_spending
from orchestration.value.gamma_gamma import GAMMA_GAMMA, expected_amount
from orchestration.value.histories import Histories
from orchestration.value.lifetime_models import ALL_PURCHASE_MODELS, expected_purchases
from orchestration.value.pareto import PARETO_NBD
from tests.conftest import require_shared
from tests.value.purchases import (
    CALIBRATION_END,
    HOLDOUT_WEEKS,
    Counted,
    cdnow,
    composite,
    count,
    simulated,
)

PUBLISHED = {
    "bg_nbd": ((0.243, 4.414, 0.793, 2.426), -9582.4),
    "pareto_nbd": ((0.553, 10.578, 0.606, 11.669), -9595.0),
}
SPENDING = (6.25, 3.74, 15.44)


@pytest.fixture(scope="module")
def sample() -> Counted:
    return count(cdnow(require_shared("cdnow")), CALIBRATION_END)


def test_purchases_of_one_day_count_as_one(sample: Counted) -> None:
    assert len(sample.frequency) == 2357
    assert sample.frequency.sum() == 2457 and sample.held_out.sum() == 1882


@pytest.mark.parametrize("model", [BG_NBD, PARETO_NBD], ids=lambda m: m.name)
def test_published_parameters_and_likelihood(sample: Counted, model: Any) -> None:
    parameters, log_likelihood = PUBLISHED[model.name]
    fit = fit_histories(model, sample.histories)
    assert fit.usable, fit.reason
    assert fit.values == pytest.approx(parameters, rel=0.005)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.05)
    for place, value in enumerate(parameters):
        lower, upper = fit.interval(place) or (0.0, 0.0)
        assert lower < value < upper


def test_published_spending(sample: Counted) -> None:
    spending = sample.spending
    assert spending.weight.sum() == 946
    fit = fit_spending(GAMMA_GAMMA, spending)
    assert fit.usable and fit.values == pytest.approx(SPENDING, rel=0.005)
    nobody = expected_amount(fit.array, np.array([0.0]), np.array([0.0]))
    assert nobody == pytest.approx([35.17], abs=0.01)


def test_published_holdout(sample: Counted) -> None:
    """1,653 expected repeats against 1,882; by past repeats as in the data set's README."""
    fit = fit_histories(BG_NBD, sample.histories)
    expected = expected_purchases(BG_NBD, fit.array, sample.histories, HOLDOUT_WEEKS)
    assert expected.sum() == pytest.approx(1653, abs=1)
    assert np.corrcoef(expected, sample.held_out)[0, 1] == pytest.approx(0.626, abs=0.001)
    means = [expected[np.minimum(sample.frequency, 7) == x].mean() for x in range(8)]
    published = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
    assert means == pytest.approx(published, abs=0.0006)


def test_worked_example() -> None:
    """Fader, Hardie and Lee's spreadsheet note: E[Y(39) | 2, 30.43, 38.86] = 1.226."""
    one = Histories(np.array([2.0]), np.array([30.43]), np.array([38.86]), np.ones(1))
    parameters = np.array(PUBLISHED["bg_nbd"][0])
    assert expected_purchases(BG_NBD, parameters, one, 39.0) == pytest.approx([1.226], abs=5e-4)


def test_composite_by_true_person_gives_the_same() -> None:
    counted = count(composite(require_shared("composite_cdnow_febrl")), CALIBRATION_END)
    assert len(counted.frequency) == 2357
    fit = fit_histories(BG_NBD, counted.histories)
    assert fit.values == pytest.approx(PUBLISHED["bg_nbd"][0], rel=0.01)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    spending = counted.spending
    assert spending.weight.sum() == 946
    assert fit_spending(GAMMA_GAMMA, spending).values == pytest.approx(SPENDING, rel=0.01)


def some_histories(count: int = 60, most: float = 300.0) -> Histories:
    random = np.random.default_rng(7)
    age = random.uniform(0.2, most, count)
    x = np.floor(np.exp(random.uniform(0, 6, count))) - 1
    return Histories(x, np.where(x > 0, age * random.uniform(0, 1, count), 0), age, np.ones(count))


PARAMETERS = [(0.24, 4.4, 0.8, 2.4), (0.6, 9.0, 0.8, 2.8), (3.0, 40.0, 0.2, 0.5), (0.1, 0.5, 2, 30)]


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_bg_nbd_is_the_textbooks(parameters: tuple[float, ...]) -> None:
    """Likelihood and expectation as the paper writes them, with the hypergeometric function."""
    r, alpha, a, b = parameters
    h = some_histories()
    for i in range(len(h.age)):
        x, recency, age = h.frequency[i], h.recency[i], h.age[i]
        one = Histories(*(v[i : i + 1] for v in (h.frequency, h.recency, h.age, h.weight)))
        first = (
            betaln(a, b + x) - betaln(a, b) + gammaln(r + x) - gammaln(r)
            + r * np.log(alpha) - (r + x) * np.log(alpha + age)
        )  # fmt: skip
        second = (
            betaln(a + 1, b + x - 1) - betaln(a, b) + gammaln(r + x) - gammaln(r)
            + r * np.log(alpha) - (r + x) * np.log(alpha + recency)
        ) if x > 0 else -np.inf  # fmt: skip
        found, _ = BG_NBD.log_likelihood(np.array(parameters), one)
        assert found == pytest.approx(np.logaddexp(first, second), rel=1e-10, abs=1e-9)
        odds = np.exp(second - first)
        t = 39.0
        series = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
        left = ((alpha + age) / (alpha + age + t)) ** (r + x)
        if a > 1 and np.isfinite(series):
            expected = (a + b + x - 1) / (a - 1) * (1 - left * series) / (1 + odds)
            assert expected_purchases(BG_NBD, np.array(parameters), one, t) == pytest.approx(
                [expected], rel=1e-5
            )


@pytest.mark.parametrize("parameters", [(0.55, 10.6, 0.6, 11.7), (1.2, 20, 1.2, 75), (2, 30, 3, 4)])
def test_pareto_nbd_is_its_integral(parameters: tuple[float, ...]) -> None:
    """The likelihood by an adaptive integrator over the moment of leaving, in plain numbers."""
    r, alpha, s, beta = parameters
    h = some_histories(40, 80.0)
    x = np.minimum(h.frequency, 60)
    for i in range(len(x)):
        one = Histories(x[i : i + 1], h.recency[i : i + 1], h.age[i : i + 1], np.ones(1))
        scale = (alpha + h.recency[i]) ** (r + x[i])

        def leaving(u: float, n: float = x[i], scale: float = scale) -> float:
            return float(s * scale * (alpha + u) ** -(r + n) * (beta + u) ** -(s + 1))

        gone, _ = quad(leaving, h.recency[i], h.age[i], epsabs=0, epsrel=1e-11, limit=500)
        alive = scale * (alpha + h.age[i]) ** -(r + x[i]) * (beta + h.age[i]) ** -s
        expected = (
            gammaln(r + x[i]) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
            - np.log(scale) + np.log(alive + gone)
        )  # fmt: skip
        found, _ = PARETO_NBD.log_likelihood(np.array(parameters), one)
        assert found == pytest.approx(expected, abs=1e-7)
        share = PARETO_NBD.probability_alive(np.array(parameters), one)
        assert share == pytest.approx([alive / (alive + gone)], rel=1e-7)


@pytest.mark.parametrize("model", ALL_PURCHASE_MODELS, ids=lambda m: m.name)
def test_gradients_are_those_of_the_likelihood(model: Any) -> None:
    h = some_histories()
    point = np.array([0.7, 8.0, 0.9, 3.0])[: len(model.parameters)]
    _, gradient = model.log_likelihood(point, h)
    for place, move in enumerate(np.eye(len(point)) * 1e-5):
        up, down = (model.log_likelihood(point + sign * move, h)[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("model", ALL_PURCHASE_MODELS, ids=lambda m: m.name)
def test_discounting(model: Any) -> None:
    """No discount gives the plain expectation; a discount the integral of the discounted rate."""
    h, point = some_histories(30, 100.0), np.array([0.7, 8.0, 0.9, 12.0])[: len(model.parameters)]
    plain = expected_purchases(model, point, h, 52.0)
    assert expected_purchases(model, point, h, 52.0, 1e-12) == pytest.approx(plain, rel=1e-7)
    delta = 0.002
    weeks = np.linspace(0, 52, 2001)
    alive = model.probability_alive(point, h)
    upto = [alive * model.expected_if_alive(point, h, w) if w else 0 * alive for w in weeks]
    gained = np.diff(np.array(upto), axis=0)
    middle = np.exp(-delta * (weeks[1:] + weeks[:-1]) / 2)
    by_steps = (gained * middle[:, None]).sum(axis=0)
    assert expected_purchases(model, point, h, 52.0, delta) == pytest.approx(by_steps, rel=1e-5)


@pytest.mark.parametrize("model", [BG_NBD, MBG_NBD], ids=lambda m: m.name)
def test_simulated_customers_come_back_to_their_parameters(model: Any) -> None:
    truth = (0.8, 8.0, 0.9, 3.0)
    fit = fit_histories(model, simulated(4000, truth, model.leaves_at_once, seed=11))
    assert fit.usable, fit.reason
    for name, value, error, stated in zip(fit.names, fit.values, fit.errors, truth, strict=True):
        assert abs(np.log(value / stated)) < 3 * error, name
