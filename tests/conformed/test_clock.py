"""The clock follows the business: no stray row moves it, and real days are not kept waiting."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformed.clock_lab import STAGED, Row, clock

END = date(2026, 6, 30)
ENTITIES = [*STAGED, "customer_records"]


def days(count: int, last: date = END) -> list[date]:
    return [last - timedelta(days=n) for n in reversed(range(count))]


def daily(per_day: int, count: int = 60, entity: str = "orders", last: date = END) -> list[Row]:
    return [(entity, f"{entity}{on}{n}", on) for on in days(count, last) for n in range(per_day)]


def after(number: int, last: date = END) -> date:
    return last + timedelta(days=number)


@pytest.mark.parametrize("per_day", [2, 12])
@pytest.mark.parametrize("entity", ENTITIES)
def test_one_row_of_any_source_does_not_move_the_clock(entity: str, per_day: int) -> None:
    business = daily(per_day)
    for on in (*map(after, (1, 2, 20, 40, 120)), date(2099, 1, 1), date(1999, 1, 1)):
        assert clock([*business, (entity, "somebody", on)]) == END, on


def test_all_that_one_person_does_on_a_stray_day_does_not_move_the_clock() -> None:
    business = [row for entity in STAGED for row in daily(2, entity=entity)]
    assert clock([*business, *((e, f"somebody in {e}", after(20)) for e in ENTITIES)]) == END


def test_visits_of_nobody_move_nothing_however_many() -> None:
    business = daily(3)
    crowd = [("visits", f"cookie{n}", after(20)) for n in range(500)]
    assert clock([*business, *daily(20, entity="visits"), *crowd]) == END


def test_a_handful_of_wrong_dates_is_no_day_of_a_large_business() -> None:
    strays = [("orders", f"s{n}", after(15)) for n in range(5)]
    assert clock([*daily(80), *strays]) == END


def test_what_is_yet_to_come_moves_nothing() -> None:
    """Also where a staging model lets it pass, and however much it is."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert clock([*daily(3), *daily(3, count=20, last=after(19, tomorrow))]) == END
    assert clock([("orders", "a", END), ("orders", "b", tomorrow)]) == END


@pytest.mark.parametrize(
    ("ordered_on", "expected"),
    [
        ([END], END),
        ([date(2026, 1, 5), date(2026, 1, 20), date(2026, 3, 10)], date(2026, 3, 10)),
        ([date(1998, 1, 5), date(1998, 1, 5), date(1998, 1, 20)], date(1998, 1, 20)),
        ([date(2024 + n // 12, n % 12 + 1, 5) for n in range(24)], date(2025, 12, 5)),
    ],
    ids=["one order", "three orders", "three old orders", "an order a month"],
)
def test_the_clock_of_little_business_stands_at_its_last_order(
    ordered_on: list[date], expected: date
) -> None:
    assert clock([("orders", f"c{n}", on) for n, on in enumerate(ordered_on)]) == expected


def test_an_order_far_out_of_a_slow_rhythm_waits_for_a_second_one() -> None:
    monthly = [("orders", f"c{n}", date(2024 + n // 12, n % 12 + 1, 5)) for n in range(24)]
    last = date(2025, 12, 5)
    far = ("orders", "far", date(2026, 6, 5))
    assert clock([*monthly, ("orders", "late", date(2026, 1, 25))]) == date(2026, 1, 25)
    assert clock([*monthly, far]) == last
    assert clock([*monthly, far, ("orders", "next", date(2026, 7, 1))]) == date(2026, 7, 1)


def test_weekends_and_holidays_keep_nothing_waiting() -> None:
    workdays = [row for row in daily(6, count=90) if row[2].weekday() < 5]
    assert clock(workdays) == END
    summer = [*workdays, *daily(6, count=1, last=after(40))]
    assert clock(summer) == after(40)


def test_a_business_that_shrinks_is_followed() -> None:
    shrunk = [*daily(50), *daily(1, count=40, last=after(40))]
    assert clock(shrunk) == after(40)


def test_a_first_load_of_everybody_does_not_hold_the_clock() -> None:
    """All customers are stamped with the day of the import, and then there is an order a day."""
    loaded = [("customer_records", f"c{n}", END) for n in range(500)]
    assert clock(loaded) == END
    assert clock([*loaded, ("customer_records", "one", after(40))]) == END
    assert clock([*loaded, *daily(1, count=15, last=after(15))]) == after(15)


def test_visits_are_the_business_where_there_is_no_other() -> None:
    visits = daily(4, entity="visits")
    assert clock(visits) == END
    assert clock([*visits, ("orders", "c", date(2026, 1, 1))]) == END
    assert clock([*visits, ("orders", "c", after(30))]) == END


def test_an_empty_warehouse_has_a_clock() -> None:
    assert clock([]) == date(1970, 1, 1)


def test_a_replayed_day_is_the_clock_whatever_the_data_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C360_AS_OF", "2026-05-17")
    assert clock(daily(3)) == date(2026, 5, 17)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12), st.sampled_from(ENTITIES), st.integers(1, 400))
def test_no_single_row_after_a_business_of_some_size_moves_its_clock(
    seed: int, per_day: int, entity: str, later: int
) -> None:
    chance = random.Random(seed)
    business = [
        ("orders", f"c{on}{n}", on)
        for on in days(80)
        for n in range(chance.randrange(2, 2 * per_day))
    ]
    stands = clock(business)
    rows = [*business, (entity, "somebody", stands + timedelta(days=later))]
    chance.shuffle(rows)
    assert clock(rows) == stands
