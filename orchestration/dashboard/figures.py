"""Key figures and the stamp that says how recent the data is."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component
from vizro.models.types import capture

from orchestration.dashboard.formats import change, write
from orchestration.dashboard.pages import BEFORE_ON, CURRENCY, Measure
from orchestration.dashboard.templates import MESSAGE


@capture("figure")
def key_figures(data_frame: pd.DataFrame, figures: list[Measure]) -> Component:
    """Cards, one figure each; money of several currencies stands below each other.

    Parameters:
        data_frame: one row, or one per currency with the same counts in each.
        figures: which columns, how written.
    """
    if MESSAGE in data_frame.attrs:
        return html.P(data_frame.attrs[MESSAGE], role="status", className="c360-message")
    return html.Dl([_card(data_frame, figure) for figure in figures], className="c360-figures")


def _card(rows: pd.DataFrame, figure: Measure) -> Component:
    first = rows.iloc[0]
    if figure.unit == "money":
        values = [write(r[figure.column], "money", r[CURRENCY]) for _, r in rows.iterrows()]
    else:
        values = [write(first[figure.column], figure.unit)]
    said = {
        name: write(value, "count" if pd.api.types.is_number(value) else "text")
        for name, value in first.items()
    }
    note = [html.Dd(figure.note.format_map(said), className="c360-note")] if figure.note else []
    lines = [html.Dd(value, className="c360-value") for value in values]
    than_before = [_than_before(first, figure, figure.before)] if figure.before else []
    return html.Div([html.Dt(figure.title), *lines, *than_before, *note], className="c360-figure")


def _than_before(row: pd.Series[Any], figure: Measure, before: str) -> Component:
    code = row[CURRENCY] if figure.unit == "money" else None
    said = change(row[figure.column], row[before], figure.unit, code)
    text = f"{said} since {write(row[BEFORE_ON], 'date')}" if said else "nothing to compare with"
    return html.Dd(text, className="c360-change")


@capture("figure")
def stamp(data_frame: pd.DataFrame, description: str, page: str = "") -> Component:
    """What the page is about and how recent its data is.

    Parameters:
        data_frame: one row whose first column is a date.
        description: the page's sentence.
        page: its name, by which its choices stand in the address.
    """
    about = {"data-page": page}
    if MESSAGE in data_frame.attrs:
        said = data_frame.attrs[MESSAGE]
        return html.P(said, role="status", className="c360-message", **about)
    day = data_frame.iloc[0, 0]
    if pd.isna(day):
        return html.P([description, " No data yet."], className="c360-stamp", **about)
    date = html.Time(write(day, "date"), dateTime=f"{day:%Y-%m-%d}")
    said = [description, " As of ", html.Strong(date), "."]
    return html.P(said, className="c360-stamp", **about)
