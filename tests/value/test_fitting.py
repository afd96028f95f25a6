"""A fit that runs away is noticed, with a reason, and never looks usable."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.value.beta_geometric import BG_NBD, beta_quadrature
from orchestration.value.clv_groups import groups_in
from orchestration.value.fitting import DIVERGED, LIMIT, Fit, fit_histories, fit_spending
from orchestration.value.gamma_gamma import GAMMA_GAMMA, expected_amount
from orchestration.value.histories import Histories, Spending
from orchestration.value.lifetime_models import PURCHASE_MODELS, expected_purchases
from orchestration.value.nbd import NBD
from tests.conftest import require_shared
from tests.demo.demo_files import Company as DemoFiles
from tests.value.purchases import count, simulated


def invoices_sql() -> str:
    path = require_shared("online_retail") / "online_retail.parquet"
    return f"select * from '{path}'"


def test_online_retail_totals_and_the_runaway_fit() -> None:
    """The plain BG/NBD has no summit on these wholesalers: b grows without end."""
    with duckdb.connect() as con:
        con.execute("create table lines as " + invoices_sql())
        [(lines, cancelled, amount)] = con.execute(
            "select count(*), count(*) filter (where InvoiceNo like 'C%'), "
            "sum((Quantity * UnitPrice)::decimal(18, 3)) from lines"
        ).fetchall()
        assert (lines, cancelled, round(float(amount), 2)) == (541_909, 9_288, 9_747_747.93)
        rows = con.execute(
            "select CustomerID::varchar, InvoiceDate::date, sum(Quantity * UnitPrice) from lines "
            "where CustomerID is not null and Quantity > 0 and UnitPrice > 0 group by all"
        ).fetchall()
    counted = count(rows, date(2011, 8, 31))
    assert len(counted.frequency) == 3317 and counted.held_out.sum() == 4806
    fit = fit_histories(BG_NBD, counted.histories)
    assert fit.status == DIVERGED and not fit.usable
    assert fit.reason


def test_customers_who_never_leave_have_no_dropout_to_learn() -> None:
    random = np.random.default_rng(3)
    rate, age = random.gamma(2.0, 0.1, 2000), random.uniform(20, 80, 2000)
    x = random.poisson(rate * age).astype(float)
    # The last of x uniform moments.
    last = np.where(x > 0, age * random.uniform(size=2000) ** (1 / np.maximum(x, 1)), 0)
    fits = [fit_histories(m, Histories(x, last, age, np.ones(2000))) for m in PURCHASE_MODELS]
    assert [f.status for f in fits] == [DIVERGED] * 3
    assert all(f.reason for f in fits)


def test_nobody_came_back() -> None:
    age = np.linspace(1, 60, 50)
    nobody = Histories(np.zeros(50), np.zeros(50), age, np.ones(50))
    assert [fit_histories(m, nobody).usable for m in PURCHASE_MODELS] == [False] * 3


def test_nobody_leaving_leaves_the_model_without_dropout() -> None:
    """Also where everybody buys at one rate, as subscribers do: then it is a Poisson process."""
    random = np.random.default_rng(3)
    age = random.uniform(20, 80, 2000)
    for rate in (random.gamma(2.0, 0.1, 2000), np.full(2000, 0.3)):
        x = random.poisson(rate * age).astype(float)
        last = np.where(x > 0, age * random.uniform(size=2000) ** (1 / np.maximum(x, 1)), 0)
        h = Histories(x, last, age, np.ones(2000))
        fit = fit_histories(NBD, h)
        assert fit.usable
        expected = expected_purchases(NBD, fit.array, h, 26.0).sum()
        assert expected == pytest.approx(26 * rate.sum(), rel=0.03)


def test_subscribers_at_one_pace_who_leave_keep_a_model_with_dropout() -> None:
    """A purchase every month until they leave: rates don't differ, dropout does explain."""
    random = np.random.default_rng(4)
    age, life = random.uniform(20, 100, 3000), random.exponential(60, 3000)
    x = np.floor(np.minimum(age, life) / 4.35)
    h = Histories(x, x * 4.35, age, np.ones(3000))
    fits = [fit_histories(model, h) for model in PURCHASE_MODELS]
    limit = next(f for f in fits if f.status == LIMIT)
    assert "one rate" in limit.reason
    model = PURCHASE_MODELS[fits.index(limit)]
    future = np.where(life > age, np.floor(np.minimum(age + 26, life) / 4.35) - x, 0).sum()
    assert expected_purchases(model, limit.array, h, 26.0).sum() == pytest.approx(future, rel=0.2)


