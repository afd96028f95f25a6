"""The moments that lifetime value looks at, and whether there is enough to learn from at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from orchestration.policy.clv_settings import ClvSettings
from orchestration.value.clv_groups import Groups

SPLITS = ("calibration", "refresh")
"""Those that every prediction needs; the others are earlier backtests."""


@dataclass(frozen=True)
class Period:
    """What a split looks at.

    Attributes:
        first_on: the first purchase of all.
        split_on: the end of observation.
        until_on: the last day looked ahead to.
        refreshed_at: the clock.
    """

    first_on: date
    split_on: date
    until_on: date
    refreshed_at: datetime


def periods_in(con: duckdb.DuckDBPyConnection, inputs: str, clock: str) -> dict[str, Period]:
    """The splits that have customers.

    Parameters:
        con: a connection.
        inputs: the relation clv_inputs.
        clock: the relation refresh_period.
    """
    rows = con.execute(
        f"select split, min(first_purchase_on), max(split_on), max(until_on), max(as_of_at) "
        f"from {inputs} cross join {clock} group by split"
    ).fetchall()
    return {split: Period(*values) for split, *values in rows}


def lacking(periods: dict[str, Period], groups: dict[str, Groups], settings: ClvSettings) -> str:
    """Why nothing can be learned, in words; empty when there is enough."""
    if not set(SPLITS) <= set(periods):
        return "nobody had bought before the held-out months"
    days = (periods["refresh"].split_on - periods["refresh"].first_on).days
    # A day of tolerance: a year's history ends on the day before its anniversary.
    if days + 1 < settings.fewest_months_of_history * 365 / 12:
        return (
            f"{days} days of history, and prediction begins with "
            f"{settings.fewest_months_of_history:g} months"
        )
    if periods["calibration"].until_on > periods["refresh"].split_on:
        return (
            f"the horizon after calibration_date ends on {periods['calibration'].until_on}, and "
            f"data end on {periods['refresh'].split_on}"
        )
    return _too_few(groups["calibration"], settings)


def too_early(period: Period, groups: Groups, settings: ClvSettings) -> str:
    """Why nothing can be learned for a backtest, in words; empty when there is enough."""
    seen, ahead = (period.split_on - period.first_on).days, (period.until_on - period.split_on).days
    if 2 * seen < ahead:
        return f"{seen} days of history, less than half of what is looked ahead"
    return _too_few(groups, settings)


def _too_few(groups: Groups, settings: ClvSettings) -> str:
    count = groups.repeaters
    if count >= settings.fewest_repeat_customers:
        paid = bool(len(groups.spending.weight))
        return "" if paid else "nobody who came back had spent anything before the held-out months"
    who = "1 customer" if count == 1 else f"{count} customers"
    return (
        f"{who} had come back before the held-out months, and prediction begins "
        f"with {settings.fewest_repeat_customers:g}"
    )
