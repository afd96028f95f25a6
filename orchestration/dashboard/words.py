"""What stands below a drawing: a sentence made of its numbers, and the numbers as a table.

The sentences are these and no others. `from` and `to` are the first and the last value:

| drawn | sentence |
|---|---|
| along days or months | <value> went from <from> on <first> to <to> on <last>: <change>. |
| the same, without any change | <value> stayed at <to> from <first> to <last>. |
| along anything else | <value>: most is <highest> at <where>, least <lowest> at <where>. |
| along one thing | <value>: <value> at <where>. |

Where a value is missing nothing is said; of money in several currencies neither.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pandas as pd
from dash import html
from dash.development.base_component import Component
from vizro.models.types import capture

from orchestration.dashboard.formats import change, write
from orchestration.dashboard.pages import CURRENCY, Chart, Item, Measure
from orchestration.dashboard.templates import MESSAGE

MOST_ROWS = 50
"""Rows written on a page; the CSV has all."""


@capture("figure")
def in_words(data_frame: pd.DataFrame, item: Item, leads_to: str) -> Component:
    """The sentence of a drawing, and below it the numbers for whoever wants to read them.

    Parameters:
        data_frame: rows of the item's template.
        item: the question.
        leads_to: address of the page that a row leads to, without what is chosen there.
    """
    if MESSAGE in data_frame.attrs or item.chart is None:
        return html.Div()
    said = caption(data_frame, item.chart) if item.caption else None
    return html.Div(
        [
            html.P(said, className="c360-caption") if said else None,
            html.Details(
                [html.Summary("The numbers"), _table(data_frame, item, leads_to)],
                className="c360-numbers",
            ),
        ]
    )


@capture("figure")
def table(data_frame: pd.DataFrame, item: Item, leads_to: str) -> Component:
    """A table, its rows as links where they lead somewhere.

    Parameters:
        data_frame: rows of the item's template, in the order in which they are written.
        item: the question.
        leads_to: address of the page that a row leads to, without what is chosen there.
    """
    if MESSAGE in data_frame.attrs:
        return html.P(data_frame.attrs[MESSAGE], role="status", className="c360-message")
    return _table(data_frame, item, leads_to)


def caption(frame: pd.DataFrame, chart: Chart) -> str | None:
    """The sentence of a drawing; None where its numbers give none.

    Parameters:
        frame: the rows that are drawn.
        chart: how.
    """
    value = chart.values[0]
    code = None
    if value.unit == "money":
        codes = frame[CURRENCY].dropna().unique()
        if len(codes) != 1:
            return None
        code = str(codes[0])
    if chart.along.unit in ("month", "date"):
        return None if chart.split_by else _over_time(frame, chart.along, value, code)
    if chart.split_by:
        summed = frame.groupby(chart.along.column, sort=False)[value.column].sum()
        frame = summed.reset_index()
    return _among(frame, chart.along, value, code)


def _over_time(frame: pd.DataFrame, along: Measure, value: Measure, code: str | None) -> str | None:
    rows = frame.sort_values(along.column)
    if len(rows) < 2 or not rows[along.column].is_unique:
        return None
    first, last = rows.iloc[0], rows.iloc[-1]
    said = change(last[value.column], first[value.column], value.unit, code)
    if said is None:
        return None
    on = [write(row[along.column], along.unit) for row in (first, last)]
    values = [write(row[value.column], value.unit, code) for row in (first, last)]
    if first[value.column] == last[value.column]:
        return f"{value.title} stayed at {values[1]} from {on[0]} to {on[1]}."
    joint = "in" if along.unit == "month" else "on"
    return (
        f"{value.title} went from {values[0]} {joint} {on[0]} to {values[1]} {joint} {on[1]}: "
        f"{said}."
    )


def _among(frame: pd.DataFrame, along: Measure, value: Measure, code: str | None) -> str | None:
    rows = frame.dropna(subset=[value.column])
    if rows.empty or len(rows) < len(frame):
        return None
    # Money comes as Decimal, which is ordered but not a number to pandas.
    ordered = rows.sort_values(value.column, key=lambda column: column.astype(float), kind="stable")

    def at(row: pd.Series[Any]) -> str:
        place = write(row[along.column], along.unit)
        named = place if along.unit == "text" and not place.isdigit() else f"{along.title} {place}"
        return f"{write(row[value.column], value.unit, code)} at {named}"

    least, most = ordered.iloc[0], ordered.iloc[-1]
    if len(rows) == 1:
        return f"{value.title}: {at(most)}."
    if least[value.column] == most[value.column]:
        return None
    return f"{value.title}: most is {at(most)}, least {at(least)}."


def _table(frame: pd.DataFrame, item: Item, leads_to: str) -> Component:
    columns = item.table or item.measures()
    head = [html.Th(m.title, scope="col", className=_side(m)) for m in columns]
    shown = frame.head(MOST_ROWS)
    left = len(frame) - len(shown)
    rows = [_row(row, columns, item, leads_to) for row in shown.to_dict("records")]
    more = f"The first {len(shown)} of {len(frame)} rows; the CSV has all." if left else None
    return html.Div(
        [
            html.Table(
                [html.Caption(item.title), html.Thead(html.Tr(head)), html.Tbody(rows)],
                className="c360-table",
            ),
            html.P(more, className="c360-note") if more else None,
        ],
        className="c360-table-frame",
        tabIndex=0,
        role="region",
        **{"aria-label": f"Table: {item.title}"},
    )


def _row(row: dict[Any, Any], columns: list[Measure], item: Item, leads_to: str) -> Component:
    texts = [write(row[m.column], m.unit, row.get(CURRENCY)) for m in columns]
    first: Any = texts[0]
    if item.leads_to:
        chosen = {variable: row[column] for variable, column in item.leads_to.choose.items()}
        query = urlencode({f"{item.leads_to.page}_{name}": value for name, value in chosen.items()})
        first = html.A(
            texts[0],
            href=f"{leads_to}?{query}",
            className="c360-lead",
            **{"data-to": item.leads_to.page},
        )
    cells = [html.Td(t, className=_side(m)) for t, m in zip(texts[1:], columns[1:], strict=True)]
    return html.Tr([html.Th(first, scope="row", className=_side(columns[0])), *cells])


def _side(measure: Measure) -> str:
    """Numbers stand to the right, so that they can be compared."""
    return "" if measure.unit in ("text", "date", "month") else "c360-number"