def limit_expects(m: Spending, frequency: float, amount: float) -> float:
    fit = fit_spending(GAMMA_GAMMA, m)
    assert fit.status == LIMIT and "limit" in fit.reason
    [expected] = expected_amount(fit.array, np.array([frequency]), np.array([amount]))
    return float(expected)


def test_the_limit_of_equal_amounts_is_the_amount() -> None:
    equal = Spending.of(np.full(200, 3.0), np.full(200, 25.0))
    assert limit_expects(equal, 0, 0) == pytest.approx(25)
    assert limit_expects(equal, 3, 25) == pytest.approx(25)


def test_who_is_faithful_to_a_price_goes_on_at_it() -> None:
    random = np.random.default_rng(1)
    x = random.integers(1, 9, 500).astype(float)
    prices = Spending.of(x, random.choice([9.0, 19.0, 49.0], 500))
    assert limit_expects(prices, 2, 49) == pytest.approx(49, rel=0.01)
    assert limit_expects(prices, 0, 0) == pytest.approx(prices.mean_amount.mean())


def test_where_only_chance_differs_everybody_goes_on_at_the_mean() -> None:
    random = np.random.default_rng(2)
    x = random.integers(1, 9, 4000).astype(float)
    chance = Spending.of(x, random.gamma(5 * x) / 5 / x * 20)
    assert limit_expects(chance, 2, 60) < 26


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 100_000), st.integers(0, 5_000), st.integers(0, 5_000),
            st.integers(1, 10**9),
        ),
        min_size=1,
        max_size=8,
    )
)  # fmt: skip
def test_no_history_breaks_a_fit(groups: list[tuple[int, int, int, int]]) -> None:
    """Extreme counts, ages and weights end in a judgement, never in an error or in nan."""
    x, a, b, w = (np.array(v, float) for v in zip(*groups, strict=True))
    recency, age = np.where(x > 0, np.minimum(a, b), 0), np.maximum(a, b)
    h = Histories.of_days(x, recency, age, w)
    for model in PURCHASE_MODELS:
        fit = fit_histories(model, h)
        assert fit.usable or fit.reason
        if fit.usable:
            expected = expected_purchases(model, fit.array, h, 52.0, 0.002)
            alive = model.probability_alive(fit.array, h)
            assert np.all(np.isfinite(expected)) and np.all(expected >= 0)
            assert np.all((alive >= 0) & (alive <= 1))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 50), st.floats(0.01, 5000))
def test_quadrature_has_the_moments_of_beta(a: float, b: float) -> None:
    nodes, weights = beta_quadrature(a, b, 16)
    assert weights.sum() == pytest.approx(1)
    assert (weights * nodes).sum() == pytest.approx(a / (a + b), rel=1e-6)
    second = a * (a + 1) / ((a + b) * (a + b + 1))
    assert (weights * nodes**2).sum() == pytest.approx(second, rel=1e-6)


def grouped(h: Histories, order: np.ndarray) -> Histories:  # type: ignore[type-arg]
    return Histories(h.frequency[order], h.recency[order], h.age[order], h.weight[order])


