"""What the Python models of the identity layer do: parameters as a table, and scored pairs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import duckdb

from orchestration.identity.match_models import (
    MatchModel,
    current_model,
    is_worth_another_try,
    policy_in,
    rules_in,
    train_model,
)
from orchestration.identity.model_settings import levels_of, within_household
from orchestration.logs import log
from orchestration.policy.match_policy import MatchPolicy
from orchestration.policy.match_settings import MatchSettings, accepted_from
from orchestration.progress import reporter

PARAMETERS = (
    "model_version string, comparison string, level_number int, level string, "
    "m_probability double, u_probability double, household_probability double, weight double"
)
OUTPUT = "match_output"
RULES = "match_settings"
OUTGROWN = 2
"""Parameters from fewer than one record in two of today's are worth learning again."""


def parameters(
    con: duckdb.DuckDBPyConnection, records: str, seeds: str, is_first: bool
) -> duckdb.DuckDBPyRelation:
    """The parameters in use, level by level; the first ones are trained here.

    Parameters:
        con: dbt's connection.
        records: the relation match_records, with its catalog.
        seeds: the schema of the policy.
        is_first: learn also where it was tried before with about as many records.

    Returns:
        Columns of `PARAMETERS`; no rows where there is too little to learn from.
    """
    policy = policy_in(con, seeds)
    model = current_model(con, policy)
    if model is None and (is_first or is_worth_another_try(con, policy, _count(con, records))):
        model, trained = train_model(con, records, rules_in(con, f"{seeds}.{RULES}"), policy)
        told = trained.reason or (
            f"learned from {trained.record_count:,} records, about {trained.matches:,.0f} pairs "
            "are one person's"
        )
        if trained.reason:
            told = f"only exact links: {told}"
        reporter().end("match training", told)
        log().info("match training: %s", told)
    con.execute(f"create or replace temp table {OUTPUT} ({PARAMETERS})")
    if model:
        con.executemany(
            f"insert into {OUTPUT} values (?, ?, ?, ?, ?, ?, ?, ?)", parameter_rows(model, policy)
        )
    return con.sql(f"select * from {OUTPUT} order by comparison, level_number")


def parameter_rows(model: MatchModel, policy: MatchPolicy) -> list[tuple[Any, ...]]:
    """A row per degree of each comparison, and one for where every pair begins.

    Parameters:
        model: a trained one. Its weights are logarithms to base 2 of the odds.
        policy: what it was trained for.
    """
    prior = model.settings["probability_two_random_records_match"]
    rows: list[tuple[Any, ...]] = [
        (model.model_version, "start", 1, "any two records", prior, 1 - prior,
         model.household_share, _weight(prior, 1 - prior)),
    ]  # fmt: skip
    for comparison in model.settings["comparisons"]:
        together = within_household(comparison, policy)
        for number, level in enumerate(levels_of(comparison), start=1):
            m, u = level["m_probability"], level["u_probability"]
            rows.append(
                (model.model_version, comparison["output_column_name"], number,
                 level["label_for_charts"], m, u, together[number - 1], _weight(m, u))
            )  # fmt: skip
    return rows


def _weight(m: float, u: float) -> float:
    return round(math.log2(m / u), 4)


def scored_pairs(
    con: duckdb.DuckDBPyConnection, records: str, seeds: str, rescored: str | None = None
) -> duckdb.DuckDBPyRelation:
    """Pairs from the review threshold on, scored with the parameters in use.

    Parameters:
        con: dbt's connection.
        records: the relation match_records, with its catalog.
        seeds: the schema of the policy.
        rescored: a relation with the record_key of records; only their pairs are scored.
    """
    from orchestration.identity.scoring import COLUMNS

    policy = policy_in(con, seeds)
    model = current_model(con, policy)
    count = _count(con, records)
    con.execute(f"create or replace temp table {OUTPUT} ({COLUMNS})")
    if model and model.record_count * OUTGROWN < count:
        told = (
            f"{count:,} records, and the parameters were learned from {model.record_count:,}: "
            "c360 identity train learns them again"
        )
        reporter().end("match scoring", told)
        log().info("match scoring: %s", told)
    if model and count > 1:
        from orchestration.identity.scoring import score
        from orchestration.identity.splink_session import WORK, workplace

        catalog = records.split(".")[0]
        with workplace(con) as work:
            compared, pairs = records, None
            if rescored:
                compared, pairs = "blocked_records", "blocked_pairs"
                work.register("rescored", con.sql(f"from {rescored}").to_arrow_table())
                work.execute(f"create table {pairs} as {_pairs(model, records, 'rescored')}")
                work.execute(
                    f"create table {compared} as select * from {records} where record_key in "
                    f"(select join_key_l from {pairs} union all select join_key_r from {pairs})"
                )
            score(
                work, compared, "scored", model.settings, model.household_share,
                model.frequencies.format(catalog=catalog), model.model_version,
                rules_of(con, model, f"{seeds}.{RULES}"), policy, pairs,
            )  # fmt: skip
            con.execute(f"insert into {OUTPUT} select * from {WORK}.main.scored")
    # Of two business units nobody is one person, and a match there speaks against no other.
    return con.sql(
        f"select scored.* from {OUTPUT} as scored "
        f"inner join {records} as a on a.record_key = scored.record_key_a "
        f"inner join {records} as b on b.record_key = scored.record_key_b "
        "where coalesce(a.business_unit_id = b.business_unit_id, true) "
        "order by scored.record_key_a, scored.record_key_b"
    )


def rules_of(con: duckdb.DuckDBPyConnection, model: MatchModel, rules: str) -> MatchSettings:
    """The policy with the threshold that the model's data allow for.

    Parameters:
        con: a connection.
        model: the model in use.
        rules: the relation match_settings.
    """
    said = rules_in(con, rules)
    return replace(said, accept_probability=accepted_from(model.curve, said, model.match_count))


def _pairs(model: MatchModel, records: str, rescored: str) -> str:
    """SQL for the pairs of a rescored record and any other that the blocking rules bring together.

    Only their records are handed to Splink, which has no way to ask for the pairs of some.
    """
    return " union ".join(
        "select least(l.record_key, r.record_key) as join_key_l, "
        "greatest(l.record_key, r.record_key) as join_key_r, '0' as match_key "
        f"from (select * from {records} semi join {rescored} using (record_key)) as l "
        f"inner join {records} as r on l.record_key <> r.record_key and {rule['blocking_rule']}"
        for rule in model.settings["blocking_rules_to_generate_predictions"]
    )


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    [(count,)] = con.execute(f"select count(*) from {relation}").fetchall()
    return int(count)
