"""How numbers, money and dates are written: for Python's cards and for Plotly's charts alike."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

NO_VALUE = "–"

AXIS = {"count": "~s", "money": "~s", "share": ".0%", "month": "%b\n%Y", "date": "%-d %b\n%Y"}
EXACT = {
    "count": ",d", "money": ",.2f", "share": ".1%", "month": "%B %Y", "date": "%-d %B %Y",
    "number": ",.2f",
}  # fmt: skip
"""Formats of the charting library (d3): short ones for axes, exact ones when pointed at."""


def write(value: Any, unit: str, currency: str | None = None) -> str:
    """A value as text.

    Parameters:
        value: a number or date; missing values become a dash.
        unit: count, money, share (1 = 100 %), number, month, date or text.
        currency: ISO code, for money.
    """
    if value is None or pd.isna(value):
        return NO_VALUE
    if unit == "money":
        number = f"{value / 1e6:,.1f}M" if abs(value) >= 1e7 else f"{value:,.0f}"
        return f"{number} {currency or ''}".strip()
    if unit == "share":
        return f"{value:.0%}"
    if unit == "number":
        return f"{value:,.2f}"
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "month":
        return f"{value:%B %Y}"
    if unit == "date":
        return f"{value.day} {value:%B %Y}"
    return str(value)


def hover_line(position: int, title: str, unit: str, currency: str | None) -> str:
    """A line of what a chart says when pointed at.

    Parameters:
        position: of the value in the trace's custom data.
        title: name of the value.
        unit: as for `write`.
        currency: ISO code, for money.
    """
    form = f":{EXACT[unit]}" if unit in ("count", "money", "share", "number") else ""
    code = f" {currency}" if unit == "money" and currency else ""
    return f"{html.escape(title)}: %{{customdata[{position}]{form}}}{code}"


def label(text: Any) -> str:
    """A name from the data for a chart, which would take angle brackets for markup."""
    return html.escape(str(text))


def change(value: Any, before: Any, unit: str, currency: str | None = None) -> str | None:
    """How much more or less a value is than before: `+312 (+3.2 %)`, of shares `+1.4 points`.

    Parameters:
        value: now.
        before: then.
        unit: as for `write`.
        currency: ISO code, for money.

    Returns:
        None where one of them is missing: nothing is guessed.
    """
    if any(part is None or pd.isna(part) for part in (value, before)):
        return None
    difference = value - before
    if not difference:
        return "no change"
    if unit == "share":
        return f"{100 * difference:+.1f} points"
    sign = "" if difference < 0 else "+"
    said = f"{sign}{write(difference, unit, currency)}"
    return f"{said} ({100 * float(difference) / abs(float(before)):+.1f} %)" if before else said
