"""What the Python models of the identity layer do: parameters as a table, and scored pairs."""

from __future__ import annotations

import math
from typing import Any

import duckdb

from orchestration.identity.match_models import (
    MatchModel,
    current_model,
    rules_in,
    train_model,
)
from orchestration.identity.model_settings import levels_of, within_household
from orchestration.logs import log
from orchestration.progress import reporter

PARAMETERS = (
    "model_version string, comparison string, level_number int, level string, "
    "m_probability double, u_probability double, household_probability double, weight double"
)
OUTPUT = "match_output"
OUTGROWN = 2
"""Parameters from fewer than one record in two of today's are worth learning again."""


def parameters(con: duckdb.DuckDBPyConnection, records: str, rules: str) -> duckdb.DuckDBPyRelation:
    """The parameters in use, level by level; the first ones are trained here.

    Parameters:
        con: dbt's connection.
        records: the relation match_records, with its catalog.
        rules: the relation match_rules.

    Returns:
        Columns of `PARAMETERS`; no rows where there is too little to learn from.
    """
    model = current_model(con)
    if model is None:
        model, trained = train_model(con, records, rules_in(con, rules))
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
            f"insert into {OUTPUT} values (?, ?, ?, ?, ?, ?, ?, ?)", parameter_rows(model)
        )
    return con.sql(f"select * from {OUTPUT} order by comparison, level_number")


def parameter_rows(model: MatchModel) -> list[tuple[Any, ...]]:
    """A row per degree of each comparison, and one for where every pair begins.

    Parameters:
        model: a trained one. Its weights are logarithms to base 2 of the odds.
    """
    prior = model.settings["probability_two_random_records_match"]
    rows: list[tuple[Any, ...]] = [
        (model.model_version, "start", 1, "any two records", prior, 1 - prior,
         model.household_share, _weight(prior, 1 - prior)),
    ]  # fmt: skip
    for comparison in model.settings["comparisons"]:
        together = within_household(comparison)
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
    con: duckdb.DuckDBPyConnection, records: str, rules: str
) -> duckdb.DuckDBPyRelation:
    """Pairs from the review threshold on, scored with the parameters in use.

    Parameters:
        con: dbt's connection.
        records: the relation match_records, with its catalog.
        rules: the relation match_rules.
    """
    from orchestration.identity.scoring import COLUMNS

    model = current_model(con)
    [(count,)] = con.execute(f"select count(*) from {records}").fetchall()
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
            score(
                work, records, "scored", model.settings, model.household_share,
                model.frequencies.format(catalog=catalog), model.model_version,
                rules_in(con, rules),
            )  # fmt: skip
            con.execute(f"insert into {OUTPUT} select * from {WORK}.main.scored")
    return con.sql(f"select * from {OUTPUT} order by record_key_a, record_key_b")
