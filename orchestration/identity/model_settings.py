"""Splink's settings: made of the comparisons here, filled by training, read by scoring."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.policy.match_policy import Comparison, MatchPolicy

LEAST_FREQUENCY = 0.0005


def settings_for(
    comparisons: Sequence[Mapping[str, Any]], rules: Sequence[str], prior: float
) -> dict[str, Any]:
    """Splink's settings for finding one person's records in one table.

    Parameters:
        comparisons: comparisons as Splink wants them.
        rules: blocking rules in SQL over l and r.
        prior: the probability that two records picked at random are one person's.
    """
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "record_key",
        "comparisons": [dict(c) for c in comparisons],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules
        ],
        "probability_two_random_records_match": prior,
        # With these come the numbers of the degrees and the share of rarity in the weight.
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": True,
    }


def settings_of(comparison: Comparison) -> dict[str, Any]:
    """A comparison as Splink's settings want it, with the expected shares to begin with."""
    missing: dict[str, Any] = {
        "sql_condition": comparison.missing,
        "label_for_charts": "not known",
        "is_null_level": True,
    }
    return {
        "output_column_name": comparison.name,
        "comparison_description": comparison.name,
        "comparison_levels": [
            missing,
            *(
                {
                    "sql_condition": degree.condition,
                    "label_for_charts": degree.label,
                    "m_probability": degree.expected,
                }
                for degree in comparison.degrees
            ),
        ],
    }


def levels_of(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The degrees of a comparison in Splink's settings, without the one for missing values."""
    return [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]


def within_household(comparison: Mapping[str, Any], policy: MatchPolicy) -> list[float]:
    """Per degree the share of pairs of different members of a household that agree so.

    Members of a household agree no less often than strangers do, and agreement in what they share
    (family name, address, telephone, mailbox) is no sign of one person rather than of two members.

    Parameters:
        comparison: a comparison in Splink's settings, with m and u.
        policy: what it was made of.
    """
    levels = levels_of(comparison)
    described = policy.by_name[comparison["output_column_name"]]
    if described.is_apart_from_households:
        return [level["u_probability"] for level in levels]
    shares = []
    for number, (degree, level) in enumerate(zip(described.degrees, levels, strict=True)):
        share = degree.in_household
        if number < len(levels) - 1:
            share = max(share, level["u_probability"])
            if not described.is_personal:
                share = max(share, level["m_probability"])
        shares.append(share)
    return shares


def rarity_of(settings: Mapping[str, Any]) -> list[str]:
    """The columns whose values' frequencies weigh in, in a model's settings."""
    return [
        level["tf_adjustment_column"]
        for comparison in settings["comparisons"]
        for level in levels_of(comparison)
        if level.get("tf_adjustment_column")
    ]


def weigh_rarity(comparisons: Sequence[dict[str, Any]], policy: MatchPolicy) -> None:
    """Let equal values weigh by how rare they are; no rarer than one in two thousand.

    Parameters:
        comparisons: comparisons in Splink's settings, changed in place.
        policy: what they were made of.
    """
    for comparison in comparisons:
        degrees = policy.by_name[comparison["output_column_name"]].degrees
        for level, degree in zip(levels_of(comparison), degrees, strict=True):
            if degree.rarity_column:
                level["tf_adjustment_column"] = degree.rarity_column
                level["tf_adjustment_weight"] = 1.0
                level["tf_minimum_u_value"] = LEAST_FREQUENCY
                # A level's rarity stands against that level's own share among strangers.
                level["disable_tf_exact_match_detection"] = True


def as_json(settings: Mapping[str, Any]) -> str:
    """Settings as text, the same for the same settings."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))
