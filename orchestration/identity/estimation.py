"""The probabilities of a model, from pairs of records: u, m, and how rare matches are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.identity.model_settings import levels_of, settings_for, within_household
from orchestration.identity.splink_session import linker
from orchestration.policy.match_policy import LEARN, LEARN_LAST, BlockingRule, MatchPolicy

SAMPLE = 800
"""Records whose 320,000 pairs tell how often strangers agree."""
LEARNING_PAIRS = 50_000
LESSONS = 2
"""How many learning rules each comparison is learned from, where there are as many."""
EXPECTED_WEIGHT = 20.0
"""What was expected before any data were seen counts like so many pairs."""
FIRST_PRIOR = 1e-4
STEPS = 25
ROUNDS = 8


def strangers_of(
    work: duckdb.DuckDBPyConnection, comparisons: Sequence[Mapping[str, Any]]
) -> dict[str, list[float]]:
    """u by comparison, over all pairs of the sample."""
    session = linker(work, "match_sample", settings_for(comparisons, ["1=1"], FIRST_PRIOR))
    # More pairs than the sample has, in one piece: all pairs, and nothing is left to chance.
    session.training.estimate_u_using_random_sampling(
        max_pairs=10.0 * SAMPLE * SAMPLE, min_count_per_level=None, num_chunks=1
    )
    return _read(session.misc.save_model_to_json(), "u_probability")


def expectation_maximisation(
    work: duckdb.DuckDBPyConnection,
    comparisons: Sequence[Mapping[str, Any]],
    filled: Mapping[str, float],
    policy: MatchPolicy,
) -> tuple[dict[str, list[float]], list[str]]:
    """m by comparison, the mean of what the rules taught, and those rules."""
    lessons: dict[str, list[list[float]]] = {c["output_column_name"]: [] for c in comparisons}
    taught: list[str] = []
    rules = [(rule, LESSONS) for rule in policy.usable(LEARN, filled)]
    rules += [(rule, 1) for rule in policy.usable(LEARN_LAST, filled)]
    for rule, most in rules:
        # A comparison that reads a blocked column learns nothing from these pairs.
        learns = [
            name
            for name, done in lessons.items()
            if len(done) < most and not rule.columns & policy.by_name[name].columns
        ]
        found = _lesson(work, comparisons, rule) if learns else None
        if found:
            taught.append(rule.sql)
            for name in learns:
                lessons[name].append(found[name])
    means = {
        c["output_column_name"]: [
            _mean(values) for values in zip(*lessons[c["output_column_name"]], strict=True)
        ]
        or [math.nan] * len(levels_of(c))
        for c in comparisons
    }
    return means, taught


def _lesson(
    work: duckdb.DuckDBPyConnection, comparisons: Sequence[Mapping[str, Any]], rule: BlockingRule
) -> dict[str, list[float]] | None:
    """m by comparison as the pairs of one rule teach it; None when they teach nothing."""
    from splink.internals.exceptions import EMTrainingException

    session = linker(work, "match_input", settings_for(comparisons, ["1=1"], FIRST_PRIOR))
    try:
        session.training.estimate_parameters_using_expectation_maximisation(
            rule.sql, fix_u_probabilities=True, max_pairs=LEARNING_PAIRS,
            estimate_without_term_frequencies=True, record_sample_proportion=1.0,
        )  # fmt: skip
    except (EMTrainingException, ValueError):
        # No such pairs, or a degree that a person's records never show here, which Splink refuses
        # as a probability of nought. Another rule may teach it.
        return None
    return _read(session.misc.save_model_to_json(), "m_probability")


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _read(settings: Mapping[str, Any], key: str) -> dict[str, list[float]]:
    return {
        c["output_column_name"]: [
            level.get(key) if isinstance(level.get(key), float) else math.nan
            for level in c["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for c in settings["comparisons"]
    }


def put_u(
    comparisons: Sequence[dict[str, Any]], values: Mapping[str, list[float]], policy: MatchPolicy
) -> None:
    """Write u into settings; what was never seen is rarer than one pair of the sample."""
    for comparison in comparisons:
        found = values[comparison["output_column_name"]]
        unseen = all(math.isnan(value) or value == 0 for value in found)
        degrees = policy.by_name[comparison["output_column_name"]].degrees
        for level, value, degree in zip(levels_of(comparison), found, degrees, strict=True):
            if unseen and degree.among_strangers is not None:
                level["u_probability"] = degree.among_strangers
            else:
                level["u_probability"] = max(0.0 if math.isnan(value) else value, 0.5 / SAMPLE**2)


def blend(
    comparisons: Sequence[dict[str, Any]],
    learned: Mapping[str, list[float]],
    matches: float | None,
    policy: MatchPolicy,
) -> None:
    """m as learned, held near what was expected while few pairs have been seen.

    Parameters:
        comparisons: settings, changed in place.
        learned: m by comparison; NaN where the data had nothing to say.
        matches: pairs of one person's records that taught; None before they have been counted.
        policy: what is expected.
    """
    seen = 10 * EXPECTED_WEIGHT if matches is None else matches
    for comparison in comparisons:
        name = comparison["output_column_name"]
        expected = [degree.expected for degree in policy.by_name[name].degrees]
        values = [
            e if math.isnan(m) else (m * seen + e * EXPECTED_WEIGHT) / (seen + EXPECTED_WEIGHT)
            for m, e in zip(learned[name], expected, strict=True)
        ]
        for level, value in zip(levels_of(comparison), values, strict=True):
            level["m_probability"] = rounded(value / sum(values))


def shares(
    patterns: Sequence[tuple[int, tuple[int, ...]]],
    comparisons: Sequence[Mapping[str, Any]],
    total: float,
    policy: MatchPolicy,
) -> tuple[float, float, list[float]]:
    """The shares of pairs that are one person's and two members' of a household.

    By expectation maximisation over three kinds of pairs. Pairs that no blocking rule brings
    together are strangers.

    Returns:
        Both shares, and per pattern the number of its pairs that are one person's.
    """
    persons, households = [], []
    for comparison in comparisons:
        levels = levels_of(comparison)
        # Splink numbers degrees from the last, 0, upwards; -1 is a pair that can't be compared.
        numbers = range(len(levels) - 1, -1, -1)
        u = [level["u_probability"] for level in levels]
        m = [level["m_probability"] for level in levels]
        h = within_household(comparison, policy)
        persons.append({-1: 1.0, **{g: x / y for g, x, y in zip(numbers, m, u, strict=True)}})
        households.append({-1: 1.0, **{g: x / y for g, x, y in zip(numbers, h, u, strict=True)}})
    weighed = [
        (
            count,
            math.prod(f[g] for f, g in zip(persons, gammas, strict=True)),
            math.prod(f[g] for f, g in zip(households, gammas, strict=True)),
        )
        for count, gammas in patterns
    ]
    one, two = FIRST_PRIOR, FIRST_PRIOR
    ones: list[float] = []
    for _ in range(STEPS):
        ones, twos = [], []
        for count, as_person, as_household in weighed:
            whole = one * as_person + two * as_household + (1 - one - two)
            ones.append(count * one * as_person / whole)
            twos.append(count * two * as_household / whole)
        one = min(max(math.fsum(ones) / max(total, 1.0), 1e-12), 0.3)
        two = min(max(math.fsum(twos) / max(total, 1.0), 1e-12), 0.3)
    return one, two, ones


def over_all_pairs(
    patterns: Sequence[tuple[int, tuple[int, ...]]],
    comparisons: Sequence[dict[str, Any]],
    total: float,
    policy: MatchPolicy,
) -> tuple[float, float]:
    """m of all compared pairs together, in place of what pairs of single rules taught.

    The pairs of one rule agree in what it asks for, so they have their faults elsewhere: where
    every duplicate has one fault, the pairs of equal names show dates far worse than they are.

    Returns:
        The shares of pairs that are one person's and two members' of a household.
    """
    for _ in range(ROUNDS):
        prior, _, ones = shares(patterns, comparisons, total, policy)
        found: dict[str, list[float]] = {}
        for place, comparison in enumerate(comparisons):
            last = len(levels_of(comparison)) - 1
            seen = [0.0] * (last + 1)
            for number, (_, gammas) in zip(ones, patterns, strict=True):
                if gammas[place] >= 0:
                    seen[last - gammas[place]] += number
            known = math.fsum(seen)
            found[comparison["output_column_name"]] = [
                n / known if known > 0 else math.nan for n in seen
            ]
        blend(comparisons, found, prior * total, policy)
    prior, household, _ = shares(patterns, comparisons, total, policy)
    return prior, household


def take_out(
    comparisons: Sequence[dict[str, Any]],
    observed: Mapping[str, list[float]],
    prior: float,
    sample_pairs: int,
) -> None:
    """u among strangers, out of the shares among all pairs of the sample.

    A share is prior * m + (1 - prior) * u. What would be less than one pair of the sample is set
    to that.
    """
    least = 1.0 / max(sample_pairs, 1)
    for comparison in comparisons:
        values = observed[comparison["output_column_name"]]
        if all(math.isnan(value) or value == 0 for value in values):
            continue
        for level, value in zip(levels_of(comparison), values, strict=True):
            share = 0.0 if math.isnan(value) else value
            rest = (share - prior * level["m_probability"]) / (1 - prior)
            level["u_probability"] = rounded(max(rest, least, share / 20))


def rounded(value: float) -> float:
    """To six significant digits: beyond them sums depend on the order of summation."""
    return float(f"{value:.6g}")
