"""The policy seed clv_settings: what lifetime value goes by, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestration.errors import UserError
from orchestration.policy.seeds import Row, named_once

SEED = "seeds/policy/clv_settings.csv"
COLUMNS = ("setting", "value", "comment")
WEEKS_PER_MONTH = 365.25 / 12 / 7


@dataclass(frozen=True)
class ClvSettings:
    """The settings as numbers; the defaults are those of the seed as it is delivered.

    Attributes:
        horizon_months: how far ahead customers are valued, and what a backtest holds out.
        horizon_weeks: the same in weeks; 0 for `horizon_months`.
        calibration_date: yyyymmdd until which the last backtest learns; 0 for a horizon ago.
        backtest_count: backtests, one earlier than the other.
        active_window_months: window of the baseline.
        discount_rate_per_year: 0.1 for 10 %.
        high_value_top_share: share of the best customers; 0 for the 80/20 rule.
        fewest_months_of_history: below it nothing is predicted.
        fewest_repeat_customers: the same, for customers who came back.
        most_groups: distinct histories a fit looks at.
        most_backtest_customers: customers a backtest ranks.
        largest_bias: of a published method's held-out totals on average, as a share.
        stable_bias_range: how far biases of backtests may differ to be corrected, in logarithms.
        interval_share: of customers alike that an interval is made to hold.
        interval_bins: groups that intervals are made in, at most.
        fewest_in_bin: customers in a group at least.
        interval_margin: share by which the ends of an interval are moved out.
        largest_coverage_miss: of intervals that are published, as a share of the customers.
        challenger_margin: what another method must be better by, on the mean of top-decile share
            and Spearman.
    """

    horizon_months: float = 6
    horizon_weeks: float = 0
    calibration_date: float = 0
    backtest_count: float = 4
    active_window_months: float = 6
    discount_rate_per_year: float = 0.1
    high_value_top_share: float = 0
    fewest_months_of_history: float = 12
    fewest_repeat_customers: float = 100
    most_groups: float = 200_000
    most_backtest_customers: float = 250_000
    largest_bias: float = 0.5
    stable_bias_range: float = 0.15
    interval_share: float = 0.8
    interval_bins: float = 20
    fewest_in_bin: float = 100
    interval_margin: float = 0.1
    largest_coverage_miss: float = 0.05
    challenger_margin: float = 0.01

    @property
    def discount_per_week(self) -> float:
        """The discount rate as a continuous one per week."""
        return math.log1p(self.discount_rate_per_year) / (12 * WEEKS_PER_MONTH)


LIMITS: Mapping[str, tuple[float, float, bool]] = {
    "horizon_months": (1, 60, True),
    "horizon_weeks": (0, 260, True),
    "calibration_date": (0, 99991231, True),
    "backtest_count": (1, 4, True),
    "active_window_months": (1, 60, True),
    "discount_rate_per_year": (0, 1, False),
    "high_value_top_share": (0, 0.99, False),
    "fewest_months_of_history": (1, 240, True),
    "fewest_repeat_customers": (10, 1e9, True),
    "most_groups": (1_000, 10_000_000, True),
    "most_backtest_customers": (1_000, 1_000_000, True),
    "largest_bias": (0, 10, False),
    "stable_bias_range": (0, 2, False),
    "interval_share": (0.5, 0.99, False),
    "interval_bins": (1, 100, True),
    "fewest_in_bin": (10, 1e9, True),
    "interval_margin": (0, 1, False),
    "largest_coverage_miss": (0, 1, False),
    "challenger_margin": (0, 1, False),
}
"""Smallest and largest value, and whether it is a whole number."""


def check_clv_settings(rows: Sequence[Row]) -> None:
    """Refuse settings that can't be followed.

    Parameters:
        rows: the seed's rows in their order.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    seen = set()
    for name, row in named_once(rows, "setting", "setting", LIMITS):
        seen.add(name)
        _check_value(row)
    for name in LIMITS:
        if name not in seen:
            raise UserError(f"{SEED}: the setting {name} is missing. Add its row.")


def _check_value(row: Row) -> None:
    name = row["setting"]
    least, most, is_whole = LIMITS[name]
    kind = "a whole number" if is_whole else "a number"
    remedy = f"Write {kind} from {least:g} to {most:g}."
    try:
        value = float(row["value"])
    except ValueError:
        raise row.refuse(f"the value of {name} is no number", remedy) from None
    if not least <= value <= most or (is_whole and not value.is_integer()):
        raise row.refuse(f"{name} is {value:g}", remedy)
    if name == "calibration_date" and value:
        try:
            datetime.strptime(f"{value:.0f}", "%Y%m%d")
        except ValueError:
            raise row.refuse(
                f"{name} is {value:.0f}, which is no day", "Write it as 20261231, or 0."
            ) from None
