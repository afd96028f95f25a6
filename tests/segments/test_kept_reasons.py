"""What is kept of why people entered and left, on random days, beside a memory of a few lines.

People merge, are split off, go and come back, are kept out, and change; rules are edited; days are
run again, and taken back.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from orchestration.membership.keep import keep_changes, prepare
from orchestration.segment_tools.origins import Labels
from tests.segments import clause_lab
from tests.segments.clause_lab import Compiled, Facts
from tests.segments.test_membership_history import FIRST, PEOPLE, Day, Lab, some_day
from tests.value.rendering import fill

ARRANGED = (
    ("segments", "membership_changes"),
    ("segments", "membership_period"),
    ("segments", "segment_sizes"),
    ("segments", "definitions"),
)
KEPT = (
    "select profile_id, segment_name, changed_on, explanation, other_profile_id, "
    "deciding_alone, deciding_together from operations.membership_reasons"
)
Reason = tuple[Any, ...]


@dataclass
class Told:
    """A day with the data of its people."""

    day: Day
    facts: dict[str, Facts]
    rules: dict[str, Compiled]
    arrived: dict[str, str | None] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)


class ReasonLab(Lab):
    """The tables that reasons are made of, over those of the history of membership."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, list[tuple[datetime, datetime | None]]] = {}
        self.split: dict[str, str | None] = {}
        for schema in ("segments", "identity", "profile"):
            self.con.execute(f"create schema {schema}")
        prepare(self.con)

    def tell(self, told: Told) -> None:
        """One run, with reasons."""
        self.run(told.day)
        clause_lab.fill(self.con, told.facts)
        self._identities(told)
        for schema, table in ARRANGED:
            self.con.execute(f"create or replace view {schema}.{table} as from main.{table}")
        active = [s for s in told.day.rules if s not in told.day.inactive]
        keep_changes(self.con, {s: told.rules[s].sql for s in active}, Labels({}, {}))

    def _identities(self, told: Told) -> None:
        for person in PEOPLE:
            periods = self.records.setdefault(person, [])
            is_open = bool(periods) and periods[-1][1] is None
            if person in told.facts and not is_open:
                periods.append((self.run_at, None))
            elif person not in told.facts and is_open:
                periods[-1] = (periods[-1][0], self.run_at)
        fill(
            self.con,
            "identity.identity_map_history",
            "profile_id varchar, valid_from timestamp, valid_to timestamp",
            [(person, *period) for person, each in self.records.items() for period in each],
        )
        fill(
            self.con,
            "identity.profile_ledger",
            "profile_id varchar, current_profile_id varchar, split_from_profile_id varchar",
            [
                (p, told.merged.get(p, p if p in told.facts else None), told.arrived.get(p))
                for p in PEOPLE
            ],
        )


def some_telling(dice: random.Random, on: date, before: Told | None) -> Told:
    """A day whose members are those of its rules."""
    day = some_day(dice, on)
    facts = {}
    for person in PEOPLE:
        if person not in day.gone:
            fresh = clause_lab.some_facts(dice)
            known = before.facts.get(person) if before else None
            facts[person] = known if known and dice.random() < 0.4 else fresh
    rules = {}
    for segment, version in day.rules.items():
        is_same = before and before.day.rules.get(segment) == version
        # A macro that a rule calls may change without it.
        rules[segment] = (
            before.rules[segment]
            if before and is_same and dice.random() < 0.9
            else clause_lab.compiled(clause_lab.a_rule(dice))
        )
    told = Told(day, facts, rules)
    fulfil = {
        (person, segment)
        for segment, one in rules.items()
        if segment not in day.inactive
        for person, its in facts.items()
        if clause_lab.is_in(one.rule, clause_lab.truths(one.rule, its))
    }
    day.kept_out = {m: dice.choice(["expired", "opted_out"]) for m in fulfil if dice.random() < 0.2}
    day.members = fulfil - set(day.kept_out)
    told.arrived = {p: dice.choice([None, *sorted(facts)]) for p in facts}
    told.merged = {p: one for p in day.gone if (one := dice.choice([None, *sorted(facts)]))}
    return told


def reasons_by_hand(lab: ReasonLab, days: list[Told], recorded: set[date]) -> set[Reason]:
    """Why who entered and left, from all days at once."""
    found: set[Reason] = set()
    changes = lab.rows(
        "select profile_id, segment_name, changed_on, change, cause from membership_changes"
    )
    for profile, segment, on, change, cause in changes:
        place = next(n for n, one in enumerate(days) if one.day.on == on)
        now, before = days[place], days[place - 1] if place else None
        key = (profile, segment, on)
        if cause == "profile_ended":
            heir = now.merged.get(str(profile))
            found.add((*key, "merged" if heir else "gone", heir, None, None))
        elif cause in ("rule", "identity"):
            assert before
            found.add((*key, *_reason(lab, before, now, str(profile), str(segment), recorded)))
            assert change in ("entered", "left")
    return found


def _reason(
    lab: ReasonLab, before: Told, now: Told, profile: str, segment: str, recorded: set[date]
) -> Reason:
    if now.day.on not in recorded:
        return "not_recorded", None, None, None
    one = now.rules[segment]
    if before.rules[segment] is not one:
        return "clauses_changed", None, None, None
    if profile not in before.facts:
        return "arrived", now.arrived[profile], None, None
    old, new = (clause_lab.truths(one.rule, told.facts[profile]) for told in (before, now))
    held, holds = clause_lab.is_in(one.rule, old), clause_lab.is_in(one.rule, new)
    if held == holds:
        assert (profile, segment) in before.day.kept_out
        return "no_longer_kept_out", None, None, None
    bits = {"p": (clause_lab.as_bits(old), clause_lab.as_bits(new))}
    [(_, _, alone, together)] = clause_lab.decided_of(lab.con, one, bits).values()
    return "clauses", None, alone, together


def test_what_is_kept_day_by_day_is_what_all_days_say() -> None:
    seen = _check(random.Random(10), 7) | _check(random.Random(7), 7)
    assert seen >= {"clauses", "arrived", "merged", "no_longer_kept_out", "clauses_changed"}


@pytest.mark.slow
def test_what_is_kept_of_many_days_is_what_all_days_say() -> None:
    seen = set().union(*(_check(random.Random(seed), 10) for seed in range(100, 160)))
    assert seen == {
        "clauses",
        "arrived",
        "merged",
        "gone",
        "no_longer_kept_out",
        "clauses_changed",
        "not_recorded",
    }


def _check(dice: random.Random, count: int) -> set[str]:
    lab = ReasonLab()
    days: list[Told] = []
    recorded: set[date] = set()
    on = FIRST
    for _ in range(count):
        on += timedelta(days=dice.choice([1, 1, 30]))
        days.append(some_telling(dice, on, days[-1] if days else None))
        lab.tell(days[-1])
        recorded.add(on)
        while dice.random() < 0.3:
            # More has come that ends on the same day.
            days[-1] = some_telling(dice, on, days[-2] if len(days) > 1 else None)
            lab.tell(days[-1])
        if dice.random() < 0.15 and len(days) > 2:
            # The newest files are taken back, and clauses of the day before are not kept any more.
            days = days[:-2]
            on = days[-1].day.on + timedelta(days=1)
            days.append(some_telling(dice, on, days[-2] if len(days) > 1 else None))
            lab.tell(days[-1])
            recorded -= {d for d in recorded if d >= on}
    assert lab.rows(KEPT) == reasons_by_hand(lab, days, recorded)
    return {str(explanation) for _, _, _, explanation, *_ in lab.rows(KEPT)}
