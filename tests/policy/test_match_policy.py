"""Comparisons and blocking rules as seeds: what is followed, and what is refused and how."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml

from orchestration.errors import UserError
from orchestration.policy.conditions import (
    ATTRIBUTES,
    COLUMNS,
    KINDS,
    WrongConditionError,
    checked_sql,
    condition,
)
from orchestration.policy.match_policy import SEEDS, MatchPolicy, match_policy
from orchestration.policy.match_policy_checks import check_compared_attributes, check_match_policy
from orchestration.policy.seeds import Row, read_seed
from orchestration.settings import DBT_PROJECT_DIR

POLICY = DBT_PROJECT_DIR / "seeds" / "policy"
COMPARISON = {
    "comparison": "born_in", "position": "200", "columns": "attributes.birth_place",
    "missing": "", "is_personal": "true", "is_apart_from_households": "false", "comment": "",
}  # fmt: skip
DEGREE = {
    "comparison": "born_in", "position": "1", "degree": "equal", "kind": "equal",
    "column_name": "attributes.birth_place", "argument": "", "expected": "0.9",
    "in_household": "0.5", "among_strangers": "", "rarity_column": "", "comment": "",
}  # fmt: skip
REST = {
    **DEGREE, "position": "2", "degree": "another", "kind": "else", "column_name": "",
    "expected": "0.1",
}  # fmt: skip
RULE = {
    "purpose": "compare", "position": "900", "rule": "born_in",
    "terms": "attributes.birth_place and substr(family_name, 1, 2)", "comment": "",
}  # fmt: skip


def seeds(**added: list[dict[str, str]]) -> dict[str, list[Row]]:
    """The delivered seeds with further rows, numbered on."""
    rows = {seed: read_seed(POLICY / f"{seed}.csv", columns) for seed, columns in SEEDS.items()}
    for seed, more in added.items():
        file, last = rows[seed][0].file, rows[seed][-1].line
        rows[seed] += [Row(file, last + i, values) for i, values in enumerate(more, start=1)]
    return rows


def followed(rows: Mapping[str, list[Row]]) -> MatchPolicy:
    check_match_policy(rows)
    return match_policy({seed: [row.values for row in each] for seed, each in rows.items()})


def test_the_delivered_seeds_are_sound_and_every_kind_and_column_is_described() -> None:
    followed(seeds())
    records = DBT_PROJECT_DIR / "models" / "identity" / "match_records.yml"
    [model] = yaml.safe_load(records.read_text())["models"]
    said = {column["name"] for column in model["columns"]} - {"record_key"}
    assert said == {*COLUMNS, ATTRIBUTES}
    [seed] = yaml.safe_load((POLICY / "match_degrees.yml").read_text())["seeds"]
    [kind] = [column for column in seed["columns"] if column["name"] == "kind"]
    assert kind["data_tests"][1]["accepted_values"]["arguments"]["values"] == list(KINDS)
    assert all(f"{name}" in kind["description"] for name in KINDS)


def test_a_comparison_of_a_declared_attribute_is_rows() -> None:
    rows = seeds(
        match_comparisons=[COMPARISON], match_degrees=[DEGREE, REST], blocking_rules=[RULE]
    )
    policy = followed(rows)
    made = policy.by_name["born_in"]
    left, right = (f"json_extract_string(attributes_{side}, '$.birth_place')" for side in "lr")
    assert made.missing == f"{left} is null or {right} is null"
    assert [d.condition for d in made.degrees] == [f"{left} = {right}", "ELSE"]
    [rule] = [rule for rule in policy.blocking if "attributes.birth_place" in rule.filled]
    assert rule.sql == (
        "json_extract_string(l.attributes, '$.birth_place') = "
        "json_extract_string(r.attributes, '$.birth_place') "
        "and substr(l.family_name, 1, 2) = substr(r.family_name, 1, 2)"
    )
    assert policy.policy_id != followed(seeds()).policy_id


@pytest.mark.parametrize(
    ("seed", "row", "words"),
    [
        ("match_comparisons", {"comparison": "Born In"}, ["'Born In'", "lower-case"]),
        ("match_comparisons", {"comparison": "start"}, ["'start'"]),
        ("match_comparisons", {"comparison": "email"}, ["comparison email stands in line"]),
        ("match_comparisons", {"position": "60"}, ["position 60 stands in line 7"]),
        ("match_comparisons", {"position": "first"}, ["position is 'first'"]),
        ("match_comparisons", {"columns": ""}, ["columns is empty"]),
        ("match_comparisons", {"columns": "shoe"}, ["no column 'shoe'", "attributes.NAME"]),
        ("match_comparisons", {"columns": "attributes.x'y"}, ["no column"]),
        ("match_comparisons", {"is_personal": "yes"}, ["is_personal is 'yes'"]),
        ("match_comparisons", {"missing": "shoe_l is null"}, ["no column 'shoe_l'"]),
        ("match_degrees", {"comparison": "shoe"}, ["no comparison shoe", "match_comparisons"]),
        ("match_degrees", {"kind": "like"}, ["kind is 'like'", "nearly_equal"]),
        ("match_degrees", {"column_name": "shoe"}, ["no column 'shoe'"]),
        ("match_degrees", {"column_name": ""}, ["no column ''"]),
        ("match_degrees", {"argument": "3"}, ["argument of equal", "empty"]),
        ("match_degrees", {"kind": "nearly_equal", "argument": "92"}, ["'92'", "not above 1"]),
        ("match_degrees", {"kind": "edits", "argument": "1 or true"}, ["whole number"]),
        ("match_degrees", {"kind": "sql", "argument": "true"}, ["Leave column empty"]),
        ("match_degrees", {"expected": "1.2"}, ["expected is '1.2'"]),
        ("match_degrees", {"in_household": ""}, ["in_household is ''"]),
        ("match_degrees", {"expected": "0.8"}, ["expected of born_in come to 0.9"]),
        ("match_degrees", {"among_strangers": "0.1"}, ["1 of 2 degrees"]),
        ("match_degrees", {"degree": "another"}, ["degree another stands in"]),
        ("match_degrees", {"position": "2"}, ["position 2 stands in"]),
        ("match_degrees", {"position": "3"}, ["the last degree"]),
        ("match_degrees", {"kind": "else", "column_name": ""}, ["the last degree"]),
        ("match_degrees", {"rarity_column": "attributes.x"}, ["rarity of attributes.x"]),
        ("blocking_rules", {"purpose": "join"}, ["purpose is 'join'"]),
        ("blocking_rules", {"position": "10"}, ["position 10 stands in line 2"]),
        ("blocking_rules", {"rule": "email"}, ["rule email stands in"]),
        ("blocking_rules", {"terms": "shoe"}, ["no column 'shoe'"]),
        ("blocking_rules", {"terms": "upper(email)"}, ["'upper(email)' can't be read"]),
        ("blocking_rules", {"terms": "email or true"}, ["can't be read", "right(family_name, 4)"]),
        ("blocking_rules", {"terms": "email = email = email"}, ["can't be read"]),
    ],
)
def test_a_bad_row_is_told_with_file_line_and_remedy(
    seed: str, row: dict[str, str], words: list[str]
) -> None:
    added = {"match_comparisons": [COMPARISON], "match_degrees": [DEGREE, REST],
             "blocking_rules": [RULE]}  # fmt: skip
    added[seed] = [{**added[seed][0], **row}, *added[seed][1:]]
    with pytest.raises(UserError) as refused:
        check_match_policy(seeds(**added))
    told = str(refused.value)
    assert told.startswith(f"seeds/policy/{seed}.csv, line ")
    assert all(word in told for word in words), told


def test_what_a_comparison_lacks_is_told() -> None:
    two = {**COMPARISON, "columns": "attributes.birth_place city"}
    with pytest.raises(UserError, match="born_in has no row in match_degrees"):
        check_match_policy(seeds(match_comparisons=[two]))
    with pytest.raises(UserError, match="born_in has 1 row in match_degrees"):
        check_match_policy(seeds(match_comparisons=[COMPARISON], match_degrees=[DEGREE]))
    rows = seeds()
    rows["blocking_rules"] = [r for r in rows["blocking_rules"] if r["purpose"] != "compare"]
    with pytest.raises(UserError, match="no row of the purpose compare"):
        check_match_policy(rows)


def test_a_comparison_of_one_column_may_do_without_degrees() -> None:
    said = followed(seeds(match_comparisons=[COMPARISON], match_degrees=[DEGREE, REST]))
    usual = followed(seeds(match_comparisons=[{**COMPARISON, "is_personal": "true"}]))
    of_household = followed(seeds(match_comparisons=[{**COMPARISON, "is_personal": "false"}]))
    conditions = [d.condition for d in said.by_name["born_in"].degrees]
    assert [d.condition for d in usual.by_name["born_in"].degrees] == conditions
    assert [d.in_household for d in usual.by_name["born_in"].degrees] == [0.1, 0.9]
    assert [d.in_household for d in of_household.by_name["born_in"].degrees] == [
        0.9,
        pytest.approx(0.1),
    ]


@pytest.mark.parametrize("seed", ["match_comparisons", "match_degrees", "blocking_rules"])
def test_an_attribute_that_no_source_declares_is_told(seed: str) -> None:
    added = {"match_comparisons": COMPARISON, "match_degrees": DEGREE, "blocking_rules": RULE}
    rows = seeds(**{seed: [added[seed]]})
    check_compared_attributes(rows, {"birth_place"})
    with pytest.raises(UserError, match=rf"{seed}.csv, line \d+: no source declares the attribute"):
        check_compared_attributes(rows, {"occupation"})


@pytest.mark.parametrize(
    "text",
    [
        "given_name_l = (select max(given_name) from identity.match_records)",
        "exists (select 1)", "true) or (select true", "true; drop table x", "true -- rest",
        "true /* rest */", "true, true", "true as x", "true from x", "true union select true",
        "count(*) > 1", "row_number() over () = 1", "read_text('x') = ''", "getenv('x') = ''",
        "given_name = 'a'", "l.given_name_l = 'a'", "shoe_l = shoe_r", "given_name_l = ?", "", "(",
    ],
)  # fmt: skip
def test_sql_of_a_seed_is_one_condition_and_nothing_more(text: str) -> None:
    with pytest.raises(WrongConditionError):
        checked_sql(text)


def test_kinds_are_conditions_over_both_records() -> None:
    assert condition("nearly_equal", "city", "0.92") == (
        "jaro_winkler_similarity(city_l, city_r) >= 0.92"
    )
    assert condition("edits", "email", "1") == "damerau_levenshtein(email_l, email_r) <= 1"
    for kind in KINDS:
        if kind not in ("sql", "else"):
            argument = {"nearly_equal": "0.9", "edits": "2", "same_start": "3"}.get(kind, "")
            assert checked_sql(condition(kind, "attributes.x", argument))
