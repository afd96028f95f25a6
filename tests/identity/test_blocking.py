"""Which pairs are compared: the budget is for strangers, and what a rule finds is told."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from orchestration.identity.blocking import Blocking, Found, Origin, found_by, missed_by
from orchestration.policy.match_policy import COMPARE, BlockingRule
from orchestration.policy.match_settings import MatchSettings
from tests.identity.matching import as_sql, matched, warehouse

CLOSE, MIDDLE, WIDE = (
    BlockingRule(COMPARE, ((name, name),), (name,)) for name in ("email", "given_name", "city")
)


def chosen(*rules: BlockingRule) -> Blocking:
    return Blocking(rules, ((CLOSE, 400), (MIDDLE, 900), (WIDE, 90_000)), 1_000, 1_000)


def test_a_rule_that_finds_nobody_is_left_out_where_that_can_be_told() -> None:
    everything = chosen(CLOSE, MIDDLE, WIDE)
    assert not everything.left_out and chosen(CLOSE).left_out and chosen(CLOSE).pairs == 400
    few = [Origin(0, 2, 300.0), Origin(1, 1, 90.0), Origin(2, 1, 0.01)]
    assert [found.is_used for found in found_by(everything, few)] == [True, True, True]
    many = [replace(origin, matches=origin.matches * 1_000) for origin in few]
    told = found_by(everything, many)
    assert [found.is_used for found in told] == [True, True, False]
    assert [found.only_matches for found in told] == [0.0, 90_000.0, 10.0]
    assert found_by(chosen(CLOSE), few[:1])[1:] == [Found(MIDDLE, 900), Found(WIDE, 90_000)]


def test_what_no_rule_finds_is_estimated_from_what_one_and_two_find() -> None:
    """The numbers are those of the formula, f1 (f1 - 1) / (2 (f2 + 1))."""
    seen = [Origin(0, 1, 20.0), Origin(1, 1, 10.0), Origin(0, 2, 14.0), Origin(2, 3, 500.0)]
    assert missed_by(seen) == pytest.approx(30 * 29 / 30)
    assert missed_by([Origin(0, 3, 500.0)]) == 0


def crowd(seed: int, people: int = 45, records: int = 10) -> list[dict[str, Any]]:
    """People with ten records each, of which every other one lacks the birth date or the address.

    What most records have in common uses up a small budget.
    """
    dice = random.Random(seed)
    letters = "abdefgiklmnoprstu"

    def word(length: int) -> str:
        return "".join(dice.choices(letters, k=length))

    given = [word(5) for _ in range(60)]
    rows = []
    for person in range(people):
        told = {
            "person": f"p{person}", "given_name": dice.choice(given), "family_name": word(7),
            "birth_date": f"{dice.randint(1940, 2005)}-{dice.randint(1, 12):02}-"
            f"{dice.randint(1, 28):02}",
            "street": f"{dice.randint(1, 90)} {word(6)} street", "postal_code": f"{person // 3:05}",
            "city": f"town {person // 30}",
        }  # fmt: skip
        for number in range(records):
            row: dict[str, Any] = {"record_key": f"one:{person}-{number}", **told}
            for name in dice.choice([("birth_date",), ("street",), ("given_name",), ()]):
                row[name] = None
            rows.append(row)
    return rows


@pytest.mark.slow
def test_many_records_of_a_person_do_not_use_up_the_budget() -> None:
    few_pairs = MatchSettings(most_pairs_per_record=2)
    found = matched(warehouse(as_sql(crowd(3))), few_pairs)
    precision, recall, _ = found.quality()
    assert precision >= 0.999 and recall >= 0.99
    # More pairs are one person's than the budget has room for.
    assert found.trained.matches > 2 * found.trained.record_count
