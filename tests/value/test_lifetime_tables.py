"""The tables of lifetime value over real and over awkward purchases, built by dbt."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from orchestration.quality.suites import load_suite
from tests.value.conftest import END
from tests.value.lab import TABLES, Lab
from tests.value.purchases import Purchase


def test_published_figures_through_sql(lab: Lab) -> None:
    """Grouping, splitting and fitting in one: what the literature has for the 39 weeks."""
    found = {
        (model, name): value
        for model, name, value in lab.rows(
            "select model, parameter, value from value.clv_parameters where split = 'calibration'"
        )
    }
    for model, values in {
        "bg_nbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
        "pareto_nbd": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
        "gamma_gamma": {"p": 6.25, "q": 3.74, "gamma": 15.44},
    }.items():
        for name, value in values.items():
            assert found[model, name] == pytest.approx(value, rel=0.005), (model, name)
    assert lab.rows(
        "select count(*), sum(frequency)::int, sum(future_purchase_count)::int "
        "from value.clv_inputs where split = 'calibration'"
    ) == [(2357, 2457, 1882)]
    [(expected,)] = lab.rows(
        "select sum(bg_nbd_gamma_gamma_purchases) from value.clv_predictions "
        "where split = 'calibration'"
    )
    # As_of minus nine months is 1997-09-30; 273 days are the 39 weeks.
    assert expected == pytest.approx(1653, abs=1)


def test_the_backtest_finds_what_was_measured_by_hand(lab: Lab) -> None:
    """50.2 % of the held-out spending in the best tenth, 48.1 % by past spending (README)."""
    shares = dict(lab.rows("select model, top_decile_share from value.clv_backtest"))
    assert shares["bg_nbd_gamma_gamma"] == pytest.approx(0.502, abs=0.002)
    assert shares["past_revenue"] == pytest.approx(0.481, abs=0.004)
    [(champion, bias, status)] = lab.rows(
        "select model, bias, status from value.clv_backtest where is_champion"
    )
    assert status == "usable" and abs(bias) < 0.25
    # The baseline's total is off by more than half here, if not over all backtests.
    biases = dict(lab.rows("select model, bias from value.clv_backtest"))
    assert champion != "baseline" and biases["baseline"] < -0.5
    assert lab.rows("select distinct method from value.customer_lifetime_value") == [(champion,)]


def test_metrics_are_those_of_an_independent_count(lab: Lab) -> None:
    """Spearman, RMSE, bias and hits by numpy and scipy over the customers' rows."""
    import numpy as np
    from scipy.stats import spearmanr

    columns = lab.rows(
        "select past_revenue_amount::decimal(18, 2)::double, future_amount::double, profile_id "
        "from value.clv_predictions where split = 'calibration' order by profile_id"
    )
    predicted, actual = (np.array([row[n] for row in columns]) for n in (0, 1))
    by_actual = sorted(columns, key=lambda row: (-row[1], row[2]))
    so_far, high = 0.0, set()
    for _, amount, who in by_actual:
        if amount <= 0 or so_far >= 0.8 * actual.sum():
            break
        high.add(who)
        so_far += amount
    best = sorted(columns, key=lambda row: (-row[0], row[2]))[: len(high)]
    [(spearman, rmse, bias, hits, share, raw)] = lab.rows(
        "select spearman, rmse, bias, hit_rate, top_decile_share, uncorrected_bias "
        "from value.clv_backtest where model = 'past_revenue'"
    )
    [(correction,)] = lab.rows(
        "select tested_correction from value.clv_cutoffs "
        "where split = 'calibration' and model = 'past_revenue'"
    )
    assert spearman == pytest.approx(spearmanr(predicted, actual).statistic, abs=1e-9)
    assert raw == pytest.approx(predicted.sum() / actual.sum() - 1, rel=1e-9)
    top = [row[1] for row in sorted(columns, key=lambda row: (-row[0], row[2]))[:236]]
    assert share == pytest.approx(sum(top) / actual.sum(), rel=1e-9)
    corrected = predicted * correction
    assert rmse == pytest.approx(np.sqrt(np.mean((corrected - actual) ** 2)), rel=1e-4)
    assert bias == pytest.approx(corrected.sum() / actual.sum() - 1, abs=1e-4)
    assert hits == pytest.approx(len(high & {row[2] for row in best}) / len(high), abs=1e-12)


def test_methods_without_a_model_are_those_of_a_count_by_hand(
    lab: Lab, purchases: list[Purchase]
) -> None:
    """Past revenue and the baseline from the purchases themselves, nine months held out."""
    split, earlier = date(1997, 9, 30), date(1997, 3, 30)
    first: dict[str, date] = {}
    for who, on, _ in purchases:
        first[who] = min(on, first.get(who, on))
    spent = dict.fromkeys(first, 0.0)
    window = dict.fromkeys(first, 0.0)
    won, now, then = 0.0, set(), set()
    for who, on, amount in purchases:
        if on <= split:
            spent[who] += amount
            # Nine months before the split is before the first purchase of all.
            won += amount * (on > first[who])
        if earlier < on <= split:
            window[who] += amount
            now.add(who)
        if date(1996, 9, 30) < on <= earlier:
            then.add(who)
    retained = len(now & then) / len(then)
    total = sum(spent.values())
    for who, revenue, baseline in lab.rows(
        "select profile_id, past_revenue_amount, baseline_amount from value.clv_predictions "
        "where split = 'calibration'"
    ):
        assert revenue == pytest.approx(won * spent[who] / total, rel=1e-9, abs=1e-9)
        assert baseline == pytest.approx(window[who] * 9 / 6 * retained, rel=1e-9, abs=1e-9)


