"""Drawing: units, currencies, order, and names that would be markup."""

from __future__ import annotations

import pandas as pd
import pytest

from orchestration.dashboard.charts import draw
from orchestration.dashboard.figures import key_figures, stamp
from orchestration.dashboard.formats import write
from orchestration.dashboard.pages import Chart, Measure
from orchestration.dashboard.templates import MESSAGE

DECILE = Measure(column="decile", title="Decile", unit="text")
MONEY = Measure(column="net_amount", title="Net", unit="money")


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("value", "unit", "currency", "text"),
    [
        (1234567, "count", None, "1,234,567"),
        (1846811.4, "money", "EUR", "1,846,811 EUR"),
        (-12.6, "money", "USD", "-13 USD"),
        (46_811_400.0, "money", "EUR", "46.8M EUR"),
        (0.396, "share", None, "40%"),
        (pd.Timestamp("2026-10-01"), "month", None, "October 2026"),
        (pd.Timestamp("2026-10-03"), "date", None, "3 October 2026"),
        (None, "money", "EUR", "–"),
        (float("nan"), "share", None, "–"),
    ],
)
def test_numbers_read_like_numbers(
    value: object, unit: str, currency: str | None, text: str
) -> None:
    assert write(value, unit, currency) == text


def test_money_carries_its_currency() -> None:
    rows = frame(decile=[1, 2], net_amount=[20.0, 10.0], currency=["EUR", "EUR"])
    figure = draw(rows, Chart(draw="columns", along=DECILE, values=[MONEY]))
    assert figure.layout.yaxis.title.text == "EUR"
    assert "EUR" in figure.data[0].hovertemplate


def test_currencies_are_never_one_series() -> None:
    rows = frame(
        decile=[1, 1, 2, 2],
        net_amount=[20.0, 1.0, 10.0, 2.0],
        currency=["EUR", "USD", "EUR", "USD"],
    )
    figure = draw(rows, Chart(draw="columns", along=DECILE, values=[MONEY]))
    assert [trace.name for trace in figure.data] == ["Net (EUR)", "Net (USD)"]
    assert list(figure.data[1].y) == [1.0, 2.0]


def test_split_bars_keep_the_order_of_the_query_and_show_totals() -> None:
    chart = Chart(
        draw="bars",
        along=Measure(column="reason", title="Reason", unit="text"),
        values=[Measure(column="rows", title="Rows")],
        split_by=Measure(column="source", title="Source", unit="text"),
    )
    rows = frame(
        reason=["bots", "doubles", "doubles"], source=["web", "shop", "web"], rows=[9, 2, 3]
    )
    figure = draw(rows, chart)
    assert list(figure.layout.yaxis.categoryarray) == ["bots", "doubles"]
    assert [trace.name for trace in figure.data[:2]] == ["shop", "web"]
    assert list(figure.data[-1].text) == [" 9", " 5"]


def test_a_name_from_the_data_is_never_markup() -> None:
    rows = frame(decile=["<a href='x'>y</a>"], net_amount=[1.0], currency=["EUR"])
    figure = draw(rows, Chart(draw="bars", along=DECILE, values=[MONEY]))
    assert "<" not in figure.data[0].y[0]


def test_a_message_takes_the_place_of_the_drawing() -> None:
    rows = pd.DataFrame()
    rows.attrs[MESSAGE] = "Nothing is published yet."
    figure = draw(rows, Chart(draw="bars", along=DECILE, values=[MONEY]))
    assert len(figure.data) == 0
    assert "Nothing is published" in figure.layout.annotations[0].text
    said = key_figures(rows, [MONEY])()
    assert said.children == "Nothing is published yet."


def test_key_figures_list_every_currency_and_fill_their_notes() -> None:
    rows = frame(people=[5, 5], net_amount=[20.0, 1.0], currency=["EUR", "USD"])
    people = Measure(column="people", title="People", note="{people} of them")
    cards = key_figures(rows, [people, MONEY])().children
    assert [part.children for part in cards[0].children] == ["People", "5", "5 of them"]
    assert [part.children for part in cards[1].children] == ["Net", "20 EUR", "1 USD"]


def test_the_stamp_says_the_day() -> None:
    said = stamp(frame(as_of_on=[pd.Timestamp("2026-10-31")]), "A page.")()
    assert said.children[2].children.children == "31 October 2026"
    assert said.children[2].children.dateTime == "2026-10-31"
