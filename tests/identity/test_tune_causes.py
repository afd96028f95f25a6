"""Why labelled pairs are wrong, and what the blocking rules find, as `c360 identity tune` says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.identity.match_models import current_model, policy_in
from tests.identity.tuned import Pair, everything, told, truth, tuned_town


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The town; what a test changes in it is taken back."""
    town = tuned_town()
    town.begin()
    yield town
    town.rollback()


def apart(con: duckdb.DuckDBPyConnection, condition: str = "true") -> Pair:
    """A pair of one person's records that is joined by its score alone, taken apart."""
    [(a, b)] = con.execute(
        "select record_key_a, record_key_b from identity.links "
        "inner join given as a on a.record_key = record_key_a "
        "inner join given as b on b.record_key = record_key_b and b.person = a.person "
        f"where link_kind = 'probabilistic' and a.email is null and b.email is null "
        f"and {condition} order by record_key_a limit 1"
    ).fetchall()
    con.execute(f"update identity.identity_map set profile_id = 'new' where record_key = '{b}'")
    con.execute(f"delete from identity.links where '{b}' in (record_key_a, record_key_b)")
    return a, b


UNSCORE = "delete from identity.scored_pairs where record_key_a = '{a}' and record_key_b = '{b}'"
VALUE = (
    "insert into identity.comparison_values by name select unnest(['{a}', '{b}']) as record_key, "
    "'phone' as namespace, '1' as normalised_value, '1' as comparison_value, "
    "'1' as identity_value, {reason} as refusal_reason"
)
REFUSED = (
    "insert into identity.refused_links by name select split_part('{b}', ':', 1) as source_system, "
    "split_part('{b}', ':', 2) as source_record_id, 'probabilistic' as link_kind, "
    "'{a}' as other_record_key, 'duplicate_free_source' as reason, '' as evidence"
)
BLANK = (
    "update identity.match_records set given_name = null, family_name = null, birth_date = null, "
    "street_name = null, house_number = null, city = null, postal_code = null "
    "where record_key = '{b}'"
)
SCORE = (
    "update identity.scored_pairs set match_probability = {p}, decision = '{decision}', "
    "doubt = {doubt} where record_key_a = '{a}' and record_key_b = '{b}'"
)
MISSED = {
    "below_threshold": ([SCORE], "match_settings", "accept_probability"),
    "doubt": ([SCORE], "record_match_rules", "link rule"),
    "outdone": (
        ["insert into identity.outdone_pairs values ('{a}', '{b}', 'x')"],
        "match_settings", "sure_probability"),
    "too_many_records": ([VALUE, UNSCORE], "identity_namespaces", "max_records_per_value of phone"),
    "blocked_value": ([VALUE, UNSCORE], "blocked_identity_values", "row"),
    "refused_pair": ([REFUSED], "source_precedence", "is_duplicate_free"),
    "never_link": (
        ["insert into identity.active_overrides values ('{a}', '{b}', 'never_link')"],
        "identity_overrides", "never_link"),
    "never_compared": ([UNSCORE, BLANK], "blocking_rules", "most_pairs_per_record"),
    "below_review": ([UNSCORE], "record_match_rules", "link rule"),
    "given_name_variant": (
        [UNSCORE, "update identity.match_records set given_name = 'gitte', given_name_root = "
         "'gitte', family_name = 'x', birth_date = '20000101' where record_key = '{a}'",
         "update identity.match_records set given_name = 'anna', given_name_root = 'anna', "
         "family_name = 'x', birth_date = '20000101' where record_key = '{b}'"],
        "given_name_variants", "anna,gitte"),
    "no_customer_record": (
        ["delete from identity.match_records where record_key = '{b}'", UNSCORE],
        "identity_overrides", "always_link"),
}  # fmt: skip


@pytest.mark.parametrize("cause", MISSED)
def test_a_missed_pair_has_its_cause_and_the_row_that_would_help(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, cause: str
) -> None:
    changes, seed, row = MISSED[cause]
    a, b = apart(con)
    is_doubted = cause == "doubt"
    for change in changes:
        con.execute(change.format(
            a=a, b=b, reason=f"'{cause}'", p=0.99 if is_doubted else 0.7, decision="review",
            doubt="'given names and birth dates differ'" if is_doubted else "null",
        ))  # fmt: skip
    answer = told(con, tmp_path, {(a, b): True})
    assert (answer["recall"]["value"], answer["precision"]["value"]) == (0, None)
    found = {c["cause"]: c for c in answer["causes"]}
    assert found[cause]["error"] == "missed"
    assert (found[cause]["seed"], found[cause]["pairs"]) == (f"{seed}.csv", 1)
    assert row in found[cause]["row"]
    if cause != "given_name_variant":
        assert len(found) - ("below_review" in found and cause != "below_review") == 1
    blocking = answer["blocking"]
    assert blocking["never_compared"]["value"] == (
        cause in ("never_compared", "no_customer_record")
    )


def test_a_wrongly_joined_pair_has_its_cause(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    labels = everything(con)
    answer = told(con, tmp_path, labels)
    found = {c["cause"]: c for c in answer["causes"] if c["error"] == "joined"}
    exact = truth(
        con, "select record_key_a, record_key_b from identity.links where link_kind = 'exact'"
    )
    assert found["by_exact"]["pairs"] == sum(not is_match for is_match in exact.values()) > 0
    assert found["by_exact"]["seed"] == "record_match_rules.csv"
    assert "not_alone for email" in found["by_exact"]["row"]
    assert found["by_probabilistic"]["seed"] == "match_settings.csv"
    profiles = dict(
        con.execute("select record_key, profile_id from identity.identity_map").fetchall()
    )
    wrong = sum(profiles[a] == profiles[b] for (a, b), is_match in labels.items() if not is_match)
    assert sum(c["only_cause"] for c in found.values()) <= wrong
    assert sum(c["pairs"] for c in found.values()) >= wrong


def test_blocking_rules_are_counted_over_labelled_matches(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    a, b = apart(con)
    con.execute(BLANK.format(b=b))
    con.execute(
        "update identity.match_records set birth_date = (select birth_date from "
        f"identity.match_records where record_key = '{a}') where record_key = '{b}'"
    )
    other = next(pair for pair, is_match in everything(con).items() if is_match and a not in pair)
    answer = told(con, tmp_path, {(a, b): True, other: True})
    model = current_model(con, policy_in(con, "policy"))
    assert model is not None
    by_rule = {row["rule"]: row for row in answer["blocking"]["rules"]}
    assert list(by_rule) == [
        rule["blocking_rule"] for rule in model.settings["blocking_rules_to_generate_predictions"]
    ]
    assert by_rule["l.birth_date = r.birth_date"]["only_it"] == 1
    assert sum(row["only_it"] for row in by_rule.values()) == 1
    assert answer["blocking"]["never_compared"]["value"] == 0
