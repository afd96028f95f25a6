"""Who entered and left which segment, on random days, beside a memory of a few lines.

Days are run in order, run again with other members, replayed, and taken back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb
import pytest

from tests.value.rendering import STARTED_AT, fill, hooks, render

FOLDER = "segments/membership/"
MEMORIES = ("membership_changes", "segment_sizes")
FIRST = date(2026, 1, 1)
PEOPLE = ("p1", "p2", "p3", "p4")
SEGMENTS = ("a", "b")
Member = tuple[str, str]


@dataclass
class Day:
    """What is so on a day: members, the segments with their rules, and what befell people."""

    on: date
    members: set[Member]
    rules: dict[str, str]
    inactive: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    kept_out: dict[Member, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)


class Lab:
    """The tables that the models of the history read, and the history as they keep it."""

    def __init__(self) -> None:
        self.con = duckdb.connect(config={"threads": 1})
        self.run_at = datetime(2026, 2, 1)
        self.moves: list[tuple[str, datetime, bool]] = []

    def run(self, day: Day) -> None:
        """One run, over data that end on that day."""
        self.run_at += timedelta(hours=1)
        self.moves += [(profile, self.run_at, True) for profile in sorted(day.moved)]
        fill(self.con, "refresh_period", "as_of_on date", [(day.on,)])
        fill(
            self.con,
            "definitions",
            "segment_name varchar, state varchar, rule_checksum varchar",
            [(n, "inactive" if n in day.inactive else "active", c) for n, c in day.rules.items()],
        )
        members = "profile_id varchar, segment_name varchar, reason varchar"
        fill(self.con, "segment_membership", members, [(*m, "so") for m in sorted(day.members)])
        out = "profile_id varchar, segment_name varchar, cause varchar"
        fill(self.con, "kept_out", out, [(*m, c) for m, c in sorted(day.kept_out.items())])
        there = [(p,) for p in PEOPLE if p not in day.gone]
        fill(self.con, "profiles", "profile_id varchar", there)
        moves = "profile_id varchar, moved_at timestamp, has_gained boolean"
        fill(self.con, "profile_moves", moves, self.moves)
        tables = {
            n for (n,) in self.con.execute("select table_name from duckdb_tables()").fetchall()
        }
        history = {"segment_sizes": "main.segment_sizes"} if "segment_sizes" in tables else {}
        sql = self.at(render(FOLDER + "membership_period", history=history))
        self.con.execute(f"create or replace table membership_period as {sql}")
        for memory in MEMORIES:
            is_there = memory in tables
            sql = self.at(render(FOLDER + memory, history=history, incremental=is_there))
            for statement in hooks(FOLDER + memory, "pre_hook") if is_there else []:
                self.con.execute(statement)
            into = f"insert into {memory} by name" if is_there else f"create table {memory} as"
            self.con.execute(f"{into} {sql}")

    def at(self, sql: str) -> str:
        """A statement as it is in this run."""
        return sql.replace(STARTED_AT.strftime("%Y-%m-%d %H:%M:%S.%f"), str(self.run_at))

    def rows(self, sql: str) -> set[tuple[object, ...]]:
        """Rows of the history."""
        return set(self.con.execute(sql).fetchall())


def some_day(dice: random.Random, on: date) -> Day:
    """Whatever can be on a day."""
    gone = {p for p in PEOPLE if dice.random() < 0.15}
    # A day on which a project has no segment at all is not recorded.
    there = [s for s in SEGMENTS if dice.random() < 0.85] or SEGMENTS[:1]
    rules = {s: dice.choice(["1", "1", "1", "2"]) for s in there}
    inactive = {s for s in rules if dice.random() < 0.15}
    active = [s for s in rules if s not in inactive]
    fulfil = {(p, s) for p in PEOPLE if p not in gone for s in active if dice.random() < 0.6}
    kept_out = {m: dice.choice(["expired", "opted_out"]) for m in fulfil if dice.random() < 0.15}
    moved = {p for p in PEOPLE if dice.random() < 0.3}
    return Day(on, fulfil - set(kept_out), rules, inactive, gone, kept_out, moved)


def changes_by_hand(days: list[Day]) -> set[tuple[object, ...]]:
    """Who entered and left, by what cause: from all days at once, in their order."""
    found: set[tuple[object, ...]] = set()
    before: Day | None = None
    for day in sorted(days, key=lambda d: d.on):
        known = before.members if before else set()
        for member in day.members ^ known:
            change = "entered" if member in day.members else "left"
            found.add((*member, change, day.on, _cause(member, change, day, before)))
        before = day
    return found


def _cause(member: Member, change: str, day: Day, before: Day | None) -> str:
    profile, segment = member
    is_active = segment in day.rules and segment not in day.inactive
    was_active = before and segment in before.rules and segment not in before.inactive
    if change == "left" and not is_active:
        return "segment_ended"
    if change == "left" and profile in day.gone:
        return "profile_ended"
    if member in day.kept_out:
        return day.kept_out[member]
    if not (before and was_active):
        return "segment_begun"
    if before.rules[segment] != day.rules[segment]:
        return "rule_edited"
    return "identity" if profile in day.moved else "rule"


CHANGES = "select profile_id, segment_name, change, changed_on, cause from membership_changes"


@pytest.mark.parametrize("seed", range(10))
def test_what_is_remembered_day_by_day_is_what_all_days_say(seed: int) -> None:
    dice = random.Random(seed)
    lab, days = Lab(), []
    on = FIRST
    for _ in range(8):
        on += timedelta(days=dice.choice([1, 1, 30]))
        days.append(some_day(dice, on))
        lab.run(days[-1])
        while dice.random() < 0.4:
            # More has come that ends on the same day. Its people have moved since the day before.
            again = some_day(dice, on)
            again.moved |= days[-1].moved
            days[-1] = again
            lab.run(again)
        if dice.random() < 0.2 and len(days) > 2:
            # The newest files are taken back: what is after the clock is not known any more.
            days = days[:-2]
            on = days[-1].on + timedelta(days=1)
            moved_since = {p for p, at, _ in lab.moves if at > _computed_at(lab, days[-1].on)}
            days.append(some_day(dice, on))
            days[-1].moved |= moved_since
            lab.run(days[-1])
    assert lab.rows(CHANGES) == changes_by_hand(days)
    numbers = "member_count, entered_count, left_count"
    assert lab.rows(f"select as_of_on, segment_name, {numbers} from segment_sizes") == {
        (day.on, segment, len(now), len(now - before), len(before - now))
        for earlier, day in zip([None, *days], days, strict=False)
        for segment in day.rules
        for now in [{m for m in day.members if m[1] == segment}]
        for before in [{m for m in (earlier.members if earlier else ()) if m[1] == segment}]
    }
    _sizes_follow_from_changes(lab)
    _history_is_of_stays(lab, days)


def _computed_at(lab: Lab, on: date) -> datetime:
    found = lab.con.execute(
        "select coalesce(max(computed_at), timestamp '2026-01-01') from segment_sizes "
        "where as_of_on = ?",
        [on],
    ).fetchone()
    assert found
    return datetime.fromisoformat(str(found[0]))


def _sizes_follow_from_changes(lab: Lab) -> None:
    """Members of a day are all that have entered until then without those that have left."""
    assert not lab.rows(
        "select * from segment_sizes as sizes where member_count <> (select "
        "count(*) filter (where change = 'entered') - count(*) filter (where change = 'left') "
        "from membership_changes as changes where changes.segment_name = sizes.segment_name "
        "and changed_on <= as_of_on)"
    )


def _history_is_of_stays(lab: Lab, days: list[Day]) -> None:
    sql = render(FOLDER + "segment_membership_history")
    lab.con.execute(f"create or replace view segment_membership_history as {sql}")
    for day in days:
        said = lab.rows(
            "select profile_id, segment_name from segment_membership_history "
            f"where valid_from <= '{day.on}' and (valid_to is null or valid_to > '{day.on}')"
        )
        assert said == day.members
    on = days[-1].on
    before = days[-2].members if len(days) > 1 else set()
    status = lab.rows(
        "select profile_id, segment_name, status from segment_membership_history "
        f"where valid_to is null or valid_to = '{on}'"
    )
    assert status == {
        (*m, "left" if m not in days[-1].members else "stays" if m in before else "entered")
        for m in before | days[-1].members
    }


def test_a_replay_of_the_last_day_replaces_it_and_one_of_an_earlier_day_adds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice = random.Random(1)
    lab = Lab()
    days = [some_day(dice, FIRST + timedelta(days=n)) for n in range(3)]
    for day in days:
        lab.run(day)
    known = lab.rows("from membership_changes"), lab.rows("from segment_sizes")
    monkeypatch.setenv("C360_AS_OF", str(days[1].on))
    lab.run(some_day(dice, days[1].on))
    assert (lab.rows("from membership_changes"), lab.rows("from segment_sizes")) == known
    monkeypatch.setenv("C360_AS_OF", str(days[2].on))
    again = some_day(dice, days[2].on)
    again.moved |= days[2].moved
    lab.run(again)
    assert lab.rows(CHANGES) == changes_by_hand([*days[:2], again])
