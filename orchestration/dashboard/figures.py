"""Key figures and the stamp that says how recent the data is."""

from __future__ import annotations

import pandas as pd
from dash import html
from dash.development.base_component import Component
from vizro.models.types import capture

from orchestration.dashboard.formats import write
from orchestration.dashboard.pages import CURRENCY, Measure
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
    counts = {
        name: write(value, "count")
        for name, value in first.items()
        if pd.api.types.is_number(value) or pd.isna(value)
    }
    note = [html.Dd(figure.note.format_map(counts), className="c360-note")] if figure.note else []
    lines = [html.Dd(value, className="c360-value") for value in values]
    return html.Div([html.Dt(figure.title), *lines, *note], className="c360-figure")


@capture("figure")
def stamp(data_frame: pd.DataFrame, description: str) -> Component:
    """What the page is about and how recent its data is.

    Parameters:
        data_frame: one row whose first column is a date.
        description: the page's sentence.
    """
    if MESSAGE in data_frame.attrs:
        return html.P(data_frame.attrs[MESSAGE], role="status", className="c360-message")
    day = data_frame.iloc[0, 0]
    if pd.isna(day):
        return html.P([description, " No data yet."], className="c360-stamp")
    date = html.Time(write(day, "date"), dateTime=f"{day:%Y-%m-%d}")
    return html.P([description, " As of ", html.Strong(date), "."], className="c360-stamp")
