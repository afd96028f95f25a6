"""What the report takes from the tables: rows of the version in use, in order, and their sums."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from orchestration.value.report import collect
from orchestration.value.report_page import ordered_curves

BACKTEST = """
    create schema value;
    create table value.clv_backtest as
    select *, date '2026-10-31' as refreshed_at, date '2026-04-30' as calibrated_until_on,
        date '2026-10-31' as evaluated_until_on
    from (values
        ('v1', 'recency', true, 'usable', 9.0, 'D', null),
        ('v2', 'baseline', false, 'usable', 0.7, 'B', null),
        ('v2', 'bg_nbd_gamma_gamma', true, 'usable', 0.6, 'A', null),
        ('v2', 'past_revenue', false, 'usable', 0.5, 'C', null),
        ('v2', 'mine', false, 'biased', 0.8, null, 'off by half')
    ) as t (version, model, is_champion, status, score, grade, reason);
    create table value.clv_parameters as
    select 'v2' as version, *, 1.0 as value, 0.5 as lower_value, 2.0 as upper_value,
        -9.5 as log_likelihood, 'converged' as status, null as reason, 0 as bin_days,
        20 as customer_count, 7 as repeat_customer_count, date '2026-10-31' as window_to
    from (values ('refresh', 'nbd', 'r'), ('calibration', 'nbd', 'r'), ('earlier_1', 'nbd', 'r'))
        as t (split, model, parameter);
    create table value.clv_calibration as
    select *, 0.8 as claimed_coverage, 0.79 as measured_coverage
    from (values
        ('bg_nbd_gamma_gamma', 2, 5, 20, 25), ('bg_nbd_gamma_gamma', 1, 5, 90, 75),
        ('baseline', 1, 5, 60, 40), ('baseline', 2, 5, 50, 60), ('mine', 1, 10, 5, 0)
    ) as t (model, decile, customer_count, predicted_amount, actual_amount);
    create table value.clv_cutoffs as
    select *, date '2026-04-30' as split_on, date '2026-10-31' as until_on, 20 as customer_count,
        -0.1 as bias, 0.5 as top_decile_share, 0.4 as spearman, 0.3 as one_time_spearman
    from (values
        ('calibration', 'bg_nbd_gamma_gamma'), ('earlier_1', 'bg_nbd_gamma_gamma'),
        ('calibration', 'recency'), ('calibration', 'baseline')
    ) as t (split, model);
    create table value.clv_coverage as
    from (values
        ('calibration', 'bg_nbd_gamma_gamma', 1, 10, 0.8, 0.7),
        ('calibration', 'bg_nbd_gamma_gamma', 2, 30, 0.84, 0.9),
        ('earlier_1', 'bg_nbd_gamma_gamma', 1, 10, 0.8, 0.8),
        ('calibration', 'baseline', 1, 10, 0.1, 0.1), ('calibration', 'recency', 1, 10, 0.1, 0.1)
    ) as t (split, model, decile, tested_count, claimed_coverage, measured_coverage);
    create table value.customer_lifetime_value as
    select *, 'EUR' as currency, 6 as horizon_months, 184 as horizon_days
    from (values
        (30.5, true, 100, null), (0.0, false, 20, 'withheld: off'), (null, false, -5, null),
        (10.0, false, 1, 'begins at nothing')
    ) as t (predicted_clv_amount, is_high_value, historical_clv_amount, interval_reason)
"""


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(BACKTEST)
    return con


@pytest.fixture(scope="module")
def report(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return collect(con)


def test_candidates_are_those_in_use_the_champion_first(report: dict[str, Any]) -> None:
    assert [(c["model"], c["label"]) for c in report["candidates"]] == [
        ("bg_nbd_gamma_gamma", "BG/NBD × GG"), ("baseline", "baseline"),
        ("past_revenue", "past revenue"), ("mine", "mine"),
    ]  # fmt: skip
    assert (report["version"], report["champion_label"], report["grade"], report["reason"]) == (
        *("v2", "BG/NBD × GG", "A"), None,
    )  # fmt: skip


def test_deciles_are_the_champions_and_lift_is_everybodys(report: dict[str, Any]) -> None:
    assert [(d["decile"], d["actual_amount"]) for d in report["deciles"]] == [(1, 75), (2, 25)]
    # Of whom nobody brought anything there is no share.
    assert report["lift"] == {
        "baseline": [0, 0.4, 1], "bg_nbd_gamma_gamma": [0, 0.75, 1]
    }  # fmt: skip
    assert list(ordered_curves(report)) == ["bg_nbd_gamma_gamma", "baseline"]


def test_parameters_are_of_both_moments_and_the_ends_in_order(report: dict[str, Any]) -> None:
    assert [(p["split"], p["lower_value"], p["value"], p["upper_value"])
            for p in report["parameters"]] == [
        ("calibration", 0.5, 1, 2), ("refresh", 0.5, 1, 2)
    ]  # fmt: skip


def test_coverage_of_a_backtest_counts_each_customer_once(report: dict[str, Any]) -> None:
    found = {b["split"]: b for b in report["backtests"]}
    assert list(found) == ["calibration", "earlier_1"] and len(report["backtests"]) == 2
    assert float(found["calibration"]["claimed_coverage"]) == pytest.approx(0.83)
    assert float(found["calibration"]["measured_coverage"]) == pytest.approx(0.85)


def test_only_who_has_a_prediction_is_counted_as_predicted(report: dict[str, Any]) -> None:
    said = report["predicted"]
    assert (said["customers"], said["amount"], said["high_value_customers"]) == (3, 40.5, 1)
    assert (said["all_customers"], said["historical_amount"]) == (4, 116)
    assert (said["withheld_intervals"], said["currency"]) == (1, "EUR")


def test_without_a_champion_every_reason_is_told_once(con: duckdb.DuckDBPyConnection) -> None:
    with con.cursor() as own:
        own.execute("begin")
        own.execute("update value.clv_backtest set is_champion = false, reason = 'too short'")
        assert collect(own)["reason"] == "too short" and collect(own)["backtests"] == []
        own.execute("delete from value.clv_backtest")
        empty = collect(own)
        own.execute("rollback")
    assert empty["reason"] == "nobody has bought anything" and empty["candidates"] == []
    assert empty["champion_label"] == "historical net revenue"
