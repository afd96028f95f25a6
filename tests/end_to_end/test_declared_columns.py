"""Columns that a team declares: attributes arrive in the profile, foreign ids join people.

A CRM and a point of sale that writes the CRM's ids, two hundred people; no name, address or mail is
in both.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Company, settings_in
from tests.own_data import project_copy

PEOPLE = range(1, 201)
SIZE = "shoe_size"


def given_name(number: int) -> str:
    return "".join("aeioulmrst"[int(digit)] for digit in f"{number:03}").capitalize()


def crm_line(number: int) -> str:
    joined = f"{number % 28 + 1:02}.03.2024"
    size = f"{36 + number % 20 / 2}".replace(".", ",") if number % 10 else ""
    return f'C{number:05},{given_name(number)},Meier,p{number}@x.org,"{size}",{joined}\n'


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Both systems added by one command each, and a run."""
    root = tmp_path_factory.mktemp("declared")
    project = project_copy(root / "dbt_project")
    landing = root / "data" / "landing"
    (landing / "crm").mkdir(parents=True)
    (landing / "pos").mkdir()
    (landing / "crm" / "contacts.csv").write_text(
        "id,first_name,last_name,email,shoe size,member since\n" + "".join(map(crm_line, PEOPLE))
    )
    (landing / "pos" / "receipts.csv").write_text(
        "receipt_id,customer_id,date,amount\n"
        + "".join(f"R{n},C{n:05},2026-03-0{n % 9 + 1},{n}.50\n" for n in PEOPLE)
    )
    seed = project / "seeds" / "policy" / "identity_namespaces.csv"
    seed.write_text(seed.read_text() + "crm_id,person,25,false,200,,,false,The CRM's own number.\n")
    made = Company(settings_in(root / "data", project))
    crm = ("--attribute", "shoe size", "--attribute", "member since=joined_on")
    for command in (
        ("crm", str(landing / "crm"), *crm, "--namespace", "id=crm_id"),
        ("pos", str(landing / "pos"), "--namespace", "customer_id=crm_id"),
    ):
        added = made.c360("source", "add", *command, "--yes")
        assert added.returncode == 0, added.stdout + added.stderr
    label(project)
    ran = made.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return made


def label(project: Path) -> None:
    """Call the day on which somebody joined personal data."""
    path = project / "models/staging/crm/_crm__sources.yml"
    content = yaml.safe_load(path.read_text())
    columns = content["sources"][0]["tables"][0]["columns"]
    next(c for c in columns if c["name"] == "member_since")["config"]["meta"]["label"] = "I2"
    path.write_text(yaml.safe_dump(content))


def rows(company: Company, sql: str) -> list[tuple[Any, ...]]:
    with company.warehouse() as con:
        return con.execute(sql).fetchall()


def test_ids_of_another_system_make_nobody_twice(company: Company) -> None:
    people = rows(
        company,
        "select count(*), count(distinct profile_id), count(given_name) from profile.profiles "
        "where is_known",
    )
    assert people == [(len(PEOPLE), len(PEOPLE), len(PEOPLE))]
    bought = rows(
        company,
        "select given_name, sum(line_amount) from profile.purchases "
        "inner join profile.profiles using (profile_id) group by all",
    )
    assert dict(bought) == {given_name(n): Decimal(n) + Decimal("0.5") for n in PEOPLE}


def test_attributes_arrive_typed_and_with_their_source(company: Company) -> None:
    found = rows(company, f"select email, {SIZE}, joined_on from profile.profiles where is_known")
    assert {mail: (size, day) for mail, size, day in found} == {
        f"p{n}@x.org": (
            Decimal(36) + Decimal(n % 20) / 2 if n % 10 else None,
            date(2024, 3, n % 28 + 1),
        )
        for n in PEOPLE
    }
    assert rows(
        company,
        "select attribute, source_system, count(*) from profile.provenance "
        f"where attribute in ('{SIZE}', 'joined_on') group by all order by all",
    ) == [("joined_on", "crm", 200), (SIZE, "crm", 180)]


def test_the_profile_can_be_asked_without_what_is_labelled(company: Company) -> None:
    sql = f"select max({SIZE}) as largest from profile.profiles"
    asked = company.c360("query", "--layers", "--format", "csv", sql)
    assert asked.stdout.split() == ["largest", "45.500000"], asked.stderr
    sql = "select count(joined_on) as joined from profile.profiles"
    refused = company.c360("query", "--layers", sql)
    assert refused.returncode == 2
    assert "need --personal-data" in " ".join(refused.stderr.split())
    told = company.c360("query", "--layers", "--personal-data", "--format", "csv", sql)
    assert told.stdout.split() == ["joined", "200"], told.stderr


def test_what_cannot_be_followed_is_refused_before_anything_is_made(company: Company) -> None:
    path = Path(company.settings.dbt_project_dir) / "models/staging/crm/_crm__sources.yml"
    before = path.read_text()
    runs = rows(company, "select max(finished_at) from operations.node_states")
    path.write_text(before.replace("type: decimal", "type: colour"))
    try:
        ran = company.c360("run")
    finally:
        path.write_text(before)
    assert ran.returncode == 1
    assert "with type colour. Use text, integer" in " ".join((ran.stdout + ran.stderr).split())
    assert rows(company, "select max(finished_at) from operations.node_states") == runs
