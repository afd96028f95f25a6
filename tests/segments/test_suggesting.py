"""Suggested segments: what is planted is found, what is not there isn't, and clauses mean codes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segment_tools.splits import NULL, Coded, Moments, Side, grow, simplified
from orchestration.segment_tools.suggest_command import write_rule
from orchestration.segment_tools.suggesting import Question, suggest
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.activation.lab import project_in

COUNTRY, TENURE = "profiles.country_code", "derived_attributes.tenure_days"
ASKED = Question("customer_attributes.net_amount", by=(COUNTRY, TENURE))
UNNESTED = ", ".join(["unnest(?)"] * 4)
Person = tuple[str, str | None, int | None, float | None]


def warehouse(folder: Path, people: list[Person], order: int = 0) -> Settings:
    """A warehouse of people with a country, a tenure and an amount, in some order."""
    settings = Settings(folder, folder / "landing", DBT_PROJECT_DIR)
    folder.mkdir(exist_ok=True)
    settings.warehouse_path.unlink(missing_ok=True)
    random.Random(order).shuffle(people)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema profile; create schema value; create schema segments")
        con.execute("create table segments.segment_membership (profile_id text)")
        con.execute("create table p (profile_id text, country_code text, tenure int, net double)")
        con.execute(
            f"insert into p select {UNNESTED}", [list(c) for c in zip(*people, strict=True)]
        )
        con.execute("create table profile.profiles as select profile_id, country_code from p")
        con.execute(
            "create table profile.derived_attributes as select profile_id, "
            "tenure as tenure_days from p where tenure is not null"
        )
        con.execute(
            "create table value.customer_attributes as select profile_id, "
            "net::decimal(18, 2) as net_amount from p where net is not null"
        )
    return settings


def drawn(seed: int, count: int, amount: Callable[[str | None, int | None], float]) -> list[Person]:
    """People drawn at random; of some nothing is known."""
    dice = random.Random(seed)
    people: list[Person] = []
    for number in range(count):
        country = dice.choice(["CH", "DE", "FR", None])
        tenure = dice.choice([None, *[dice.randrange(1000)] * 9])
        net = None if dice.random() < 0.1 else amount(country, tenure) + dice.gauss(0, 20)
        people.append((f"p{number}", country, tenure, net))
    return people


def is_ours(country: str | None, tenure: int | None) -> float:
    return 100.0 * (country == "CH" and (tenure or 0) > 400)


def test_a_planted_group_is_found_and_its_people_are_who_fulfil_its_clauses(tmp_path: Path) -> None:
    people = drawn(1, 3_000, is_ours)
    found = suggest(warehouse(tmp_path, people), ASKED)

    first = found["groups"][0]
    tenure, country = sorted(first["clauses"], key=lambda clause: clause["field"])
    assert first["is_confirmed"] and first["low"] > 70
    assert country == {"field": COUNTRY, "operator": "equals", "value": "CH"}
    assert (tenure["field"], tenure["operator"]) == (TENURE, "more_than")
    assert 350 < tenure["value"] < 450
    ours = [p for p in people if p[1] == "CH" and p[2] is not None and p[2] > tenure["value"]]
    amounts = [p[3] for p in ours if p[3] is not None]
    assert first["people"] == len(ours)
    assert first["mean"] == pytest.approx(sum(amounts) / len(amounts), abs=0.01)
    assert found["people"] + found["unknown"] == 3_000
    assert sum(group["people"] for group in found["groups"]) == 3_000
    assert suggest(warehouse(tmp_path, people, order=9), ASKED) == found


def test_of_noise_nothing_is_suggested(tmp_path: Path) -> None:
    for seed in range(4):
        people = drawn(seed, 800, lambda *_: 0.0)
        found = suggest(warehouse(tmp_path, people), ASKED)
        assert not [group for group in found["groups"] if group["is_confirmed"]]


def test_what_only_one_half_shows_is_not_confirmed(tmp_path: Path) -> None:
    people = drawn(3, 2_000, is_ours)
    learned = {p[0] for p in people if hashlib.md5(p[0].encode()).hexdigest() < "8"}
    flat = [p if p[0] in learned else (*p[:3], None if p[3] is None else 5.0) for p in people]
    found = suggest(warehouse(tmp_path, flat), ASKED)
    assert found["groups"] and not [g for g in found["groups"] if g["is_confirmed"]]
    with pytest.raises(UserError, match="does not differ"):
        write_rule(tmp_path, "ours", found, 1)
    assert not (tmp_path / "segment_rules").exists()


@pytest.mark.parametrize("seed", range(8))
def test_the_first_split_explains_most_of_all_that_can_be(seed: int) -> None:
    dice = random.Random(seed)
    coded = [
        Coded("t.a", True, [10, 20, 30], has_null=True), Coded("t.b", False, ["x", "y"], True),
        Coded("t.c", True, [5], has_null=False),
    ]  # fmt: skip
    rows = [
        (dice.randint(NULL, 3), dice.randint(NULL, 2), dice.randint(0, 1), dice.gauss(0, 1))
        for _ in range(60)
    ]
    with duckdb.connect() as con:
        con.execute("create table t (c0 int, c1 int, c2 int, y double)")
        con.execute(f"insert into t select {UNNESTED}", [list(c) for c in zip(*rows, strict=True)])
        leaves = grow(con, "t", coded, groups=2, least=5)
        sizes = [con.execute(f"select count(*) from t where {e.sql}").fetchall() for e in leaves]
    parts = [
        {NULL},
        *({0, *range(n + 1)} for n in range(3)),
        *(set(range(n, 4)) for n in (1, 2, 3)),
    ]
    ways = [(0, part) for part in parts]
    ways += [(1, {NULL}), (1, {1}), (1, {2}), (2, {0})]

    def explained(column: int, part: set[int]) -> float:
        one = [row[3] for row in rows if row[column] in part]
        other = [row[3] for row in rows if row[column] not in part]
        if min(len(one), len(other)) < 5:
            return -1
        return sum(len(side) * (sum(side) / len(side)) ** 2 for side in (one, other))

    column, part = max(ways, key=lambda way: explained(*way))
    count = sum(row[column] in part for row in rows)
    assert sorted(size for [(size,)] in sizes) == sorted((count, 60 - count))


def test_clauses_that_others_imply_are_left_out_and_the_rest_means_the_same() -> None:
    dice = random.Random(4)
    operators = ("at_most", "more_than", "equals", "is_null", "is_not_null")

    def holds(clause: dict[str, Any], value: int | None) -> bool:
        if "none" in clause:
            return not holds(clause["none"][0], value)
        operator, wanted = clause["operator"], int(clause.get("value", 0))
        if operator.startswith("is_"):
            return bool((value is None) == (operator == "is_null"))
        if value is None:
            return False
        compared = {"at_most": value <= wanted, "more_than": value > wanted}
        return bool(compared.get(operator, value == wanted))

    shorter = 0
    for _ in range(2_000):
        sides = []
        for _ in range(3):
            clause: dict[str, Any] = {"field": "t.a", "operator": dice.choice(operators)}
            if not clause["operator"].startswith("is_"):
                clause["value"] = dice.randrange(4)
            sides.append(Side(dice.choice([clause, {"none": [clause]}]), ""))
        kept = simplified(sides)
        shorter += len(kept) < len(sides)
        for value in (None, 0, 1, 2, 3, 4):
            assert all(holds(c, value) for c in kept) == all(holds(s.clause, value) for s in sides)
    assert shorter > 500
    assert (Moments(2, 3, 5) - Moments(2, 3, 5)).mean == 0


def test_a_group_becomes_the_file_of_a_rule_once(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    (project / "models").mkdir(exist_ok=True)
    (project / "models" / "profiles.sql").write_text("select 1")
    found = suggest(warehouse(tmp_path / "data", drawn(1, 3_000, is_ours)), ASKED)
    path = write_rule(project, "good_ones", found, 1)
    assert "state: draft" in path.read_text() and f"field: {COUNTRY}" in path.read_text()
    with pytest.raises(UserError, match="already"):
        write_rule(project, "good_ones", found, 1)
    for name, group, told in (
        ("profiles", 1, "already"), ("../x", 1, "can't be the name"), ("y", 9, "no group 9"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=told):
            write_rule(project, name, found, group)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (Question("profiles.emial"), "no column 'emial'. Nearest: email"),
        (Question("profiles.email", equals="a@b.c"), "personal data"),
        (Question(COUNTRY), "Say with --equals"),
        (Question(TENURE, equals="3"), "--equals is for texts"),
        (Question(TENURE, by=(TENURE,)), "is the measure itself"),
        (Question("value", by=(COUNTRY,)), "no table 'value'"),
        (Question(TENURE, by=(COUNTRY,), groups=1), "--groups is 2 to 8"),
        (Question(TENURE, by=(COUNTRY,), least=2_000), "Only 91 people"),
    ],
)
def test_what_can_not_be_asked_is_told(tmp_path: Path, question: Question, told: str) -> None:
    people: list[Person] = [(f"p{n}", "CH", n if n < 91 else None, 1.0) for n in range(100)]
    settings = warehouse(tmp_path, people)
    with pytest.raises(UserError) as error:
        suggest(settings, question)
    assert told in str(error.value)


def test_a_table_with_several_rows_of_a_person_is_refused(tmp_path: Path) -> None:
    settings = warehouse(tmp_path, [(f"p{n}", "CH", n, 1.0) for n in range(9)])
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("insert into value.customer_attributes from value.customer_attributes limit 1")
    with pytest.raises(UserError, match="customer_attributes can't be used"):
        suggest(settings, ASKED)


def test_numbers_that_are_none_are_no_bounds(tmp_path: Path) -> None:
    settings = warehouse(tmp_path, drawn(1, 400, is_ours))
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("alter table profile.derived_attributes alter tenure_days type double")
        con.execute(
            "update profile.derived_attributes set tenure_days = case when "
            "hash(profile_id) % 2 = 0 then 'nan'::double else '-inf'::double end "
            "where hash(profile_id) % 3 > 0"
        )
    found = suggest(settings, ASKED)
    clauses = [clause for group in found["groups"] for clause in group["clauses"]]
    bounds = [(c["none"][0] if "none" in c else c).get("value") for c in clauses]
    assert all(bound.is_finite() for bound in bounds if isinstance(bound, Decimal))
    assert sum(group["people"] for group in found["groups"]) == 400