def test_weights_stand_for_customers() -> None:
    """A group of n is n customers, and the order of groups changes nothing that is shown."""
    random = np.random.default_rng(5)
    h = simulated(400, (0.8, 8.0, 0.9, 3.0), at_once=False, seed=5)
    w = random.integers(1, 5, 400)
    x, recency, age = (np.repeat(v, w) for v in (h.frequency, h.recency, h.age))
    repeated = Histories(x, recency, age, np.ones(w.sum()))
    weighted = Histories(h.frequency, h.recency, h.age, w.astype(float))
    fits: list[Fit] = [
        fit_histories(BG_NBD, data)
        for data in (repeated, weighted, grouped(weighted, random.permutation(400)))
    ]
    assert fits[0].usable
    for fit in fits[1:]:
        assert fit.values == pytest.approx(fits[0].values, rel=1e-5)
        assert fit.log_likelihood == pytest.approx(fits[0].log_likelihood or 0, abs=1e-6)


@pytest.mark.parametrize("most", [12_000, 6_000])
def test_bins_change_estimates_by_less_than_chance_does(most: int) -> None:
    h = simulated(30_000, (0.6, 9.0, 0.8, 2.8), at_once=False, seed=8)
    age = np.floor(7 * h.age).astype(int)
    recency = np.minimum(np.ceil(7 * h.recency).astype(int), age)
    rows = pa.table(
        {
            "split": ["refresh"] * len(age), "frequency": h.frequency.astype(int),
            "recency_days": recency, "age_days": age,
            "mean_repeat_amount": np.where(h.frequency > 0, 10.0 + recency, np.nan),
        }
    )  # fmt: skip
    with duckdb.connect() as con:
        con.register("inputs", rows)
        exact, binned = (groups_in(con, "inputs", "refresh", n) for n in (10**9, most))
    assert exact.bin_days == 0 and binned.bin_days > 0
    assert len(binned.histories.weight) <= most < len(exact.histories.weight)
    for groups in (exact, binned):
        assert groups.customers == len(age) and groups.repeaters == (h.frequency > 0).sum()
    for model in PURCHASE_MODELS:
        whole, some = (fit_histories(model, g.histories, coarse=g.coarse) for g in (exact, binned))
        assert whole.usable and some.usable
        for value, other, error in zip(whole.values, some.values, whole.errors, strict=True):
            assert abs(np.log(value / other)) < 0.3 * error


def test_the_demo_companys_parameters_lie_in_the_intervals(
    demo_files: DemoFiles,
) -> None:
    """Orders as generated, by the true buyer. Chance exceeds 3.5 errors once in 2,000 times."""
    owners = demo_files.owners("web_shop")
    orders: dict[str, list[tuple[str, float]]] = {}
    for row in demo_files.rows("web_shop/orders"):
        if row["status"] == "completed":
            buyer = owners[row["customer_id"]]
            orders.setdefault(buyer, []).append((row["ordered_at"], float(row["total_amount"])))
    end = np.datetime64(demo_files.end)
    week = np.timedelta64(7 * 86400, "s")
    first, last = (
        np.array([pick(o)[0][:19] for o in orders.values()], "datetime64[s]") for pick in (min, max)
    )
    x = np.array([len(o) - 1.0 for o in orders.values()])
    h = Histories(x, (last - first) / week, np.asarray((end - first) / week), np.ones(len(x)))
    means = np.array([np.mean([v for _, v in o]) for o in orders.values()])
    fits = [
        (fit_histories(BG_NBD, h), demo_files.parameters["bg_nbd"]),
        (
            fit_spending(GAMMA_GAMMA, Spending.of(x + 1, means)),
            demo_files.parameters["gamma_gamma"],
        ),
    ]
    for fit, stated in fits:
        assert fit.usable, fit.reason
        for name, value, error in zip(fit.names, fit.values, fit.errors, strict=True):
            assert abs(np.log(value / stated[name])) < 3.5 * error, name
