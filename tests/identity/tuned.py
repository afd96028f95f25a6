"""A town with its identity layer in memory, as `c360 identity tune` reads it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.identity.match_models import current_model, policy_in, train_model
from orchestration.identity.match_tables import rules_of, scored_pairs
from orchestration.identity.tuning.labels import read_labels
from orchestration.identity.tuning.report import report
from orchestration.identity.tuning.sample import POPULATION, SHOWN
from orchestration.policy.match_policy import SEEDS
from orchestration.policy.match_settings import MatchSettings
from tests.identity.matching import RECORDS, Matched, as_sql, town, warehouse
from tests.identity.rendered import model_sql

RULES = "policy.match_settings"
EMPTY = {
    "identity.refused_links": "source_system string, source_record_id string, link_kind string, "
    "namespace string, identity_value string, comparison_value string, other_record_key string, "
    "reason string, evidence string",
    "identity.active_overrides": "record_key_a string, record_key_b string, decision string",
    "policy.record_match_rules": "rule string, effect string, field string",
}
Pair = tuple[str, str]


@lru_cache
def tuned_town(seed: int = 7, households: int = 150) -> duckdb.DuckDBPyConnection:
    """A town after training and scoring. In some families all members have one mailbox.

    People are components over equal mailboxes and accepted pairs, without the rules about whole
    profiles.
    """
    people: list[dict[str, Any]] = town(seed, households)
    for row in people:
        family = row["family_name"]
        row["email"] = f"{family}@x.org" if sum(map(ord, family)) % 16 == 0 else None
        row["source_system"] = row["record_key"].split(":")[0]
    con = warehouse(as_sql(people))
    # As where a company lets e-mail addresses link whoever shows them.
    con.execute(f"update {RECORDS} set email = split_part(email, '|', 1)")
    con.execute("update comparison_values set refusal_reason = null, person_mark = null")
    con.execute("create schema policy; create schema conformed")
    con.execute(f"create table {RULES} (rule string, value double)")
    for relation in SEEDS:
        con.execute(f"create table policy.{relation} as from main.{relation}")
    policy = policy_in(con, "policy")
    for table, columns in EMPTY.items():
        con.execute(f"create table {table} ({columns})")
    con.execute("create table conformed.customer_records as from given")
    have = {name for (name, *_) in con.execute("describe given").fetchall()}
    for name in set(SHOWN) - have:
        con.execute(f"alter table conformed.customer_records add column {name} string")
    con.execute(
        "create table identity.comparison_values as select *, "
        "split_part(record_key, ':', 1) as source_system, "
        "split_part(record_key, ':', 2) as source_record_id, normalised_value as identity_value, "
        "normalised_value as comparison_value from main.comparison_values"
    )
    _, trained = train_model(con, RECORDS, MatchSettings(), policy)
    model = current_model(con, policy)
    assert model is not None
    scored = scored_pairs(con, RECORDS, "policy")
    con.execute("create table scored as from scored")
    assert scored
    con.execute("create table identity.scored_pairs as from scored")
    relations = {
        "record_names": "identity.record_names", "match_records": RECORDS, "match_settings": RULES,
    }  # fmt: skip
    con.execute(
        "create table identity.outdone_pairs as "
        + model_sql("outdone_pairs", {**relations, "scored_pairs": "scored"})
    )
    found = Matched(con, trained, rules_of(con, model, RULES).accept_probability).people_found()
    con.execute(
        "create table identity.identity_map as select unnest($keys) as record_key, "
        "unnest($people)::string as profile_id",
        {"keys": list(found), "people": list(found.values())},
    )
    con.execute(
        "create table identity.links as "
        "select a.record_key as record_key_a, b.record_key as record_key_b, 'exact' as link_kind, "
        "'email' as namespace from identity.match_records as a "
        "inner join identity.match_records as b "
        "on a.email = b.email and a.record_key < b.record_key "
        "union all select record_key_a, record_key_b, 'probabilistic', null "
        "from scored anti join identity.outdone_pairs using (record_key_a, record_key_b) "
        "where decision = 'accept'"
    )
    return con


def truth(con: duckdb.DuckDBPyConnection, pairs: str) -> dict[Pair, bool]:
    """Whether the pairs that a query yields are one person's."""
    found = con.execute(
        "select record_key_a, record_key_b, a.person = b.person "
        f"from ({pairs}) inner join given as a on a.record_key = record_key_a "
        "inner join given as b on b.record_key = record_key_b"
    ).fetchall()
    return {(a, b): is_match for a, b, is_match in found}


def everything(con: duckdb.DuckDBPyConnection) -> dict[Pair, bool]:
    """All pairs that are one person's, joined or scored; all others are rightly apart."""
    con.execute(POPULATION)
    return truth(
        con,
        "select record_key_a, record_key_b from population union "
        "select a.record_key, b.record_key from given as a "
        "inner join given as b on a.person = b.person and a.record_key < b.record_key",
    )


def write_labels(path: Path, labels: Iterable[tuple[Pair, bool]]) -> Path:
    """A file of labels."""
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["record_a", "record_b", "is_match"])
        writer.writerows([*pair, str(is_match).lower()] for pair, is_match in labels)
    return path


def told(con: duckdb.DuckDBPyConnection, folder: Path, labels: dict[Pair, bool]) -> dict[str, Any]:
    """The report over labels that were written to a file."""
    return report(con, read_labels(write_labels(folder / "labels.csv", labels.items())))
