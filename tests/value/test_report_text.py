"""What the report says in words and cells, of a backtest made by hand."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orchestration.terminal import Console
from orchestration.value.report_text import (
    backtest_cells,
    backtest_sentence,
    candidate_cells,
    decile_cells,
    grade_sentence,
    headline,
    parameter_cells,
    show,
)

CHAMPION: dict[str, Any] = {
    "model": "combined", "label": "model × baseline", "is_champion": True, "grade": "A",
    "reason": None, "customer_count": 2_000, "purchase_count": 310,
    "expected_purchase_count": 298.6, "top_decile_share": 0.56, "top_decile_share_lower": 0.5,
    "top_decile_share_upper": 0.62, "spearman": 0.4801, "bias": 0.028, "lowest_bias": -0.191,
    "highest_bias": 0.028, "hit_rate": 0.61, "is_better_than_chance": True,
    "claimed_coverage": 0.864, "measured_coverage": 0.877, "coverage_holds": True,
    "correction": 1.0,
}  # fmt: skip
DIVERGED: dict[str, Any] = {
    **dict.fromkeys(CHAMPION), "model": "bg_nbd_gamma_gamma", "label": "BG/NBD × GG",
    "is_champion": False, "reason": "no summit",
}  # fmt: skip


def _parameter(split: str, value: float | None, **said: Any) -> dict[str, Any]:
    return {
        "split": split, "model": "nbd", "parameter": "r", "value": value, "lower_value": None,
        "upper_value": None, "log_likelihood": None, "status": "converged", "reason": None, **said,
    }  # fmt: skip


def _decile(decile: int, expected: str, came: str) -> dict[str, Any]:
    return {
        "decile": decile, "customer_count": 1_000, "predicted_amount": Decimal(expected),
        "actual_amount": Decimal(came), "claimed_coverage": 0.8, "measured_coverage": 0.79,
    }  # fmt: skip


@pytest.fixture
def report() -> dict[str, Any]:
    return {
        "champion": "combined", "champion_label": "model × baseline", "grade": "A", "reason": None,
        "calibrated_until_on": date(2026, 4, 30), "evaluated_until_on": date(2026, 10, 31),
        "candidates": [CHAMPION, DIVERGED],
        "parameters": [
            _parameter("calibration", 0.5, lower_value=0.4, upper_value=0.6, log_likelihood=-1234.5,
                       repeat_customer_count=700),
            _parameter("refresh", None, status="diverged", reason="no summit",
                       repeat_customer_count=900),
        ],
        "backtests": [
            {
                "split_on": date(2026, 4, 30), "until_on": date(2026, 10, 31),
                "customer_count": 2_000, "top_decile_share": 0.56, "spearman": 0.4801,
                "bias": -0.028, "claimed_coverage": 0.864, "measured_coverage": 0.877,
            },
            {
                "split_on": date(2026, 3, 31), "until_on": date(2026, 9, 30),
                "customer_count": 1_900, "top_decile_share": 0.5, "spearman": 0.47,
                "bias": -0.191, "claimed_coverage": 0.864, "measured_coverage": 0.9,
            },
        ],
        "deciles": [_decile(1, "3300", "3000.00"), _decile(2, "12.50", "1000")],
        "predicted": {
            "amount": Decimal("54321.5"), "currency": "EUR", "customers": 2_345,
            "horizon_days": 184, "high_value_customers": 210,
        },
    }  # fmt: skip


def test_sentences(report: dict[str, Any]) -> None:
    assert headline(report) == (
        "model × baseline predicts 54,322 EUR of 2,345 customers in the next 184 days; 210 of them "
        "are high value. As far ahead its last backtest was 2.8 % too high in total; its 2 "
        "backtests range from -19.1 % to +2.8 %."
    )
    # The last is corrected by what the one before has taught, the range by what both have.
    both = {**report, "candidates": [{**CHAMPION, "correction": 1.1, "bias": 0.065}]}
    assert headline(both).endswith(
        "was 6.5 % too high in total; corrected as what is published, its 2 backtests range from "
        "-19.1 % to +2.8 %."
    )
    once = {**report, "backtests": report["backtests"][:1]}
    assert headline(once).endswith("2.8 % too high in total.")
    assert backtest_sentence(report) == (
        "Learned until 2026-04-30, measured on what came until 2026-10-31: 2,000 customers, 700 of "
        "all had come back before, 310 purchases came where 299 were expected."
    )
    assert grade_sentence(report) == (
        "Grade A: finds at least 5 points more of the high-value customers than the baseline, is "
        "off by at most 10 % in total, and its intervals hold. Its best tenth brought 56.0 % (50 "
        "to 62 %) of the spending, better than the 10 % of chance; bias +2.8 %; intervals claim to "
        "cover 86.4 % and covered 87.7 %."
    )


def test_a_candidate_that_only_ranks_expects_no_purchases(report: dict[str, Any]) -> None:
    ranked = {**CHAMPION, "expected_purchase_count": None}
    assert backtest_sentence({**report, "candidates": [ranked]}).endswith("310 purchases came.")


def test_cells(report: dict[str, Any]) -> None:
    assert candidate_cells(CHAMPION) == ["56.0 %", "0.480", "+2.8 %", "88 of 86 %", "61.0 %", "A"]
    assert candidate_cells(DIVERGED) == ["–"] * 6
    assert decile_cells(report) == [
        ["1", "1,000", "3,300", "3,000", "+10.0 %", "75.0 %", "75.0 %", "79.0 %"],
        ["2", "1,000", "12.50", "1,000", "-98.8 %", "25.0 %", "100.0 %", "79.0 %"],
    ]
    assert backtest_cells(report) == [
        ["2026-04-30", "2026-10-31", "2,000", "56.0 %", "0.480", "-2.8 %", "88 of 86 %"],
        ["2026-03-31", "2026-09-30", "1,900", "50.0 %", "0.470", "-19.1 %", "90 of 86 %"],
    ]
    assert [parameter_cells(row) for row in report["parameters"]] == [
        ["backtest", "nbd", "r", "0.5", "0.4 to 0.6", "-1,234.5", "converged"],
        ["refresh", "nbd", "r", "–", "–", "–", "diverged: no summit"],
    ]


def test_the_terminal_shows_backtests_and_why_a_candidate_is_not_usable(
    report: dict[str, Any],
) -> None:
    text = io.StringIO()
    show(Console(file=text, width=80), report)
    shown = text.getvalue()
    # Corrected it is 2.8 % too high.
    assert "Backtests, not corrected" in shown and "-2.8 %" in shown
    # Once in the table, and once with the reason.
    assert shown.count("BG/NBD × GG") == 2 and "BG/NBD × GG is not usable: no summit." in shown
    assert "model × baseline is not usable" not in shown


def test_without_a_prediction_the_terminal_has_one_sentence(report: dict[str, Any]) -> None:
    text = io.StringIO()
    nothing = {**report, "champion": None, "grade": None, "reason": "31 days of history"}
    show(Console(file=text, width=80), nothing)
    assert text.getvalue() == "Nothing is predicted, only what was: 31 days of history.\n"
