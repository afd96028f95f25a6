"""Scoring pairs of records with parameters that stay as they are between trainings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.identity.blocking import block
from orchestration.identity.model_settings import levels_of, rarity_of, within_household
from orchestration.identity.splink_session import linker, predictions
from orchestration.policy.match_policy import MatchPolicy
from orchestration.policy.match_settings import MatchSettings

COLUMNS = (
    "record_key_a string, record_key_b string, match_probability double, match_weight double, "
    "decision string, doubt string, model_version string, comparison_levels string"
)
DIGITS = 6
CONTRADICTION = "given names and birth dates differ"
NAMES = frozenset({"given_name", "family_name", "only_name"})
GENERATION = "generation"
REGISTER = "source_table"
SAYS_LITTLE = frozenset({"gender", REGISTER})
"""Columns that half of all strangers agree in."""


def score(
    work: duckdb.DuckDBPyConnection,
    records: str,
    table: str,
    settings: Mapping[str, Any],
    household_share: float,
    frequencies: str,
    model_version: str,
    rules: MatchSettings,
    policy: MatchPolicy,
    pairs: str | None = None,
) -> None:
    """Score all pairs that the model's blocking rules bring together, or the ones given.

    Parameters:
        work: a connection as `splink_session.workplace` gives it.
        records: the relation match_records.
        table: the table to make, with one row per pair from the review threshold on.
        settings: Splink's settings with trained parameters.
        household_share: of all pairs, those of two members of a household.
        frequencies: SQL for column_name, value, frequency as training saw them.
        model_version: the name of the parameters.
        rules: thresholds.
        policy: what is compared.
        pairs: a table of the workplace with the pairs to score: join_key_l, join_key_r, match_key.
    """
    # Splink looks columns up by the table's name alone, so it needs one that nobody else has.
    work.execute(f"create or replace view match_input as select * from {records}")
    kept = {"additional_columns_to_retain": [GENERATION]}
    session = linker(work, "match_input", {**settings, **kept})
    for column in rarity_of(settings):
        table_of = f"match_frequency_of_{column}"
        work.execute(
            f"create or replace table {table_of} as select value as {column}, "
            f"frequency as tf_{column} from ({frequencies}) where column_name = '{column}'"
        )
        session.table_management.register_term_frequency_lookup(
            session._db_api.register(table_of), column
        )
    if pairs is None:
        pairs = "match_pairs"
        rules_asked = settings["blocking_rules_to_generate_predictions"]
        block(work, pairs, [rule["blocking_rule"] for rule in rules_asked])
    # A little below the threshold, so that rounding decides and not the last bits.
    least = max(rules.review_probability - 10.0**-DIGITS, 1e-9)
    household = household_sql(settings, household_share, policy)
    work.execute(f"create or replace table {table} ({COLUMNS})")
    for scored in predictions(work, session, pairs, least):
        work.execute(
            f"""
            insert into {table}
            with weighed as (
                select
                    *,
                    -log2(pow(2, -match_weight) + pow(2, -({household}))) as weight
                from {scored}
            ),
            rounded as (
                select
                    least(record_key_l, record_key_r) as record_key_a,
                    greatest(record_key_l, record_key_r) as record_key_b,
                    round(1 / (1 + pow(2, -weight)), {DIGITS}) as match_probability,
                    round(weight, 4) as match_weight,
                    match_weight - weight > 1 as is_household_likely,
                    {contradiction_sql(settings, policy)} as contradiction,
                    {disagreement_sql(settings, policy)} as disagreement,
                    {levels_sql(settings)} as comparison_levels
                from weighed
            )
            select
                record_key_a,
                record_key_b,
                match_probability,
                match_weight,
                case
                    when match_probability >= {rules.accept_probability} and contradiction is null
                        then 'accept'
                    else 'review'
                end as decision,
                case
                    when contradiction is not null then contradiction
                    when match_probability < {rules.accept_probability} and is_household_likely
                        then disagreement
                end as doubt,
                '{model_version}' as model_version,
                comparison_levels
            from rounded
            where match_probability >= {rules.review_probability}
            """
        )


def household_sql(settings: Mapping[str, Any], household_share: float, policy: MatchPolicy) -> str:
    """The weight of a pair as one person's against that of two members of one household.

    What members of a household have in common is much, and not independent as the model of
    persons and strangers takes it. So members of a household are a third kind of pair, as
    frequent as training found them.
    """
    prior = settings["probability_two_random_records_match"]
    terms = [f"{math.log2(prior / max(household_share, 1e-12)):.4f}"]
    for comparison in settings["comparisons"]:
        levels = levels_of(comparison)
        cases = [
            f"when {len(levels) - 1 - number} "
            f"then {math.log2(level['m_probability'] / together):.4f}"
            for number, (level, together) in enumerate(
                zip(levels, within_household(comparison, policy), strict=True)
            )
        ]
        terms.append(f"case gamma_{comparison['output_column_name']} {' '.join(cases)} else 0 end")
    return " + ".join(terms)


def contradiction_sql(settings: Mapping[str, Any], policy: MatchPolicy) -> str:
    """What keeps a pair from being joined unseen however probable it is; null when nothing does.

    Fields fail together: a record that lacks the given name often lacks more, which a product of
    independent chances does not know. And names alone join nobody: how many namesakes there are, no
    frequency of names tells.
    """
    about = _about(settings, policy)
    used = [policy.by_name[c["output_column_name"]] for c in settings["comparisons"]]
    # Too few records are marked so to learn from them, and nobody is both junior and senior.
    reasons = [f"when {GENERATION}_l <> {GENERATION}_r then 'one is junior, one senior'"]
    if {"birth_date", "given_name"} <= about.keys():
        # Where registers show how many households there are, the weight knows it already.
        unless = " and match_weight - weight > 0.1" if _knows_households(settings, policy) else ""
        reasons.append(
            f"when gamma_{about['birth_date']} = 0 and gamma_{about['given_name']} = 0{unless} "
            f"then '{CONTRADICTION}'"
        )
    if personal := sorted(each.name for each in used if each.is_personal):
        unknown = " and ".join(f"gamma_{name} = -1" for name in personal)
        reasons.append(f"when {unknown} then 'nothing of one person alone is known of both'")
    beyond = sorted(each.name for each in used if not set(each.filled) <= NAMES | SAYS_LITTLE)
    if beyond:
        nothing = " and ".join(f"gamma_{name} <= 0" for name in beyond)
        reasons.append(f"when {nothing} then 'nothing but the names agrees'")
    return f"case {' '.join(reasons)} else cast(null as string) end"


def _about(settings: Mapping[str, Any], policy: MatchPolicy) -> dict[str, str]:
    """The comparison in use that is about a column and no other one, whatever its name is."""
    about: dict[str, str] = {}
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        if len(policy.by_name[name].filled) == 1:
            about.setdefault(policy.by_name[name].filled[0], name)
    return about


def _knows_households(settings: Mapping[str, Any], policy: MatchPolicy) -> bool:
    """Whether pairs of one register, which are seldom one person's, were there to learn from."""
    shares = [
        level["u_probability"]
        for comparison in settings["comparisons"]
        if policy.by_name[comparison["output_column_name"]].filled == (REGISTER,)
        for level in levels_of(comparison)
    ]
    return min(shares, default=0.0) > 0.05


