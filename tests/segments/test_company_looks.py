"""What is said of segments over a company agrees with what its run has published."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segment_tools.compare import LEAST_PEOPLE, compare
from orchestration.segment_tools.dialects import DIALECTS, translated
from orchestration.segment_tools.overlap import overlap
from orchestration.segment_tools.preview import asked_about, preview
from orchestration.segment_tools.suggesting import Question, suggest
from orchestration.segment_tools.why import why
from orchestration.segments.compile_command import warehouse_types
from orchestration.segments.declared import segments_of
from orchestration.segments.drafts import read_drafts
from orchestration.segments.rule_text import rule_text
from orchestration.settings import DBT_PROJECT_DIR
from tests.conftest import Company
from tests.segments.company import SEGMENT, members

ACTIVE = [s.name for s in segments_of(DBT_PROJECT_DIR) if s.state == "active"]


@pytest.fixture(scope="module")
def warehouse(finished_company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(finished_company.settings.warehouse_path), read_only=True) as con:
        yield con


@pytest.mark.parametrize("name", ACTIVE)
def test_a_preview_counts_what_the_run_has_published(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    found = preview(finished_company.settings, name)
    published = members(warehouse, name)
    kept_out = warehouse.execute(
        "select cause, count(*) from segments.kept_out where segment_name = ? group by 1", [name]
    ).fetchall()
    assert found["members"] == len(published)
    assert found["kept_out"] == dict(kept_out)
    assert found["qualified"] == len(published) + sum(found["kept_out"].values())
    assert [p["profile_id"] for p in found["people"]] == published[:10]
    assert found["steps"][-1]["people"] == found["qualified"]
    assert all(s["people"] is not None or "yields no" in s["says"] for s in found["steps"])
    assert all("says" not in one for one in found["filters"])


def test_a_suggested_group_has_whom_its_rule_has(finished_company: Company, tmp_path: Path) -> None:
    settings = finished_company.settings
    found = suggest(settings, Question("customer_attributes.net_amount", least=20))
    drafts = read_drafts(settings.dbt_project_dir, warehouse_types(settings))
    head = {"title": "A", "owner": "team:a", "purpose": "b", "state": "draft"}
    assert len(found["groups"]) > 1
    for group in found["groups"]:
        said = {**head, "include": {"all": group["clauses"]}}
        _, sql = drafts.draft("suggested", rule_text(said).encode())
        (tmp_path / "group.sql").write_text(sql)
        looked = preview(settings, "suggested", tmp_path / "group.sql")
        assert looked["qualified"] == group["people"]


def test_a_draft_keeps_out_whom_a_run_would(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "draft.sql"
    file.write_text("select profile_id, upper(email) as reason from {{ ref('profiles') }}")
    with company.warehouse() as con:
        people = [p for (p,) in con.execute("select profile_id from profile.profiles").fetchall()]
        expired = dict.fromkeys(
            p for (p,) in con.execute("select profile_id from profile.expired_profiles").fetchall()
        )
        alive = [p for p in people if p not in expired]
        no = random.Random(5).sample(alive, 7)
        con.execute("delete from profile.consent where contact_value = 'any' and code = 'n'")
        for person in no:
            con.execute(
                "insert into profile.consent by name select ? as profile_id, 'n' as code, "
                "'any' as purpose, 'any' as channel, 'any' as topic, 'any' as contact_value",
                [person],
            )
    found = preview(company.settings, "not_there_yet", file)
    assert found["state"] == "draft"
    assert found["kept_out"].get("opted_out") == 7
    assert found["kept_out"].get("expired", 0) == len(expired)
    assert found["members"] == len(people) - 7 - len(expired)
    # An address is the reason: nobody sees it.
    assert {p["reason"] for p in found["people"]} == {"(masked)"}
    assert "@" not in json.dumps(found, default=str).upper()


@pytest.mark.slow
def test_macros_are_compiled_by_dbt_and_nothing_of_the_last_run_is_touched(
    finished_company: Company, tmp_path: Path
) -> None:
    settings, file = finished_company.settings, tmp_path / "draft.sql"
    left = {p: p.stat().st_mtime_ns for p in settings.dbt_target_dir.rglob("*.sql")}
    file.write_text(
        "{# who #}select profile_id from {{ ref('profiles') }} "
        "where {{ dbt.length('profile_id') }} > {{ [3, 4] | max }}"
    )
    found = preview(settings, "not_there_yet", file)
    assert found["filters"][0]["conditions"][0]["condition"] == "LENGTH(profile_id) > 4"
    assert found["members"] + found["kept_out"].get("expired", 0) == found["profiles"]
    for wrong, says in (("{{ dbt.lengthy(1) }}", "lengthy"), ("{% if %}", "can't be compiled")):
        file.write_text(f"select profile_id from {{{{ ref('profiles') }}}} where {wrong} > 1")
        with pytest.raises(UserError, match=says):
            preview(settings, "not_there_yet", file)
    assert left == {p: p.stat().st_mtime_ns for p in settings.dbt_target_dir.rglob("*.sql")}


def test_why_agrees_with_membership_and_names_what_is_false(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    profiles = warehouse.execute("select profile_id from profile.profiles order by 1").fetchall()
    inside = {*members(warehouse, SEGMENT)}
    deciles = dict(
        warehouse.execute(
            "select profile_id, decile from value.deciles where metric = 'net_revenue' "
            "and category_type = 'loyalty_tier' and look_back = 'lifetime'"
        ).fetchall()
    )
    chosen = [sorted(inside)[0], min(p for p, d in deciles.items() if d and d > 3)]
    chosen.append(min(p for (p,) in profiles if p not in deciles))
    for person in chosen:
        found = why(finished_company.settings, SEGMENT, person)
        assert found["is_member"] is found["fulfils"] is (person in inside)
        assert (found["stays"] != []) is (person in inside)
        last = (found["falls_out"] or [{}])[-1]
        if person in inside:
            assert last == {} and found["reason"].startswith("decile ")
            assert found["stays"][0]["entering_cause"] == "segment_begun"
        elif person in deciles:
            assert [c["condition"] for c in last["conditions"]] == ["decile <= 3"]
            assert last["conditions"][0]["values"] == [{"decile": str(deciles[person])}]
        else:
            assert last["says"] == "has no row in value.deciles"


def test_a_former_id_leads_to_todays_profile_and_its_own_stay(company: Company) -> None:
    with company.warehouse() as con:
        person = members(con, SEGMENT)[0]
        con.execute(
            "insert into profile.alternate_keys by name select 'k' as alternate_key_id, "
            "'former_profile' as key_kind, 'p00000000000000ff' as key_value, ? as profile_id",
            [person],
        )
        con.execute(
            "insert into segments.membership_changes by name "
            "select 'p00000000000000ff' as profile_id, ? as segment_name, 'entered' as change, "
            "date '2026-01-01' as changed_on, 'rule' as cause "
            "union all select 'p00000000000000ff', ?, 'left', date '2026-02-01', 'profile_ended'",
            [SEGMENT, SEGMENT],
        )
    found = why(company.settings, SEGMENT, "p00000000000000ff")
    assert (found["profile_id"], found["is_member"]) == (person, True)
    assert found["reason"].startswith("decile ")
    assert [(s["profile_id"], s["leaving_cause"]) for s in found["stays"]] == [
        ("p00000000000000ff", "profile_ended"),
        (person, None),
    ]


def test_differences_are_those_of_python_and_small_groups_are_silent(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    found = compare(finished_company.settings, SEGMENT)
    inside = {*members(warehouse, SEGMENT)}
    rows = warehouse.execute(
        "select profile_id, net_amount from value.customer_attributes where net_amount is not null"
    ).fetchall()
    groups = [[float(v) for p, v in rows if (p in inside) is side] for side in (True, False)]
    means = [sum(g) / len(g) for g in groups]
    spreads = [
        sum((v - m) ** 2 for v in g) / (len(g) - 1) for g, m in zip(groups, means, strict=True)
    ]
    score = (means[0] - means[1]) / (sum(spreads) / 2) ** 0.5
    named = {one["attribute"]: one for one in found["numbers"]}
    assert named["customer_attributes.net_amount"]["score"] == pytest.approx(score, abs=1e-4)
    assert [abs(n["score"]) for n in found["numbers"]] == sorted(
        (abs(n["score"]) for n in found["numbers"]), reverse=True
    )
    assert "derived_attributes.age" not in named  # it has a label
    assert found == compare(finished_company.settings, SEGMENT)
    sizes = (found["people"], found["other_people"])
    for one in found["categories"]:
        assert 0 <= one["score"] <= 1
        for value in one["values"]:
            for share, size in zip((value["share"], value["other_share"]), sizes, strict=True):
                assert share == 0 or round(share * size) >= LEAST_PEOPLE


def test_every_shipped_segment_is_written_for_other_engines_or_says_why(
    finished_company: Company,
) -> None:
    for segment in segments_of(DBT_PROJECT_DIR):
        tree = asked_about(finished_company.settings, segment.name).query.tree
        for dialect in DIALECTS:
            try:
                assert "profile_id" in translated(tree, segment.name, dialect)
            except UserError as error:
                assert dialect != "duckdb" and "can't be written for" in str(error)


def test_overlaps_are_those_of_membership(
    finished_company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    first, second = ACTIVE[:2]
    a, b = {*members(warehouse, first)}, {*members(warehouse, second)}
    [found] = overlap(finished_company.settings, second, first)
    assert (found["segment_name"], found["profile_count"]) == (first, len(a & b))
    assert found["jaccard"] == pytest.approx(len(a & b) / len(a | b) if a | b else 1)


def test_the_command_line_says_the_same(finished_company: Company) -> None:
    shown = finished_company.c360("segment", "preview", SEGMENT, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["filters"][0]["conditions"][0]["condition"] == "decile <= 3"
