"""A CRM with columns that a team declares, and a point of sale that writes the CRM's ids.

Two hundred people; no name, address or mail is in both systems.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import Company

PEOPLE = range(1, 201)
SPENT = {n: Decimal(n) + Decimal("0.5") for n in PEOPLE}
JOINED = {n: date(2024, 3, n % 28 + 1) for n in PEOPLE}
SIZES = {n: Decimal(36) + Decimal(n % 20) / 2 if n % 10 else None for n in PEOPLE}


def given_name(number: int) -> str:
    return "".join("aeioulmrst"[int(digit)] for digit in f"{number:03}").capitalize()


def crm_line(number: int) -> str:
    size = "" if SIZES[number] is None else str(SIZES[number]).replace(".", ",")
    name, joined = given_name(number), JOINED[number]
    name = f"Prof. Dr. {name}" if number % 50 == 7 else name
    return f'C{number:05},{name},Meier,p{number}@x.org,"{size}",{joined:%d.%m.%Y},red\n'


def sources_file(company: Company) -> Path:
    """Where the columns of the CRM are declared."""
    return company.settings.dbt_project_dir / "models/staging/crm/_crm__sources.yml"


def add_segment(company: Company) -> None:
    """A segment of one's own that asks for a declared attribute, as docs/segments.md says it."""
    project = company.settings.dbt_project_dir
    folder = project / "models" / "segments"
    (folder / "large_feet.sql").write_text(
        "select profile_id, 'buys large shoes' as reason "
        "from {{ ref('profiles') }} where shoe_size > 44\n"
    )
    (folder / "large_feet.yml").write_text(
        "version: 2\nmodels: [{name: large_feet, config: {meta: {owner: 'team:us', segment: "
        "{title: Large feet}}}, columns: [{name: profile_id, data_tests: [unique, not_null]}, "
        "{name: reason}]}]\n"
    )


def add_declared(company: Company, folder: Path) -> None:
    """Add both systems by one command each, and say what two of the columns are.

    Parameters:
        company: with a project of its own.
        folder: where their files are put.
    """
    (folder / "crm").mkdir()
    (folder / "pos").mkdir()
    (folder / "crm" / "contacts.csv").write_text(
        "id,first_name,last_name,email,shoe size,member since,club\n"
        + "".join(map(crm_line, PEOPLE))
    )
    (folder / "pos" / "receipts.csv").write_text(
        "receipt_id,customer_id,date,amount\n"
        + "".join(f"R{n},C{n:05},2026-03-0{n % 9 + 1},{SPENT[n]}0\n" for n in PEOPLE)
    )
    seed = company.settings.dbt_project_dir / "seeds" / "policy" / "identity_namespaces.csv"
    seed.write_text(seed.read_text() + "crm_id,person,25,false,200,,,false,The CRM's own number.\n")
    columns = ("shoe size", "member since=joined_on", "club")
    crm = [word for column in columns for word in ("--attribute", column)]
    for command in (
        ("crm", str(folder / "crm"), *crm, "--namespace", "id=crm_id"),
        ("pos", str(folder / "pos"), "--namespace", "customer_id=crm_id"),
    ):
        added = company.c360("source", "add", *command, "--yes")
        assert added.returncode == 0, added.stdout + added.stderr
    add_segment(company)
    say_of(company, "member_since", label="I2")
    say_of(company, "club", attribute={"consumers": ["segments"]})


def say_of(company: Company, column: str, **said: Any) -> None:
    """Say in the YAML of the CRM what a column is."""
    path = sources_file(company)
    content = yaml.safe_load(path.read_text())
    columns = content["sources"][0]["tables"][0]["columns"]
    next(c for c in columns if c["name"] == column)["config"]["meta"] |= said
    path.write_text(yaml.safe_dump(content))
