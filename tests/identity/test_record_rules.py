"""Match rules: pairs against an implementation in plain Python."""

from __future__ import annotations

import pytest

from orchestration.identity.explain import explain
from tests.identity.lab import Lab, Record
from tests.identity.rule_oracle import Oracle, some_records

NAMESPACES = (
    "email,email,20,false,100,,,true,x",
    "card,partner,10,true,100,,,false,x",
)
RULES = (
    "house_and_name,10,link,address,shared,,x",
    "house_and_name,10,link,name,words,,x",
    "house_and_name,10,link,postal_code,not_contradicting,,x",
    "mail_and_family,20,link,email,shared,12,x",
    "mail_and_family,20,link,family_name,similar,0.85,x",
    "mail_and_family,20,link,given_name,edits,1,x",
    "company_and_house,30,link,address,shared,,x",
    "company_and_house,30,link,organisation_name,words,,x",
    "name_and_birth,40,link,birth_date,shared_date,,x",
    "name_and_birth,40,link,family_name,equal,,x",
    "birth_dates_differ,,never,birth_date,contradicting,,x",
    "generations_differ,,never,name_suffix,contradicting,,x",
    "email_needs_a_name,,not_alone,email,,,x",
)


MADE = some_records(90, seed=360)
QUILL = {"given_name": "Zed", "family_name": "Quill"}
DECIDED = [
    Record("d:1", {}, attributes={**QUILL, "street": "1 Elm St", "birth_date": "1950-01-07"}),
    Record("d:2", {}, attributes={**QUILL, "street": "1 Elm St", "birth_date": "1970-09-25"}),
    Record("d:3", {}, attributes={**QUILL, "street": "3 Elm St"}),
    Record("d:4", {}, attributes={**QUILL, "street": "3 Elm St"}),
    Record("d:5", {}, attributes={**QUILL, "street": "5 Elm St"}),
    Record("d:6", {}, attributes={**QUILL, "street": "5 Elm St"}),
]
OVERRIDES = ["always_link,d,1,d,2,ann,they said so,,", "never_link,d,3,d,4,ann,twins,,"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("lab"), NAMESPACES, OVERRIDES, rules=RULES)
    # The last first: nothing may depend on the order in which records arrive.
    lab.build([*DECIDED, *(record for record, _ in reversed(MADE.values()))], is_tested=False)
    return lab


def test_rules_find_what_pair_by_pair_reading_finds(lab: Lab) -> None:
    found = set(
        lab.query(
            "select record_key_a, record_key_b, decision, rule from identity.rule_pairs "
            "where record_key_a like 's:%' and record_key_b like 's:%'"
        )
    )
    expected = Oracle({key: read for key, (_, read) in MADE.items()}).pairs()
    assert {decision for _, _, decision, _ in expected} == {"link", "never", "ambiguous"}
    assert {rule for _, _, _, rule in expected} == {
        "house_and_name", "mail_and_family", "company_and_house", "name_and_birth", None,
    }  # fmt: skip
    assert found == expected

    profiles = lab.profiles()
    for a, b, decision, rule in found:
        if decision == "never":
            assert profiles[str(a)] != profiles[str(b)], (a, b, rule)
    refused = set(
        lab.query(
            "select source_system || ':' || source_record_id, other_record_key "
            "from identity.refused_links where link_kind = 'rule' and evidence is not null"
        )
    )
    for a, b, decision, rule in found:
        together = profiles[str(a)] == profiles[str(b)]
        if rule is not None and not together:
            assert (a, b) in refused, (a, b, decision, rule)
    # Nobody is together but by a rule: the e-mail links nothing by itself.
    assert lab.query(
        "select distinct link_kind from identity.links where record_key_a like 's:%'"
    ) == [("rule",)]

    a, b = next(
        (a, b) for a, b, d, _ in sorted(found, key=str) if d == "link" and (a, b) not in refused
    )
    told = explain(lab.settings, str(a), str(b))
    assert told["same_person"]
    assert told["path"][0]["link_kind"] == "rule"
    assert told["path"][0]["conditions"]


def test_what_people_decided_stands_against_rules(lab: Lab) -> None:
    people = [{r for r in records if r.startswith("d:")} for records in lab.people()]
    assert sorted(map(sorted, filter(None, people))) == [
        ["d:1", "d:2"], ["d:3"], ["d:4"], ["d:5", "d:6"],
    ]  # fmt: skip