def disagreement_sql(settings: Mapping[str, Any], policy: MatchPolicy) -> str:
    """What of a person disagrees, where a pair may as well be two members of one household."""
    about = _about(settings, policy)
    reasons = [
        f"when gamma_{about[column]} = 0 then 'one household, and {text} differ'"
        for column, text in (
            ("birth_date", "birth dates"),
            ("given_name", "given names"),
            ("national_id", "national numbers"),
        )
        if column in about
    ]
    return f"case {' '.join(reasons)} when true then 'one household, and little else agrees' end"


def levels_sql(settings: Mapping[str, Any]) -> str:
    """JSON text: per comparison its degree and what that degree adds to the weight.

    The first entry is where every pair begins, the rarity of matches; the last is what is lost
    because the two may be members of one household. Values of records are not in it. Weights are
    logarithms to base 2 of the odds, so each one more doubles the odds.
    """
    prior = settings["probability_two_random_records_match"]
    start = math.log2(prior / (1 - prior))
    parts = [f"""'[{{"comparison":"start","level":"any two records","weight":{start:.2f}}}'"""]
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        levels = levels_of(comparison)
        cases = []
        for i, level in enumerate(levels):
            weight = math.log2(level["m_probability"] / level["u_probability"])
            label = level["label_for_charts"].replace("'", "''")
            entry = f',{{"comparison":"{name}","level":"{label}","weight":'
            if level.get("tf_adjustment_column"):
                value = f"printf('%.2f', {weight:.6f} + mw_tf_adj_{name})"
            else:
                value = f"'{weight:.2f}'"
            cases.append(f"when {len(levels) - 1 - i} then '{entry}' || {value} || '}}'")
        missing = f',{{"comparison":"{name}","level":"not known","weight":0.00}}'
        parts.append(f"case gamma_{name} {' '.join(cases)} else '{missing}' end")
    household = ',{"comparison":"household","level":"or two of its members","weight":'
    parts.append(f"'{household}' || printf('%.2f', weight - match_weight) || '}}]'")
    return " || ".join(parts)
