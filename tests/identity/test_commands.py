"""What explains, tries out and takes back, on people that dbt has found."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from orchestration.errors import UserError
from orchestration.identity.diff import compare_policies
from orchestration.identity.explain import explain
from orchestration.identity.tuning.labels import read_labels
from orchestration.identity.tuning.report import report
from orchestration.identity.tuning.sample import draw
from orchestration.identity.unmerge import plan_unmerge, write_plan
from orchestration.identity.warehouse import connect_identity
from tests.identity.lab import Lab, Record

NAMESPACES = (
    "crm,person,10,true,1000,,,false,x",
    "email,email,20,false,100,,,false,x",
    "phone,phone,30,false,100,,,false,x",
    "device,device,90,false,100,,,false,x",
)
CHAIN = [
    Record("shop:1", {"email": "a@x.org"}),
    Record("shop:2", {"email": "A@x.org ", "phone": "+49 170 1234567"}),
    Record("shop:3", {"phone": "0049 170 1234567"}),
]
TWO_PEOPLE = [
    Record("shop:tom", {"crm": "tom", "device": "tablet"}, "2026-01-01"),
    Record("shop:ann", {"crm": "ann", "device": "tablet"}, "2026-01-02"),
]
NOBODY = [Record("shop:lost", {"email": "nobody", "phone": "0170 1234567"})]


def crowd() -> list[Record]:
    """Records of many shapes, whose values meet in one namespace or several."""
    dice = random.Random(4)
    return [
        Record(
            f"crowd:{i}",
            {
                namespace: value.format(dice.randrange(25))
                for namespace, value in (("email", "c{}@x.org"), ("device", "c{}"))
                if dice.random() < 0.8
            },
        )
        for i in range(60)
    ]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    made = Lab(tmp_path_factory.mktemp("commands"), NAMESPACES)
    made._policy("blocked_identity_values", ["any,equals,unknown,placeholder,x"])
    made.build([*CHAIN, *TWO_PEOPLE, *NOBODY, *crowd()])
    return made


def test_one_person_is_explained_by_the_links_between(lab: Lab) -> None:
    answer = explain(lab.settings, "shop:1", "shop:3")
    assert answer["same_person"]
    assert [(link["record_b"], link["namespace"]) for link in answer["path"]] == [
        ("shop:2", "email"),
        ("shop:3", "phone"),
    ]
    assert answer["path"][0]["written_b"] == "A@x.org "
    json.dumps(answer, default=str)


def test_two_people_are_explained_by_what_was_refused(lab: Lab) -> None:
    answer = explain(lab.settings, "shop:tom", "shop:ann")
    assert not answer["same_person"]
    assert [(row["value"], row["reason"]) for row in answer["shared_values"]] == [
        ("tablet", "unique_namespace")
    ]


def test_values_that_link_nothing_are_told_with_their_reason(lab: Lab) -> None:
    answer = explain(lab.settings, "shop:lost", "shop:1")
    assert answer["shared_values"] == []
    assert {(row["namespace"], row["reason"]) for row in answer["refused_of_each"]} == {
        ("email", "unusable_value"),
        ("phone", "unusable_value"),
    }


def test_labelled_pairs_are_judged_by_the_people_of_the_last_run(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "record_a,record_b,is_match\nshop:1,shop:3,true\nshop:tom,shop:ann,yes\n"
        "shop:1,shop:2,false\nshop:lost,shop:1,false\n"
    )
    with connect_identity(lab.settings) as con:
        answer = report(con, read_labels(path))
        pairs = draw(con, 5, 360, [])
    assert (answer["precision"]["value"], answer["recall"]["value"]) == (0.5, 0.5)
    assert {(c["error"], c["cause"], c["detail"], c["seed"]) for c in answer["causes"]} >= {
        ("missed", "unique_namespace", "device", "identity_namespaces.csv"),
        ("joined", "by_exact", "email", "record_match_rules.csv"),
    }
    assert len(pairs) == 5 and {pair["stratum"] for pair in pairs} == {"joined not scored"}
    json.dumps(answer, default=str)


@pytest.mark.parametrize("name", ["shop", "shop:", "shop:none"])
def test_who_asks_for_no_record_is_told_so(lab: Lab, name: str) -> None:
    with pytest.raises(UserError, match="record"):
        explain(lab.settings, name, "shop:1")


def test_rule_contributions_are_what_falls_apart(lab: Lab) -> None:
    links = lab.query(
        "select record_key_a, record_key_b, coalesce(namespace, link_kind) from identity.links"
    )
    whole = nx.Graph([(a, b) for a, b, _ in links])
    rules = {str(rule) for _, _, rule in links}
    expected = {}
    for rule in rules:
        left = nx.Graph([(a, b) for a, b, r in links if r != rule])
        touched = [
            c
            for c in nx.connected_components(whole)
            if any(r == rule and a in c for a, _, r in links)
        ]
        parted = [_pairs(whole.subgraph(c)) - _pairs(left.subgraph(c)) for c in touched]
        count = sum(r == rule for _, _, r in links)
        expected[rule] = (count, len(touched), sum(p > 0 for p in parted), sum(parted))
    found = lab.query(
        "select rule, link_count, profile_count, parted_profile_count, parted_pair_count "
        "from identity.rule_contributions"
    )
    assert {str(row[0]): row[1:] for row in found} == expected
    assert 0 < expected["device"][3] < expected["email"][3] + expected["device"][3]


def _pairs(graph: nx.Graph) -> int:
    return sum(len(c) * (len(c) - 1) // 2 for c in nx.connected_components(graph))


def test_profile_sizes_add_up(lab: Lab) -> None:
    found = lab.query("select sum(records_in_profiles) from identity.profile_sizes")
    assert found == lab.query("select count(*) from identity.identity_map")


def test_an_unmerged_profile_would_fall_apart_and_nothing_else(lab: Lab) -> None:
    before = lab.profiles()
    assert compare_policies(lab.settings)["counts"]["records_moved"] == 0
    plan = plan_unmerge(lab.settings, before["shop:1"], author="ann", reason="two, not one")
    assert len(plan.rows) == 3
    write_plan(plan)
    assert plan_unmerge(lab.settings, before["shop:1"], author="ann").rows == ()
    answer = compare_policies(lab.settings)
    counts = answer["counts"]
    assert counts["profiles_after"] == counts["profiles_before"] + 2
    assert (counts["profiles_split"], counts["profiles_merged"]) == (1, 0)
    assert counts["records_moved"] == 2
    assert answer["splits"] == [{"profile_id": before["shop:1"], "profiles_after": 3, "records": 3}]
    assert lab.profiles() == before
    schemas = lab.query("select schema_name from information_schema.schemata")
    assert not [s for (s,) in schemas if str(s).endswith("_preview")]


@pytest.mark.slow
def test_a_policy_from_a_folder_is_compared_and_not_taken_over(lab: Lab, tmp_path: Path) -> None:
    own = lab.settings.dbt_project_dir / "seeds" / "policy" / "identity_namespaces.csv"
    text = own.read_text()
    looser = text.replace("crm,person,10,true", "crm,person,10,false")
    assert looser != text
    (tmp_path / "identity_namespaces.csv").write_text(looser)
    answer = compare_policies(lab.settings, tmp_path)
    assert _by(answer["refusals"], "reason")["unique_namespace"]["after"] == 0
    assert [row["profiles_before"] for row in answer["merges"]] == [2]
    assert own.read_text() == text


def test_a_folder_without_policy_is_refused(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "namespaces.csv").write_text("namespace\n")
    with pytest.raises(UserError, match=r"namespaces\.csv"):
        compare_policies(lab.settings, tmp_path)


def test_unmerging_contradicts_no_decision(lab: Lab) -> None:
    path = lab.settings.dbt_project_dir / "seeds" / "policy" / "identity_overrides.csv"
    text = path.read_text()
    header = next(csv.reader([text.splitlines()[0]]))
    path.write_text(f"{','.join(header)}\nalways_link,shop,1,shop,2,ann,the same,,\n")
    try:
        with pytest.raises(UserError, match="contradicts"):
            plan_unmerge(lab.settings, None, ("shop:1", "shop:2"))
    finally:
        path.write_text(text)


def _by(found: list[dict[str, Any]], key: str) -> Mapping[str, dict[str, Any]]:
    return {row[key]: row for row in found}
