"""What is said of the numbers: only what they say, and nothing where one is missing."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd
import pytest

from orchestration.dashboard.formats import change
from orchestration.dashboard.pages import Chart, Item, Lead, Measure
from orchestration.dashboard.templates import MESSAGE
from orchestration.dashboard.words import MOST_ROWS, caption, in_words, table

DAYS = Measure(column="day", title="Day", unit="date")
PEOPLE = Measure(column="people", title="People")
PLACE = Measure(column="place", title="Place", unit="text")
TREND = Chart(draw="lines", along=DAYS, values=[PEOPLE])
BARS = Chart(draw="bars", along=PLACE, values=[PEOPLE])


def days(*values: Any) -> pd.DataFrame:
    on = pd.date_range("2026-10-01", periods=len(values))
    return pd.DataFrame({"day": on, "people": values})


@pytest.mark.parametrize(
    ("now", "before", "unit", "said"),
    [
        (110, 100, "count", "+10 (+10.0 %)"),
        (90, 100, "count", "-10 (-10.0 %)"),
        (100, 100, "count", "no change"),
        (5, 0, "count", "+5"),
        (-5, -10, "count", "+5 (+50.0 %)"),
        (0.32, 0.30, "share", "+2.0 points"),
        (12.0, 10.0, "money", "+2 EUR (+20.0 %)"),
        (None, 10, "count", None),
        (10, float("nan"), "count", None),
    ],
)
def test_a_change_has_its_size(now: Any, before: Any, unit: str, said: str | None) -> None:
    assert change(now, before, unit, "EUR") == said


def test_a_trend_is_said_from_its_first_to_its_last_day() -> None:
    assert caption(days(100, 300, 110), TREND) == (
        "People went from 100 on 1 October 2026 to 110 on 3 October 2026: +10 (+10.0 %)."
    )
    assert caption(days(7, 9, 7), TREND) == (
        "People stayed at 7 from 1 October 2026 to 3 October 2026."
    )
    assert caption(days(100, 300, 110)[::-1], TREND) == caption(days(100, 300, 110), TREND)


@pytest.mark.parametrize("values", [(5,), (None, 5), (5, None), (None, None)])
def test_nothing_is_guessed_of_what_is_missing(values: tuple[Any, ...]) -> None:
    assert caption(days(*values), TREND) is None


def test_two_values_of_one_day_give_no_trend() -> None:
    rows = pd.concat([days(1, 2), days(3, 4)])
    assert caption(rows, TREND) is None


def test_among_places_the_most_and_the_least_are_said() -> None:
    rows = pd.DataFrame({"place": ["Bern", "Chur", "Thun"], "people": [5, 9, 2]})
    assert caption(rows, BARS) == "People: most is 9 at Chur, least 2 at Thun."
    assert caption(rows[:1], BARS) == "People: 5 at Bern."
    assert caption(rows.assign(people=4), BARS) is None
    assert caption(rows.assign(people=[5, None, 2]), BARS) is None


def test_parts_are_summed_before_they_are_compared() -> None:
    split = Chart(draw="bars", along=PLACE, values=[PEOPLE], split_by=DAYS)
    rows = pd.DataFrame({"place": ["a", "b", "a"], "people": [5, 8, 4], "day": list("xyz")})
    assert caption(rows, split) == "People: most is 9 at a, least 8 at b."


def test_of_two_currencies_nothing_is_said() -> None:
    money = Chart(draw="bars", along=PLACE, values=[PEOPLE.model_copy(update={"unit": "money"})])
    rows = pd.DataFrame({"place": ["a", "b"], "people": [5, 8], "currency": ["EUR", "USD"]})
    assert caption(rows, money) is None
    assert "8 EUR at b" in str(caption(rows.assign(currency="EUR"), money))


def test_any_numbers_give_a_sentence_that_is_true_of_them() -> None:
    chance = random.Random(24)
    for _ in range(200):
        numbers = [chance.randint(0, 30) for _ in range(chance.randint(2, 9))]
        rows = pd.DataFrame({"place": [f"p{n}" for n in range(len(numbers))], "people": numbers})
        said = caption(rows, BARS)
        if len(set(numbers)) == 1:
            assert said is None
            continue
        most, least = str(said).removesuffix(".").split("most is ")[1].split(", least ")
        for part, best in ((most, max(numbers)), (least, min(numbers))):
            value, place = part.split(" at p")
            assert int(value) == numbers[int(place)] == best


def item(**more: Any) -> Item:
    lead = Lead(page="other", choose={"place": "key"})
    return Item(id="x", title="X", template="as_of", leads_to=lead, **more)


def test_rows_lead_on_with_what_they_choose() -> None:
    rows = pd.DataFrame({"place": ["<b>", "c"], "people": [5, 8], "key": ["a b&c", "d"]})
    shown = table(data_frame=rows, item=item(table=[PLACE, PEOPLE]), leads_to="/other")()
    body = shown.children[0].children[2].children
    links = [row.children[0].children for row in body]
    assert [link.href for link in links] == [
        "/other?other_place=a+b%26c",
        "/other?other_place=d",
    ]
    assert [row.children[1].children for row in body] == ["5", "8"]


def test_a_long_table_says_how_much_it_leaves_to_the_csv() -> None:
    rows = pd.DataFrame({"place": range(MOST_ROWS + 7), "people": 1, "key": "k"})
    said = in_words(data_frame=rows, item=item(chart=BARS), leads_to="/other")()
    frame = said.children[1].children[1]
    assert len(frame.children[0].children[2].children) == MOST_ROWS
    assert frame.children[1].children == (
        f"The first {MOST_ROWS} of {MOST_ROWS + 7} rows; the CSV has all."
    )


def test_a_message_stands_in_the_place_of_a_table() -> None:
    rows = pd.DataFrame()
    rows.attrs[MESSAGE] = "No destination yet."
    assert table(data_frame=rows, item=item(table=[PLACE]), leads_to="")().children == (
        "No destination yet."
    )
