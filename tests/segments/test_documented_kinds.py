"""The SQL that docs/segments.md gives for lists, ranks, shares and households, beside Python."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from hashlib import md5

import duckdb
import pytest

from orchestration.membership.clauses import Definition
from orchestration.membership.formula import holds
from orchestration.segment_tools.steps import read
from orchestration.settings import PROJECT_ROOT
from tests.value.rendering import fill

PEOPLE = [f"p{number:03}" for number in range(400)]
SECTION = "## Lists, ranks, caps and shares"
Rows = dict[str, tuple[str | None, int | None]]


def blocks() -> dict[str, str]:
    """The SQL of the section, in its order, over the tables of a lab."""
    section = (PROJECT_ROOT / "docs" / "segments.md").read_text("utf-8").split(SECTION)[1]
    found = re.findall(r"```sql\n(.*?)```", section.split("\n## ")[0], re.S)
    names = ("list", "best", "share", "household")
    return {
        name: re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"profile.\1", sql)
        for name, sql in zip(names, found, strict=True)
    }


@pytest.fixture(scope="module")
def rows() -> Rows:
    dice = random.Random(8)
    return {
        person: (
            f"h{dice.randint(1, 150)}" if dice.random() < 0.7 else None,
            dice.choice([None, *range(-2, 40)]) if dice.random() < 0.8 else 0,
        )
        for person in PEOPLE
    }


@pytest.fixture(scope="module")
def con(rows: Rows) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("create schema profile")
        homes = [(p, home) for p, (home, _) in rows.items()]
        fill(con, "profile.profiles", "profile_id varchar, household_id varchar", homes)
        amounts = [(p, amount) for p, (_, amount) in rows.items()]
        fill(con, "profile.customer_attributes", "profile_id varchar, net_amount integer", amounts)
        fill(con, "profile.refresh_period", "as_of_on date", [("2026-10-31",)])
        keys = [("identity", "email", f"{p}@example.com", p) for p in PEOPLE]
        keys += [("identity", "email", "second@example.com", "p001")]
        keys += [("source_record", "email", "p005@example.com", "p006")]
        columns = "key_kind varchar, namespace varchar, key_value varchar, profile_id varchar"
        fill(con, "profile.alternate_keys", columns, keys)
        fill(
            con,
            "profile.press_contacts",
            "namespace varchar, identity_value varchar, until_on date",
            [
                ("email", "p001@example.com", None),
                ("email", "second@example.com", None),
                ("email", "p002@example.com", "2026-10-31"),
                ("email", "p003@example.com", "2026-10-30"),
                ("phone", "p004@example.com", None),
                ("email", "p005@example.com", None),
            ],
        )
        yield con


def members(con: duckdb.DuckDBPyConnection, name: str) -> set[str]:
    found = [person for (person,) in con.execute(blocks()[name]).fetchall()]
    assert len(found) == len(set(found))
    return set(found)


def test_a_list_has_whom_it_names_until_the_day_that_it_says(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert members(con, "list") == {"p001", "p002", "p005"}


def test_the_best_are_those_of_python(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    amounts = sorted((-amount, p) for p, (_, amount) in rows.items() if amount and amount > 0)
    assert members(con, "best") == {p for _, p in amounts[:100]}
    assert amounts[99][0] == amounts[100][0]


def test_a_share_is_drawn_per_person(con: duckdb.DuckDBPyConnection) -> None:
    found = members(con, "share")
    assert found == {p for p in PEOPLE if md5(f"{p}:spring".encode()).hexdigest() < "4"}
    assert 70 < len(found) < 130


def test_one_per_household_is_the_best_of_each(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    best: dict[str, tuple[float, str]] = {}
    for person, (home, amount) in rows.items():
        rank = (float("inf") if amount is None else -amount, person)
        best[home or person] = min(best.get(home or person, rank), rank)
    assert members(con, "household") == {person for _, person in best.values()}


@pytest.mark.parametrize("name", ["list", "best", "share", "household"])
def test_they_are_taken_apart_as_well(con: duckdb.DuckDBPyConnection, name: str) -> None:
    definition = Definition(read(blocks()[name], name), "profile.profiles")
    found = con.execute(
        f"with states as ({definition.states}) select profile_id from profile.profiles "
        f"left join states using (profile_id) where {holds(definition.formula, 'states.states')}"
    ).fetchall()
    assert {person for (person,) in found} == members(con, name)