def test_the_same_purchases_in_another_order_give_the_same_bytes(
    lab: Lab, purchases: list[Purchase]
) -> None:
    before = {table: lab.content(table) for table in (*TABLES, "customer_lifetime_value")}
    lab.fill(random.Random(1).sample(purchases, len(purchases)), END)
    lab.build()
    assert {table: lab.content(table) for table in before} == before


def test_history_is_only_added_to_and_the_method_in_use_stays(
    lab: Lab, purchases: list[Purchase]
) -> None:
    """A full refresh keeps it, the same data add nothing, new data add a version.

    With a margin nobody can beat, the method of the last refresh stays, although it is not best.
    """
    before = lab.content("clv_backtest")
    lab.build("--full-refresh")
    assert lab.content("clv_backtest") == before
    lab.write(
        "update value.clv_backtest set is_champion = model = 'mbg_nbd_gamma_gamma'",
        "update value.clv_backtest set status = 'usable' where is_champion",
    )
    before = lab.content("clv_backtest")
    later = END + timedelta(days=1)
    lab.set(challenger_margin=1)
    lab.fill([*purchases, ("1", later, 12.0)], later)
    lab.build()
    after = lab.content("clv_backtest")
    assert len(after) == 2 * len(before) and set(before) < set(after)
    best = "select max(top_decile_share) from value.clv_backtest where status = 'usable'"
    assert (
        lab.rows(
            f"select model, top_decile_share < ({best} and refreshed_at = b.refreshed_at) "
            "from value.clv_backtest as b where is_champion order by refreshed_at"
        )
        == [("mbg_nbd_gamma_gamma", True)] * 2
    )


def short(purchases: list[Purchase]) -> list[Purchase]:
    return [p for p in purchases if p[1] <= date(1997, 5, 31)]


@pytest.mark.parametrize(
    ("name", "says"),
    [("short", "days of history"), ("one", "had come back"), ("none", "nobody had bought")],
)
def test_too_little_is_said_and_history_alone_is_published(
    lab: Lab, purchases: list[Purchase], name: str, says: str
) -> None:
    orders, end = {
        "short": (short(purchases), date(1997, 5, 31)),
        "one": ([("a", date(1996, 1, 1), 10.0), ("a", date(1998, 6, 1), 5.0)], END),
        "none": ([], END),
    }[name]
    lab.fill(orders, end)
    lab.build()
    assert lab.rows("select distinct status from value.clv_parameters") == [("too_little_data",)]
    reasons = [row[0] for row in lab.rows("select distinct reason from value.clv_parameters")]
    assert len(reasons) == 1 and (says in reasons[0] or "nobody had bought" in reasons[0])
    published = lab.rows(
        "select distinct method, predicted_clv_amount from value.customer_lifetime_value"
    )
    assert published == ([("historical_net_revenue", None)] if orders else [])
    assert lab.rows(
        "select distinct b.status from value.clv_backtest b join value.clv_parameters p "
        "using (version)"
    ) in ([("too_little_data",)], [])


def test_awkward_amounts_end_in_possible_values(lab: Lab, purchases: list[Purchase]) -> None:
    """Money back without a purchase, more back than bought, a fortune, a gift, all on one day."""
    day = date(1997, 3, 3)
    odd = [
        ("only back", day, -20.0),
        ("more back", day, 10.0), ("more back", day + timedelta(40), 5.0),
        ("more back", day + timedelta(80), -500.0),
        ("fortune", day, 1e9), ("fortune", day + timedelta(30), 9e11),
        ("gift", day, 0.0), ("gift", day + timedelta(9), 0.0),
        *[("one day", day, 3.0)] * 50,
        ("last day", END, 7.0),
    ]  # fmt: skip
    lab.fill([*purchases, *odd], END)
    lab.build()
    found = {
        who: (method, predicted, high)
        for who, method, predicted, high in lab.rows(
            "select profile_id, method, predicted_clv_amount, is_high_value "
            "from value.customer_lifetime_value"
        )
    }
    assert len(found) == 2357 + 6
    for who in ("only back", "more back"):
        assert found[who] == ("historical_net_revenue", None, False)
    assert all(predicted >= 0 for _, predicted, _ in found.values() if predicted is not None)
    assert lab.rows(
        "select profile_id, frequency, mean_repeat_amount::double from value.clv_inputs "
        "where split = 'refresh' and profile_id in ('more back', 'gift', 'one day', 'last day') "
        "order by profile_id"
    ) == [("gift", 1, 0.0), ("last day", 0, None), ("one day", 0, None)]


def test_limits_of_the_gate_are_those_of_the_settings() -> None:
    promise = next(
        p for p in load_suite("value") if p.name == "only_tested_predictions_are_published"
    )
    assert promise.severity == "critical" and "largest_bias" in promise.query
