"""A CRM that delivers attributes by customer id, beside a shop that knows the ids: file after file.

The first file describes the columns, the second one changes and clears, and a third one is not what
was described.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Company, settings_in
from tests.own_data import project_copy
from tests.parsed import parsed

PEOPLE = range(1, 61)
HEADER = "customer id,shoe size,club\n"


def crm_line(number: int, size: str, club: str) -> str:
    return f"K{number:03},{size},{club}\n"


def shop_line(number: int) -> str:
    name = "".join("aeioulmrst"[int(digit)] for digit in f"{number:03}").capitalize()
    return f"S{number},{name},Meier,p{number}@x.org,K{number:03},2026-01-01 10:00:00\n"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Both systems added by one command each, and a run over the first file."""
    root = tmp_path_factory.mktemp("keyed")
    project = project_copy(root / "dbt_project")
    landing = root / "data" / "landing"
    for system in ("crm", "shop"):
        (landing / system).mkdir(parents=True)
    first = HEADER + "".join(crm_line(n, f"{38 + n % 9}.5", "red") for n in PEOPLE)
    (landing / "crm" / "attributes_2026-02-01.csv").write_text(first)
    shop = "id,first_name,last_name,email,crm number,created_at\n"
    (landing / "shop" / "customers.csv").write_text(shop + "".join(map(shop_line, PEOPLE[:50])))
    (landing / "shop" / "orders.csv").write_text(
        "order_id,customer_id,date,amount\n"
        + "".join(f"R{n},S{n},2026-03-0{n % 9 + 1},{n}.50\n" for n in PEOPLE[:50])
    )
    seed = project / "seeds" / "policy" / "identity_namespaces.csv"
    seed.write_text(seed.read_text() + "crm_id,person,25,false,200,,,false,The CRM's own number.\n")
    made = Company(parsed(settings_in(root / "data", project)))
    for command in (
        ("crm", str(landing / "crm"), "--keyed-by", "customer id=crm_id"),
        ("shop", str(landing / "shop"), "--namespace", "crm number=crm_id"),
    ):
        added = made.c360("source", "add", *command, "--yes")
        assert added.returncode == 0, added.stdout + added.stderr
    declare_club(project, {"consumers": ["segments"]})
    ran = made.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return made


def declare_club(project: Path, said: Any) -> None:
    """Say in the source's YAML what its column club is."""
    path = project / "models/staging/crm/_crm__sources.yml"
    content = yaml.safe_load(path.read_text())
    columns = content["sources"][0]["tables"][0]["columns"]
    next(c for c in columns if c["name"] == "club")["config"]["meta"]["attribute"] = said
    path.write_text(yaml.safe_dump(content))


def rows(company: Company, sql: str) -> list[tuple[Any, ...]]:
    with company.warehouse() as con:
        return con.execute(sql).fetchall()


def sizes(company: Company) -> dict[str, tuple[Decimal | None, str | None]]:
    """What the profile of each CRM id says."""
    found = rows(
        company,
        "select source_record_id, shoe_size, club from profile.profiles "
        "inner join identity.identity_map using (profile_id) where source_system = 'crm'",
    )
    return {key: (size, club) for key, size, club in found}


@pytest.mark.slow
def test_files_are_followed_and_refused(company: Company) -> None:
    assert sizes(company) == {f"K{n:03}": (Decimal(38 + n % 9) + Decimal("0.5"), "red")
                              for n in PEOPLE}  # fmt: skip
    crm = Path(company.settings.landing_dir) / "crm"
    second = HEADER + crm_line(1, "", "blue") + crm_line(2, "39.5", "") + crm_line(99, "41", "")
    (crm / "attributes_2026-02-02.csv").write_text(second)
    wrong = crm / "attributes_2026-02-03.csv"
    wrong.write_text(HEADER + crm_line(3, "44", "red") + crm_line(4, "large", "") * 2)
    refused = company.c360("run")
    told = " ".join((refused.stdout + refused.stderr).split())
    assert refused.returncode == 1
    assert "crm/attributes_2026-02-03.csv of source crm.attributes is refused as a whole" in told
    assert "line 3, column shoe size: not of the declared type decimal (and 1 more)" in told
    assert "line 4 has the customer id of line 3 again" in told
    assert "Correct the file, or the declaration in models/staging/crm/_crm__sources.yml" in told
    landed = rows(company, "select source_file, count(*) from landing.crm__attributes group by all")
    assert dict(landed) == {
        "crm/attributes_2026-02-01.csv": 60, "crm/attributes_2026-02-02.csv": 3,
    }  # fmt: skip

    wrong.unlink()
    ran = company.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    now = sizes(company)
    assert (now["K001"], now["K002"]) == ((None, "blue"), (Decimal("39.5"), None))
    assert now["K099"] == (Decimal(41), None) and now["K003"] == (Decimal("41.5"), "red")
    said = rows(
        company,
        "select attribute, source_system, is_cleared from profile.provenance "
        "inner join identity.identity_map using (profile_id, source_system, source_record_id) "
        "where source_record_id = 'K001' and attribute in ('shoe_size', 'club') order by all",
    )
    assert said == [("club", "crm", False), ("shoe_size", "crm", True)]
    listed = company.c360("source", "list")
    told = " ".join(listed.stdout.split())
    assert (
        "crm: the last upload is crm/attributes_2026-02-02.csv with 3 records: 1 new, 2 updated, "
        "0 unchanged, 0 deleted. Of 61 ids 50 are known to other systems, and 0 are on too many "
        "devices."
    ) in told


@pytest.mark.slow
def test_what_is_no_attribute_any_more_is_nobodys(company: Company) -> None:
    """It leaves the profile and all who received it; files that still have it are no fault."""
    declare_club(Path(company.settings.dbt_project_dir), False)
    ran = company.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    left = rows(
        company,
        "select distinct attribute from (select attribute from conformed.attributes union all "
        "select attribute from conformed.attribute_subscriptions union all "
        "select attribute from conformed.attribute_statements) where attribute <> 'member_since'",
    )
    assert left == [("shoe_size",)]
    columns = [row[0] for row in rows(company, "describe profile.profiles")]
    assert "shoe_size" in columns and "club" not in columns
