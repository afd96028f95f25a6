"""Clauses of the shipped segments over a company: together they say what their SQL says."""

from __future__ import annotations

from orchestration.lineage.compiled import compiled_sql
from orchestration.membership.clauses import Definition
from orchestration.membership.formula import holds
from orchestration.segment_tools.steps import read
from orchestration.segment_tools.why import why
from orchestration.segments.declared import segments_of
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company

ACTIVE = [s.name for s in segments_of(DBT_PROJECT_DIR) if s.state == "active"]


def test_clauses_of_every_shipped_segment_hold_of_whom_its_sql_has(
    finished_company: Company,
) -> None:
    settings = finished_company.settings
    nodes = load_manifest(settings)["nodes"]
    with finished_company.warehouse() as con:
        for name in ACTIVE:
            sql = compiled_sql(settings, nodes[f"model.customer_360.{name}"])
            assert sql
            definition = Definition(read(sql, name), "profile.profiles")
            differing = con.execute(
                "select count(*) from profile.profiles as profiles "
                "left join operations.segment_clause_states as states "
                "on states.profile_id = profiles.profile_id and states.segment_name = $name "
                "left join segments.segment_qualifications as qualified "
                "on qualified.profile_id = profiles.profile_id and qualified.segment_name = $name "
                f"where {holds(definition.formula, 'coalesce(states.states, 0)')} "
                "<> (qualified.profile_id is not null)",
                {"name": name},
            ).fetchone()
            assert differing == (0,), name
            assert len(definition.clauses) <= 4
        says = con.execute("select distinct says from operations.segment_clause_days").fetchall()
        kept_of = con.execute("select distinct segment_name from operations.segment_clauses")
        assert says == [(None,)]
        assert {n for (n,) in kept_of.fetchall()} == set(ACTIVE)


def test_why_says_what_decided_that_somebody_left(company: Company) -> None:
    name = "second_purchase_due"
    with company.warehouse() as con:
        members = con.execute(
            "select min(profile_id), min(as_of_on) from segments.segment_membership "
            "where segment_name = ?",
            [name],
        ).fetchone()
        checksum = con.execute(
            "select clauses_checksum from operations.segment_clauses where segment_name = ?",
            [name],
        ).fetchone()
        assert members and checksum
        person, on = members
        con.execute(
            "insert into segments.membership_changes by name select ? as profile_id, "
            "? as segment_name, 'left' as change, ?::date + 1 as changed_on, 'rule' as cause",
            [person, name, on],
        )
        con.execute(
            "insert into operations.membership_reasons by name select ? as profile_id, "
            "? as segment_name, ?::date + 1 as changed_on, 'clauses' as explanation, "
            "? as clauses_checksum, 3 as states_before, 1 as states_now, 2 as deciding_alone, "
            "2 as deciding_together",
            [person, name, on, checksum[0]],
        )
    first, second = why(company.settings, name, person)["changes"]
    assert (first["explanation"], first["why"]) == ("segment_begun", "the segment began")
    assert second["why"] == "days_since_last_purchase BETWEEN 30 AND 90 became false"
    assert [(c["clause"], c["part_played"]) for c in second["clauses"]] == [
        ("purchase_count = 1", "unchanged"),
        ("days_since_last_purchase BETWEEN 30 AND 90", "decides"),
    ]
    shown = company.c360("segment", "why", name, person)
    assert shown.returncode == 0, shown.stderr
    assert "BETWEEN 30 AND 90 became false" in shown.stdout
