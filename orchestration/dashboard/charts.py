"""From a result to a drawing: upright columns, with or without a line, lying bars, and lines."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from vizro.models.types import capture

from orchestration.dashboard.formats import AXIS, EXACT, hover_line, label, write
from orchestration.dashboard.pages import CURRENCY, Chart, Lead, Measure
from orchestration.dashboard.templates import MESSAGE

PALETTE = ("#1f7fc4", "#e06c10", "#14a08c", "#b3489b", "#7f8794")
"""At least 3:1 against both themes' backgrounds; neighbours differ for every kind of colour
blindness, and no meaning rests on colour alone: order, legend and labels say the same."""

LINE_COLOUR = "#e06c10"
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
"""Lines differ by these as well as by colour."""

FEW_DAYS = 7
FEW_PEOPLE = 6
MOST_MARKERS = 40
MESSAGE_WIDTH = 40
"""Letters in a line that a telephone can show."""


@capture("graph")
def draw(data_frame: pd.DataFrame, chart: Chart, lead: Lead | None = None) -> go.Figure:
    """Draw a result as its page defines it, or say why it can't be drawn.

    Parameters:
        data_frame: rows of the item's template in the order in which they are drawn.
        chart: how.
        lead: where a mark leads; what it chooses there goes with each mark.
    """
    if MESSAGE in data_frame.attrs:
        return _message(data_frame.attrs[MESSAGE])
    figure = go.Figure()
    chosen = list(lead.choose.values()) if lead else []
    for series in _series(data_frame, chart):
        figure.add_trace(_trace(chart, series, chosen))
    if chart.split_by and chart.draw != "lines":
        figure.add_trace(_totals(data_frame, chart))
    _lay_out(figure, chart, data_frame)
    return figure


@dataclass(frozen=True)
class _Series:
    """What is drawn in one colour: a measure of some rows, which share their currency."""

    name: str
    colour: str
    dash: str
    measure: Measure
    rows: pd.DataFrame
    currency: str | None


def _series(frame: pd.DataFrame, chart: Chart) -> list[_Series]:
    """The series of a chart; money of different currencies is never drawn as one."""
    parts: list[tuple[str, pd.DataFrame]] = [("", frame)]
    if chart.split_by:
        grouped = frame.groupby(chart.split_by.column, sort=True)
        parts = [(label(value), rows) for value, rows in grouped]
    with_money = any(measure.unit == "money" for measure in chart.measures())
    codes = list(frame[CURRENCY].fillna("").unique()) if with_money else [""]
    # A line lies over the columns, so it alone gets the colour that stands out from the first.
    lined = any(measure.line for measure in chart.values)
    colours = cycle(colour for colour in PALETTE if not (lined and colour == LINE_COLOUR))
    dashes = cycle(DASHES if chart.split_by else DASHES[:1])
    return [
        _Series(
            name=(part or measure.title) + (f" ({code})" if len(codes) > 1 else ""),
            colour=LINE_COLOUR if measure.line else next(colours),
            dash="dash" if measure.dashed else next(dashes),
            measure=measure,
            rows=rows[rows[CURRENCY].fillna("") == code] if with_money else rows,
            currency=code or None,
        )
        for code in codes
        for part, rows in parts
        for measure in chart.values
    ]


def _trace(chart: Chart, series: _Series, chosen: list[str]) -> go.Bar | go.Scatter:
    rows, measure = series.rows, series.measure
    said = [measure, *chart.hover]
    lines = [hover_line(i, m.title, m.unit, series.currency) for i, m in enumerate(said)]
    part = f" · {series.name}" if chart.split_by else ""
    heading = f"<b>{_place(chart)}</b>{part}"
    places = rows[chart.along.column]
    along = places if chart.along.unit in ("month", "date") else places.map(label)
    lying = chart.draw == "bars"
    common: dict[str, Any] = {
        "x": rows[measure.column] if lying else along,
        "y": along if lying else rows[measure.column],
        "name": series.name,
        # What a mark chooses on the page it leads to comes last.
        "customdata": rows[[*(m.column for m in said), *chosen]].astype(object).to_numpy(),
        "hovertemplate": "<br>".join([heading, *lines]) + "<extra></extra>",
    }
    if measure.line or chart.draw == "lines":
        # A mark for each of three months of days would hide the line.
        mode = "lines+markers" if len(rows) <= MOST_MARKERS else "lines"
        line = {"color": series.colour, "width": 3, "dash": series.dash}
        return go.Scatter(mode=mode, line=line, **common)
    mark = chart.mark if chart.split_by is None else None
    return go.Bar(
        marker={"color": series.colour},
        orientation="h" if lying else "v",
        text=[write(v, mark.unit, series.currency) for v in rows[mark.column]] if mark else None,
        textposition="outside" if mark else "none",
        textangle=0,
        textfont={"size": 12},
        constraintext="none",
        cliponaxis=False,
        **common,
    )


def _place(chart: Chart) -> str:
    """What is pointed at: a month, a decile, or a name that needs no explanation."""
    if chart.draw == "bars":
        return "%{y}"
    if chart.along.unit in ("month", "date"):
        return f"%{{x|{EXACT[chart.along.unit]}}}"
    return f"{chart.along.title} %{{x}}"


def _totals(frame: pd.DataFrame, chart: Chart) -> go.Scatter:
    """The sum of each stack, written at its end."""
    value = chart.values[0]
    totals = frame.groupby(chart.along.column, sort=False)[value.column].sum()
    names = [label(name) for name in totals.index]
    lying = chart.draw == "bars"
    return go.Scatter(
        x=totals if lying else names,
        y=names if lying else totals,
        mode="text",
        text=[f" {write(total, value.unit)}" for total in totals],
        textposition="middle right" if lying else "top center",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )


def _lay_out(figure: go.Figure, chart: Chart, frame: pd.DataFrame) -> None:
    value = chart.values[0]
    codes = frame[CURRENCY].dropna().unique() if value.unit == "money" else []
    several = None if len(chart.values) > 1 else value.title
    title = ", ".join(codes) if value.unit == "money" else several
    lengths: dict[str, Any] = {"title": title, "tickformat": AXIS.get(value.unit)}
    lengths |= {"tickangle": 0, "nticks": 6}
    if value.unit == "count" and frame[value.column].abs().max() < FEW_PEOPLE:
        lengths["dtick"] = 1  # nobody is half a person
    # A column's length is its value, so it begins at nothing; a line shows how it moves.
    lengths["rangemode"] = "normal" if chart.draw == "lines" else "tozero"
    names: dict[str, Any] = {"title": chart.along.title, "tickangle": 0}
    if chart.along.unit in ("month", "date"):
        names["tickformat"] = AXIS[chart.along.unit]
        places = pd.to_datetime(frame[chart.along.column])
        if chart.along.unit == "date" and (places.max() - places.min()).days < FEW_DAYS:
            names["dtick"] = 24 * 60 * 60 * 1000  # a day, which is not told twice
    else:
        order = [label(place) for place in frame[chart.along.column].unique()]
        names |= {"type": "category", "categoryorder": "array", "categoryarray": order}
        names["tickfont"] = {"size": 13}
    lying = chart.draw == "bars"
    many = len([trace for trace in figure.data if trace.showlegend is not False]) > 1
    figure.update_layout(
        barmode="relative" if chart.stacked or chart.split_by else "group",
        bargap=0.25,
        uniformtext={"mode": False},
        dragmode=False,
        hoverlabel={"bgcolor": "#1d212d", "bordercolor": "#7f8794", "font": {"color": "#ffffff"}},
        showlegend=many,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        margin={"l": 8, "r": 48 if lying else 8, "t": 44 if many else 24, "b": 8},
        xaxis=lengths if lying else names,
        yaxis={**names, "autorange": "reversed", "title": None} if lying else lengths,
    )


def _message(text: str) -> go.Figure:
    figure = go.Figure()
    lines = [label(line) for line in textwrap.wrap(text, MESSAGE_WIDTH)]
    figure.add_annotation(
        text="<br>".join(lines), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper"
    )
    figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False})
    return figure
