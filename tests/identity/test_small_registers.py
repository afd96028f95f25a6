"""A register of a few hundred records teaches little; what is joined in it is right all the same.

pytest -m slow tests/identity/test_small_registers.py     (sixty registers, six minutes)
"""

from __future__ import annotations

import json

import pytest

from orchestration.policy.match_settings import MatchSettings
from tests.identity.faulty import people
from tests.identity.matching import as_sql, matched, town, warehouse
from tests.identity.registers import register


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(100, 160), marks=pytest.mark.slow)])
def test_the_precision_of_small_registers_is_as_expected(seeds: range) -> None:
    pairs, expected, right = 0, 0.0, 0.0
    for seed in seeds:
        done = matched(warehouse(as_sql(register(seed))))
        if done.trained.reason:
            continue
        number, probability, share = done.joined_pairs()
        done.con.close()
        pairs += number
        expected += number * probability
        right += number * share
        # Of twenty pairs one may be wrong by chance.
        assert number * (probability - share) <= max(2.0, 0.03 * number), seed
    assert pairs > 10 * len(seeds)
    assert abs(expected - right) / pairs <= 0.01


def test_nobody_is_both_junior_and_senior() -> None:
    rows = town(seed=12, households=150)
    marks = {"a": " Sr.", "b": " Jr."}
    kind = {row["person"]: int(row["person"][1:]) % 3 for row in rows}
    for row in rows:
        register_name = row["record_key"][0]
        if kind[row["person"]] == 0 or (kind[row["person"]] == 1 and register_name == "a"):
            row["family_name"] += marks[register_name]
    done = matched(warehouse(as_sql(rows)))
    pairs = done.con.execute(
        "select a.person, doubt, decision from scored inner join given as a "
        "on a.record_key = record_key_a inner join given as b on b.record_key = record_key_b "
        "where a.person = b.person"
    ).fetchall()
    told = {number: [pair[1:] for pair in pairs if kind[pair[0]] == number] for number in range(3)}
    assert set(told[0]) == {("one is junior, one senior", "review")}
    for number in (1, 2):
        joined = [decision for _, decision in told[number] if decision == "accept"]
        assert len(joined) > 0.8 * len(told[number])


@pytest.mark.parametrize("namespace", ["email", pytest.param("phone", marks=pytest.mark.slow)])
def test_who_shares_a_value_is_a_degree_of_its_own(namespace: str) -> None:
    rows = town(seed=14, households=150)
    homes = {row["person"]: row["street"] for row in rows if row["street"]}
    numbers = {street: number for number, street in enumerate(sorted(set(homes.values())))}
    for row in rows:
        home = numbers.get(homes.get(row["person"]), -1)
        row[namespace] = f"home{home}@x.example" if namespace == "email" else f"+49301{home:06}"
        row[namespace] = row[namespace] if home >= 0 else None
    done = matched(warehouse(as_sql(rows)), MatchSettings(review_probability=0.001))
    pairs = done.con.execute(
        "select a.person = b.person, comparison_levels from scored "
        "inner join given as a on a.record_key = record_key_a "
        "inner join given as b on b.record_key = record_key_b "
        f"where a.{namespace} = b.{namespace}"
    ).fetchall()
    degrees: dict[bool, list[str]] = {True: [], False: []}
    for is_one_person, text in pairs:
        degrees[is_one_person] += [
            level["level"] for level in json.loads(text) if level["comparison"] == namespace
        ]
    for is_one_person, degree in ((True, "equal"), (False, "one value of several people")):
        assert degrees[is_one_person].count(degree) > 0.8 * len(degrees[is_one_person]) > 10


def test_a_register_without_households_knows_of_some() -> None:
    rows = people(seed=13, language="en", per_kind=20)
    trained = matched(warehouse(as_sql(rows))).trained
    assert not trained.reason
    # Five pairs, less with each of the matches that teach: at 500 of them nothing is added.
    added = 5 * (1 - trained.matches / 500)
    assert trained.household_share * len(rows) * (len(rows) - 1) / 2 >= added - 0.01 > 2


@pytest.mark.slow
def test_plenty_of_matches_need_no_households_that_nobody_saw() -> None:
    rows = people(seed=13, language="en", per_kind=60)
    trained = matched(warehouse(as_sql(rows))).trained
    assert trained.matches > 500
    assert trained.household_share * len(rows) * (len(rows) - 1) / 2 < 1
