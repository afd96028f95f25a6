"""Values that come to nothing are asked about when they are many, and told when they are few."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.errors import UserError
from tests.sources.added import add


def people(folder: Path, count: int, broken: int, column: str = "date_of_birth") -> Path:
    """So many customers, of whom some have no day in a column of days."""
    path = folder / "customers.csv"
    born = ["not known" if n < broken else f"1980-03-{n % 28 + 1:02}" for n in range(count)]
    rows = [f"{n},p{n}@x.org,{day}" for n, day in enumerate(born)]
    path.write_text("\n".join([f"id,email,{column}", *rows]) + "\n", encoding="utf-8")
    return path


def test_more_than_the_usual_share_is_asked_about_and_may_count_for_none(tmp_path: Path):
    path = people(tmp_path, 300, 40)
    told = r"40 of 300 values can't be read as birth_date.*--type date_of_birth=date"
    with pytest.raises(UserError, match=told):
        add(tmp_path, "crm", path)
    added = add(tmp_path, "crm", path, types={"date_of_birth": "date"})
    assert added.rows("customers", "count(*), count(birth_date)") == [(300, 260)]


def test_a_day_that_there_is_not_is_kept_by_its_digits(tmp_path: Path):
    path = tmp_path / "customers.csv"
    rows = [f"{n},p{n}@x.org,1980-{13 if n < 40 else 3:02}-{n % 28 + 1:02}" for n in range(300)]
    path.write_text("\n".join(["id,email,date_of_birth", *rows]) + "\n")
    added = add(tmp_path, "crm", path)
    assert "count for none" not in added.shown
    counted = "count(birth_date), count(birth_date_as_written), min(birth_date_as_written)"
    assert added.rows("customers", counted) == [(260, 40, "19801301")]


def test_fewer_are_told_on_the_screen_and_in_the_model(tmp_path: Path):
    added = add(tmp_path, "crm", people(tmp_path, 300, 1))
    told = "1 of 300 values of date_of_birth can't be read as birth_date and count for none"
    assert told in added.shown
    model = yaml.safe_load((added.folder / "stg_crm__customers.yml").read_text())["models"][0]
    assert told in " ".join(model["description"].split())
    none = add(tmp_path, "other", people(tmp_path, 300, 0))
    assert "count for none" not in none.shown


def test_a_declared_attribute_is_asked_about_alike(tmp_path: Path):
    path = people(tmp_path, 300, 4, "member_day")
    attributes = {"member_day": "member_day"}
    with pytest.raises(UserError, match="4 of 300 values can't be read as the date member_day"):
        add(tmp_path, "crm", path, attributes=attributes)
    added = add(tmp_path, "crm", path, attributes=attributes, types={"member_day": "date"})
    assert "4 of 300 values of member_day can't be read" in added.shown
    few = add(tmp_path, "few", people(tmp_path, 300, 1, "member_day"), attributes=attributes)
    assert "1 of 300 values of member_day can't be read as the date member_day" in few.shown


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("first_name", "Ann{}", "given_name"),
        ("surname", "x{}y", "family_name"),
        ("e-mail", "{}ab12", "email"),
        ("Geburtsdatum", "unbekannt {}", "birth_date"),
    ],
)
def test_a_name_that_says_who_and_values_that_do_not_are_asked_about(
    tmp_path: Path, column: str, value: str, said: str
):
    path = tmp_path / "customers.csv"
    rows = [f"{n},Way {n},4{n:04},{value.format(n)}" for n in range(30)]
    path.write_text("\n".join([f"customer_id,street,zip,{column}", *rows]) + "\n")
    with pytest.raises(UserError, match=f"{column}: it is called {said}.*={said} or.*=ignore"):
        add(tmp_path, "crm", path)
    added = add(tmp_path, "crm", path, renames={column: "ignore"})
    assert added.rows("customers", f"count(*), count({said})") == [(30, 0)]
