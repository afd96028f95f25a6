"""The history of attributes, against one that is kept by hand, over random deliveries."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from tests.profile.history_by_hand import History
from tests.profile.history_lab import VALUES, Lab, Statement, World
from tests.value.rendering import render

BEGINNING = datetime(2026, 3, 1, 12)
DAYS = {"email": 1000, "city": 40, "tier": 1}


def begun(seed: int = 1) -> tuple[World, Lab, History]:
    """People of whom nothing was noted yet."""
    world = World(random.Random(seed), BEGINNING)
    for _ in range(4):
        world.write()
    return world, Lab(DAYS), History(dict(DAYS))


def run(world: World, lab: Lab, by_hand: History, at: datetime | None = None) -> int:
    """One run of both; returns how many rows it adds."""
    lab.give(world)
    added = lab.run(at or world.now)
    ruled = dict(lab.rows("select attribute, ruled_since from tracked_attributes"))
    by_hand.run(at or world.now, world.said(), world.moved(), ruled)
    found = lab.rows(f"select {VALUES}, valid_from, known_from from attribute_changes")
    noted = [
        (*k, n.value, n.is_cleared, n.record, n.reason, n.valid_from, n.known_from)
        for k, n in by_hand.rows()
    ]
    assert sorted(found, key=repr) == sorted(noted, key=repr)
    return len(added)


@pytest.mark.parametrize("seed", range(8))
def test_random_deliveries_are_noted_as_by_hand(seed: int) -> None:
    """Records come late, change, move, are cleared and withdrawn; rules change; days pass."""
    world, lab, by_hand = begun(seed)
    run(world, lab, by_hand)
    instants = [world.now]
    for _ in range(8):
        world.go_on()
        run(world, lab, by_hand)
        instants.append(world.now)
        # A run that was killed before it was written down that it was made runs again.
        if world.dice.random() < 0.3:
            assert run(world, lab, by_hand, world.now + timedelta(minutes=1)) == 0
    world.records.clear()
    # The machine's clock was put back.
    run(world, lab, by_hand, world.now - timedelta(days=3))
    for known_at in instants:
        for valid_at in (known_at, instants[3]):
            asked = f"profile.attributes_as_of('{known_at}', '{valid_at}')".replace("profile.", "")
            found = lab.rows(
                f"select profile_id, attribute, attribute_value, is_cleared from {asked}"
            )
            expected = by_hand.as_of(known_at, valid_at)
            assert {(p, a): (value, cleared) for p, a, value, cleared in found} == expected
            assert len(found) == len(expected)


def test_no_answer_changes_by_what_becomes_known_later() -> None:
    """Also where it has been so for long: a feature of that day must not see it."""
    world, lab, by_hand = begun(5)
    run(world, lab, by_hand)
    then, asked = world.now, "from attributes_as_of({}) order by all"
    told = [lab.rows(asked.format(f"'{then}'")), lab.rows(asked.format(f"'{then}', '{BEGINNING}'"))]
    assert told[0]
    for record in "12345":
        world.now += timedelta(hours=1)
        late = Statement("late", BEGINNING - timedelta(days=9))
        world.records.setdefault(record, {})["email"] = late
        world.owners[record] = world.owners[record] or [("p1", world.now)]
        run(world, lab, by_hand)
    assert "late" in {row[2] for row in lab.rows(asked.format(f"'{world.now}'"))}
    assert told == [
        lab.rows(asked.format(f"'{then}'")), lab.rows(asked.format(f"'{then}', '{BEGINNING}'"))
    ]  # fmt: skip
    assert lab.rows(asked.format(f"'{BEGINNING - timedelta(seconds=1)}'")) == []


def test_the_view_tells_until_when_it_was_so_and_until_when_it_was_known() -> None:
    world, lab, by_hand = begun(0)
    days = [BEGINNING + timedelta(days=day) for day in range(5)]
    said = [("a", -1), ("b", 1), ("late", -2), (None, 4)]
    world.records.clear()
    for day, (value, valid_on) in zip(days, said, strict=False):
        world.now = day
        world.owners["1"] = world.owners["1"] or [("p1", day)]
        at = BEGINNING + timedelta(days=valid_on)
        world.records = {"1": {"email": Statement(value, at)}} if value else {}
        run(world, lab, by_hand)
    columns = "attribute_value, previous_value, valid_from, valid_to, known_from, known_to"
    view = render("profile/history/attribute_history")
    found = lab.rows(f"select {columns} from ({view}) order by known_from")
    late = BEGINNING - timedelta(days=2)
    # What comes late was so before all that was said, which so has never been.
    assert found == [
        ("a", None, BEGINNING - timedelta(days=1), BEGINNING - timedelta(days=1), days[0], days[1]),
        ("b", "a", days[1], days[1], days[1], days[2]),
        ("late", "b", late, days[3], days[2], days[3]),
        (None, "late", days[3], None, days[3], None),
    ]


def test_replays_of_days_are_noted_at_the_end_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a history can be made of the past; one of a day before adds nothing."""
    world, lab, _ = begun(0)
    world.owners["1"] = [("p1", BEGINNING)]
    for day, value, rule in (
        ("2026-03-02", "a", "recent"),
        ("2026-03-04", "b", "precedence"),
        ("2026-03-03", "c", "precedence"),
        ("2026-03-04", "d", "precedence"),
    ):
        monkeypatch.setenv("C360_AS_OF", day)
        world.records = {"1": {"email": Statement(value, BEGINNING)}}
        world.rules["email"] = rule
        lab.give(world)
        lab.run(datetime(2026, 11, 30, 9))
    noted = "select attribute_value, change_reason, known_from from attribute_changes order by all"
    assert lab.rows(noted) == [
        ("a", "first_value", datetime(2026, 3, 2, 23, 59, 59)),
        ("b", "policy", datetime(2026, 3, 4, 23, 59, 59)),
        ("d", "record", datetime(2026, 3, 4, 23, 59, 59, 1)),
    ]
