"""A comparison of one's own, of an attribute that a source declares, is a row of the policy."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest

from orchestration.identity.match_models import current_model, policy_in, train_model
from orchestration.identity.match_tables import parameters
from orchestration.identity.model_settings import settings_of
from orchestration.identity.scoring import contradiction_sql
from orchestration.policy.match_settings import MatchSettings
from tests.identity.matching import RECORDS, Matched, as_sql, matched, town, warehouse

ATTRIBUTES = {
    "occupation": [
        "baker", "carpenter", "dentist", "farmer", "miller", "nurse", "painter", "smith", "tailor",
    ],
    "birth_place": [
        "Łódź", "São Paulo", "Köln", "Graz", "Lyon", "Genoa", "Bergen", "Split", "Ghent",
    ],
}  # fmt: skip
POLICY = "memory.main"
NAMESAKES = 15


def people(seed: int, attribute: str) -> list[dict[str, Any]]:
    """Two records per person; some have a namesake with another value of the attribute."""
    dice = random.Random(seed)
    syllables = [
        "ash", "ber", "cal", "den", "el", "for", "gra", "hol", "ken", "lin", "mar", "nor", "pen",
    ]  # fmt: skip
    given = sorted({"".join(dice.sample(syllables, 2)) for _ in range(150)})
    family = sorted({"".join(dice.sample(syllables, 3)) for _ in range(900)})
    rows = []

    def add(person: str, kind: str, names: tuple[str, str], value: str) -> None:
        for system in "ab":
            written = value if system == "a" else value.upper()
            rows.append(
                {
                    "record_key": f"{system}:{person}", "source_system": "one", "person": person,
                    "kind": kind, "given_name": names[0], "family_name": names[1],
                    "birth_date": None, "city": f"town {names[1][:3]}",
                    "attributes": json.dumps({attribute: written}),
                }
            )  # fmt: skip

    for number in range(400):
        names = (dice.choice(given), dice.choice(family))
        add(f"p{number}", "plain", names, dice.choice(ATTRIBUTES[attribute]))
    for number in range(NAMESAKES):
        names = (dice.choice(given), dice.choice(family))
        for side, value in zip("xy", dice.sample(ATTRIBUTES[attribute], 2), strict=True):
            add(f"n{number}{side}", "namesake", names, value)
    return rows


def declare(con: duckdb.DuckDBPyConnection, attribute: str) -> None:
    """What a company adds to match_comparisons."""
    column = f"attributes.{attribute}"
    con.execute(
        "insert into match_comparisons values (?, '200', ?, null, 'true', 'false', null)",
        [attribute, column],
    )


def merged(done: Matched) -> int:
    """How many of the namesakes are taken for one person."""
    found: Mapping[str, int] = done.people_found()
    return sum(found[f"a:n{n}x"] == found[f"a:n{n}y"] for n in range(NAMESAKES))


@pytest.mark.parametrize(
    "attribute", ["occupation", pytest.param("birth_place", marks=pytest.mark.slow)]
)
def test_namesakes_are_told_apart_by_a_declared_attribute(attribute: str) -> None:
    con = warehouse(as_sql(people(1, attribute)))
    before = matched(con)
    assert merged(before) >= 0.8 * NAMESAKES
    declare(con, attribute)
    after = matched(con)
    assert merged(after) <= 0.05 * NAMESAKES
    precision, recall, _ = after.quality()
    assert precision >= 0.99
    assert recall >= before.quality()[1]


def test_an_attribute_apart_from_households_is_more_than_names() -> None:
    """The register says nothing of a person; what a company declares does, whatever its flags."""
    con = warehouse(as_sql(people(1, "occupation")))
    declare(con, "occupation")
    con.execute(
        "update match_comparisons set is_apart_from_households = 'true' "
        "where comparison = 'occupation'"
    )
    policy = policy_in(con, POLICY)
    used = [settings_of(policy.by_name[n]) for n in ("given_name", "source", "occupation")]
    assert "gamma_occupation <= 0" in contradiction_sql({"comparisons": used}, policy)
    assert "gamma_source <= 0" not in contradiction_sql({"comparisons": used}, policy)


def test_parameters_belong_to_what_is_compared() -> None:
    """Another policy, such as that of a preview, learns its own and leaves those in use alone."""
    con = warehouse(as_sql(people(2, "occupation")))
    delivered = policy_in(con, POLICY)
    in_use, _ = train_model(con, RECORDS, MatchSettings(), delivered)
    declare(con, "occupation")
    changed = policy_in(con, POLICY)
    assert current_model(con, changed) is None
    rows = parameters(con, RECORDS, POLICY, is_first=False).fetchall()
    assert "occupation" in {row[1] for row in rows}
    assert current_model(con, changed) != in_use
    assert current_model(con, delivered) == in_use


def test_a_comparison_of_another_name_keeps_what_depends_on_it() -> None:
    """Doubts are about columns: a company may call its comparisons as it likes."""
    con = warehouse(as_sql(town(5, households=150)))
    delivered = _decisions(con)
    for table in ("match_comparisons", "match_degrees"):
        for name, other in (("birth_date", "born"), ("given_name", "first_name"), ("source", "of")):
            con.execute(f"update {table} set comparison = ? where comparison = ?", [other, name])
    assert _decisions(con) == delivered
    assert {doubt for _, doubt in delivered.values()} > {None}


def _decisions(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[str, str | None]]:
    matched(con)
    rows = con.execute("select record_key_a, record_key_b, decision, doubt from scored").fetchall()
    return {(a, b): (decision, doubt) for a, b, decision, doubt in rows}
