"""What changed merge policies would do, said without building or publishing anything."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.merging.diff import _compare, compare_merging
from tests.conftest import Company

COLUMNS = "(policy, is_default, merged_id, profile_id, email, city, record_count)"


def compared(old: str, new: str, rule: str = "email") -> dict[str, list[dict[str, object]]]:
    """The comparison of two sets of rows of policy_profiles."""
    with duckdb.connect() as con:
        for schema in ("profile", "profile_preview", "policy_preview"):
            con.execute(f"create schema {schema}")
        for schema, values in (("profile", old), ("profile_preview", new)):
            con.execute(
                f"create table {schema}.policy_profiles as from (values {values}) as x {COLUMNS}"
            )
        con.execute(
            "create table profile_preview.attribute_rules as select 'x' as policy, 'email' as "
            "attribute; create table policy_preview.merge_rules as "
            f"select 'x' as policy, '{rule}' as attribute"
        )
        return _compare(con)


def test_profiles_are_compared_attribute_by_attribute() -> None:
    old = """('x', true, 'p1', 'p1', 'a@x', 'Ulm', 2), ('x', true, 'p2', 'p2', null, 'Bonn', 1),
        ('x', true, 'p3', 'p3', 'c@x', null, 1)"""
    new = """('x', true, 'p1', 'p1', 'b@x', 'Ulm', 2), ('x', true, 'p2', 'p2', 'd@x', null, 1),
        ('x', true, 'p3', 'p3', 'c@x', null, 1)"""
    answer = compared(old, new)
    assert answer["policies"] == [
        {
            "policy": "x", "is_default": True, "compared_with": "x",
            "profiles_before": 3, "profiles_after": 3, "profiles_changed": 2,
        }
    ]  # fmt: skip
    assert answer["attributes"] == [
        {
            "policy": "x", "attribute": "email",
            "profiles_changed": 2, "other_value": 1, "filled": 1, "emptied": 0,
        },
        {
            "policy": "x", "attribute": "city",
            "profiles_changed": 1, "other_value": 0, "filled": 0, "emptied": 1,
        },
    ]  # fmt: skip
    assert compared(old, old)["attributes"] == []


def test_another_default_is_compared_with_the_default_and_records_with_their_person() -> None:
    old = "('x', true, 'p1', 'p1', 'a@x', 'Ulm', 2), ('y', false, 'p1', 'p1', 'b@x', 'Ulm', 2)"
    new = """('x', false, 'p1', 'p1', 'a@x', 'Ulm', 2), ('y', true, 'p1', 'p1', 'b@x', 'Ulm', 2),
        ('z', false, 'r1', 'p1', 'a@x', 'Ulm', 1), ('z', false, 'r2', 'p1', null, 'Ulm', 1)"""
    told = {
        row["policy"]: (row["compared_with"], *(row[f"profiles_{n}"] for n in counts))
        for counts in [("before", "after", "changed")]
        for row in compared(old, new)["policies"]
    }
    assert told == {"y": ("x", 1, 1, 1), "x": ("x", 1, 1, 0), "z": ("x", 1, 2, 1)}


def test_a_rule_for_an_attribute_that_no_profile_has_is_refused() -> None:
    row = "('x', true, 'p1', 'p1', 'a@x', 'Ulm', 1)"
    with pytest.raises(UserError, match="a rule of x for city"):
        compared(row, row, "city")


@pytest.mark.slow
def test_a_preview_says_what_a_run_would_do_and_leaves_nothing(
    company: Company, tmp_path: Path
) -> None:
    """The counts are those of the policies that stand side by side in the warehouse."""
    own = company.settings.dbt_project_dir / "seeds" / "policy" / "merge_policies.csv"
    text = own.read_text()
    other = text.replace("recent,true", "recent,false").replace(
        "precedence,false", "precedence,true"
    )
    (tmp_path / "merge_policies.csv").write_text(other)
    known = "from operations.node_states order by all"
    with company.warehouse() as con:
        before = con.execute(known).fetchall()
    answer = compare_merging(company.settings, tmp_path)
    assert own.read_text() == text
    with company.warehouse() as con:
        [(expected,)] = con.execute(
            "select count(*) from profile.policy_profiles as a "
            "inner join profile.policy_profiles as b using (merged_id) "
            "where a.is_default and b.policy = 'source_precedence' and (a.email, a.family_name, "
            "a.phone, a.city, a.street, a.login) is distinct from "
            "(b.email, b.family_name, b.phone, b.city, b.street, b.login)"
        ).fetchall()
        # What the last run has made stays made.
        assert con.execute(known).fetchall() == before != []
        schemas = con.execute("select schema_name from information_schema.schemata").fetchall()
    assert answer["policies"][0]["policy"] == "source_precedence"
    assert answer["policies"][0]["profiles_changed"] >= expected > 0
    assert not [s for (s,) in schemas if str(s).endswith("_preview")]
