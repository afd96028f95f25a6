"""Learning what agreement between two records is worth, with Splink, from the records themselves.

The model is that of Fellegi and Sunter: per degree of a comparison m, the share of one person's
pairs of records that agree so, and u, the share of strangers' pairs. m comes from expectation
maximisation, u from pairs of a sample. Nothing depends on threads or on the order of rows: samples
are chosen by a hash of the record, and parameters are rounded to six significant digits.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.identity.blocking import LEARNING_RULES, RULES, SWAPPED, usable
from orchestration.identity.comparisons import (
    BY_NAME,
    COMPARISONS,
    Comparison,
    chosen,
    levels_of,
    settings_of,
    weigh_rarity,
    within_household,
)
from orchestration.identity.match_rules import MatchRules
from orchestration.identity.splink_session import linker, settings_for, workplace

SAMPLE = 1_000
"""Records whose half a million pairs tell how often strangers agree."""
COUNTED_RECORDS = 3_000
LEARNING_PAIRS = 100_000
LESSONS = 2
"""How many learning rules each comparison is learned from, where there are as many."""
EXPECTED_WEIGHT = 20.0
FIRST_PRIOR = 1e-4
STEPS = 25


@dataclass
class Trained:
    """What training came to.

    Attributes:
        settings: Splink's settings with the parameters; empty when nothing was learned.
        household_share: of all pairs, those of two members of a household.
        record_count: customer records there were.
        reason: why nothing was learned; empty when something was.
        pairs: how many pairs the chosen rules compare.
        matches: how many pairs are about to be one person's.
        learned_from: blocking rules whose pairs taught.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    household_share: float = 0.0
    record_count: int = 0
    reason: str = ""
    pairs: int = 0
    matches: float = 0.0
    learned_from: list[str] = field(default_factory=list)


def train(con: duckdb.DuckDBPyConnection, records: str, rules: MatchRules) -> Trained:
    """Learn the parameters of probabilistic links.

    Parameters:
        con: a connection that reads `records`.
        records: the relation match_records.
        rules: the policy.

    Returns:
        The parameters, or why there are none. Values of records are in neither.
    """
    filled, count = _filled(con, records)
    if count < rules.fewest_training_records:
        return Trained(
            record_count=count,
            reason=f"{count:,} customer records, and {rules.fewest_training_records:,.0f} are "
            "the least to learn from",
        )
    compared = chosen(filled, rules.least_filled_share)
    if not any(c.is_personal for c in compared):
        return Trained(
            record_count=count,
            reason="no column that tells one person from another is filled enough",
        )
    with workplace(con) as work:
        _copy_sample(work, records, count, rules)
        found = _blocking(work, filled, rules)
        comparisons = [settings_of(c) for c in compared]
        strangers = _strangers(work, comparisons)
        _put(comparisons, "u_probability", strangers)
        learned, taught = _expectation_maximisation(work, comparisons, filled)
        _blend(comparisons, learned, None)
        patterns = _patterns(work, comparisons, found.rules)
        total = found.records * (found.records - 1) / 2
        prior, _ = _shares(patterns, comparisons, total)
        # The sample's pairs hold some of one person's; with many duplicates they would be taken
        # for strangers who agree.
        _take_out(comparisons, strangers, prior, found.sample_pairs)
        prior, _ = _shares(patterns, comparisons, total)
        _blend(comparisons, learned, prior * total)
        prior, household = _shares(patterns, comparisons, total)
    matches = prior * total
    if matches < rules.fewest_training_matches:
        return Trained(
            record_count=count,
            reason=f"about {matches:,.0f} pairs of records look like one person's, and "
            f"{rules.fewest_training_matches:,.0f} are the least to learn from",
        )
    # Beyond the sample a person has as many records, and strangers are more.
    weigh_rarity(comparisons)
    rarer = (found.records - 1) / max(count - 1, 1)
    settings = settings_for(comparisons, found.rules, _rounded(prior * rarer))
    return Trained(
        settings, _rounded(household * rarer), count, "", found.pairs, matches / rarer, taught
    )


@dataclass(frozen=True)
class _Blocking:
    rules: list[str]
    pairs: int
    records: int
    sample_pairs: int


def _filled(con: duckdb.DuckDBPyConnection, records: str) -> tuple[dict[str, float], int]:
    columns = sorted({c for comparison in COMPARISONS for c in comparison.filled})
    columns += sorted({c for rule in RULES for c in rule.columns} - set(columns))
    counts = ", ".join(f"count({c})" for c in columns)
    [row] = con.execute(f"select count(*), {counts} from {records}").fetchall()
    total = int(row[0])
    return {c: n / max(total, 1) for c, n in zip(columns, row[1:], strict=True)}, total


def _copy_sample(
    work: duckdb.DuckDBPyConnection, records: str, count: int, rules: MatchRules
) -> None:
    """Tables `match_input` and `match_sample`: the records that teach, and those whose pairs are strangers."""
    for name, most in (("match_input", rules.training_records), ("match_sample", SAMPLE)):
        below = int(min(1.0, most / max(count, 1)) * 2**32)
        work.execute(
            f"create or replace table {name} as select * from {records} "
            f"where cast('0x' || substr(md5(record_key), 1, 8) as bigint) < {below}"
        )


def _blocking(
    work: duckdb.DuckDBPyConnection, filled: Mapping[str, float], rules: MatchRules
) -> _Blocking:
    """The rules that fit into the budget, as Splink counts their pairs, the closest ones first."""
    [(records, sampled)] = work.execute(
        "select (select count(*) from match_input), (select count(*) from match_sample)"
    ).fetchall()
    candidates = [rule.sql for rule in usable(RULES, filled)]
    if filled.get("given_name") and filled.get("family_name"):
        candidates.insert(0, SWAPPED)
    # Splink warns of estimates from few pairs; few are what is wanted.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counted = _counted(work, candidates, records)
    left = rules.most_pairs_per_record * records
    kept: list[str] = []
    pairs = 0
    for rule, number in zip(candidates, counted, strict=True):
        if number <= left:
            kept.append(rule)
            left -= number
            pairs += number
    return _Blocking(kept, pairs, records, sampled * (sampled - 1) // 2)


def _counted(work: duckdb.DuckDBPyConnection, candidates: Sequence[str], records: int) -> list[int]:
    """Pairs per rule that the rules before it have not brought together."""
    from splink import DuckDBAPI
    from splink.blocking_analysis import count_comparisons_from_blocking_rules

    counted = count_comparisons_from_blocking_rules(
        DuckDBAPI(connection=work).register("match_input"),
        blocking_rules=candidates,
        link_type="dedupe_only",
        unique_id_column_name="record_key",
        # Splink picks them by a hash of the record, so they are the same ones every time.
        record_sample_proportion=min(1.0, COUNTED_RECORDS / max(records, 1)),
    )
    return [int(found["marginal_comparison_count"]) for found in counted]


def _strangers(
    work: duckdb.DuckDBPyConnection, comparisons: Sequence[Mapping[str, Any]]
) -> dict[str, list[float]]:
    """u by comparison, over all pairs of the sample."""
    session = linker(work, "match_sample", settings_for(comparisons, ["1=1"], FIRST_PRIOR))
    # More pairs than the sample has, in one piece: all pairs, and nothing is left to chance.
    session.training.estimate_u_using_random_sampling(
        max_pairs=10.0 * SAMPLE * SAMPLE, min_count_per_level=None, num_chunks=1
    )
    return _read(session.misc.save_model_to_json(), "u_probability")


def _expectation_maximisation(
    work: duckdb.DuckDBPyConnection,
    comparisons: Sequence[Mapping[str, Any]],
    filled: Mapping[str, float],
) -> tuple[dict[str, list[float]], list[str]]:
    """m by comparison, the mean of what the rules taught, and those rules."""
    lessons: dict[str, list[list[float]]] = {c["output_column_name"]: [] for c in comparisons}
    taught: list[str] = []
    for rule in usable(LEARNING_RULES, filled):
        # A comparison that reads a blocked column learns nothing from these pairs.
        learns = [
            name
            for name, done in lessons.items()
            if len(done) < LESSONS and not set(rule.columns) & _columns_of(BY_NAME[name])
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
    work: duckdb.DuckDBPyConnection, comparisons: Sequence[Mapping[str, Any]], rule: Rule
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


def _columns_of(comparison: Comparison) -> set[str]:
    conditions = " ".join([comparison.missing, *(d.condition for d in comparison.degrees)])
    return set(re.findall(r"\b([a-z0-9_]+)_[lr]\b", conditions))


def _read(settings: Mapping[str, Any], key: str) -> dict[str, list[float]]:
    return {
        c["output_column_name"]: [
            level.get(key) if isinstance(level.get(key), float) else math.nan
            for level in c["comparison_levels"]
            if not level.get("is_null_level")
        ]
        for c in settings["comparisons"]
    }


def _put(
    comparisons: Sequence[dict[str, Any]], key: str, values: Mapping[str, list[float]]
) -> None:
    """Write probabilities into settings; what was never seen is less than what a sample shows."""
    for comparison in comparisons:
        found = values[comparison["output_column_name"]]
        for level, value in zip(levels_of(comparison), found, strict=True):
            level[key] = max(0.0 if math.isnan(value) else value, 0.25 / (SAMPLE * SAMPLE))


def _blend(
    comparisons: Sequence[dict[str, Any]],
    learned: Mapping[str, list[float]],
    matches: float | None,
) -> None:
    """m as learned, held near what was expected while few pairs have been seen.

    Parameters:
        comparisons: settings, changed in place.
        learned: m by comparison; NaN where the data had nothing to say.
        matches: pairs of one person's records that taught; None before they have been counted.
    """
    seen = 10 * EXPECTED_WEIGHT if matches is None else matches
    for comparison in comparisons:
        name = comparison["output_column_name"]
        expected = [degree.expected for degree in BY_NAME[name].degrees]
        values = [
            e if math.isnan(m) else (m * seen + e * EXPECTED_WEIGHT) / (seen + EXPECTED_WEIGHT)
            for m, e in zip(learned[name], expected, strict=True)
        ]
        for level, value in zip(levels_of(comparison), values, strict=True):
            level["m_probability"] = _rounded(value / sum(values))


def _patterns(
    work: duckdb.DuckDBPyConnection, comparisons: Sequence[Mapping[str, Any]], rules: Sequence[str]
) -> list[tuple[int, tuple[int, ...]]]:
    """How often each combination of degrees occurs among the pairs that are compared."""
    names = [f"gamma_{c['output_column_name']}" for c in comparisons]
    if not rules:
        return []
    session = linker(work, "match_input", settings_for(comparisons, rules, FIRST_PRIOR))
    scored = session.inference.predict(warning_mode="never").physical_name
    listed = ", ".join(names)
    rows = work.execute(
        f"select count(*), {listed} from {scored} group by {listed} order by {listed}"
    ).fetchall()
    return [(int(row[0]), tuple(int(g) for g in row[1:])) for row in rows]


def _shares(
    patterns: Sequence[tuple[int, tuple[int, ...]]],
    comparisons: Sequence[Mapping[str, Any]],
    total: float,
) -> tuple[float, float]:
    """The shares of pairs that are one person's and two members' of a household.

    By expectation maximisation over three kinds of pairs. Pairs that no blocking rule brings
    together are strangers.
    """
    persons, households = [], []
    for comparison in comparisons:
        # Splink numbers degrees from the last, 0, upwards; -1 is a pair that can't be compared.
        person, household = {-1: 1.0}, {-1: 1.0}
        levels = levels_of(comparison)
        for gamma, (level, together) in enumerate(
            zip(reversed(levels), reversed(within_household(comparison)), strict=True)
        ):
            person[gamma] = level["m_probability"] / level["u_probability"]
            household[gamma] = together / level["u_probability"]
        persons.append(person)
        households.append(household)
    weighed = [
        (
            count,
            math.prod(f[g] for f, g in zip(persons, gammas, strict=True)),
            math.prod(f[g] for f, g in zip(households, gammas, strict=True)),
        )
        for count, gammas in patterns
    ]
    one, two = FIRST_PRIOR, FIRST_PRIOR
    for _ in range(STEPS):
        ones, twos = [], []
        for count, person, household in weighed:
            sum_of_all = one * person + two * household + (1 - one - two)
            ones.append(count * one * person / sum_of_all)
            twos.append(count * two * household / sum_of_all)
        one = min(max(math.fsum(ones) / max(total, 1.0), 1e-12), 0.3)
        two = min(max(math.fsum(twos) / max(total, 1.0), 1e-12), 0.3)
    return one, two


def _take_out(
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
        for level, value in zip(levels_of(comparison), values, strict=True):
            share = 0.0 if math.isnan(value) else value
            rest = (share - prior * level["m_probability"]) / (1 - prior)
            level["u_probability"] = _rounded(max(rest, least, share / 20))


def _rounded(value: float) -> float:
    """To six significant digits: beyond them sums depend on the order of summation."""
    return float(f"{value:.6g}")


def frequencies_sql(records: str) -> str:
    """SQL for how frequent the values are whose rarity weighs: column_name, value, frequency.

    What occurs once can't agree with anything, and is left out.

    Parameters:
        records: the relation match_records.
    """
    parts = [
        f"select '{c.name}' as column_name, {c.name} as value, "
        f"cast(printf('%.6g', count(*) / sum(count(*)) over ()) as double) as frequency "
        f"from {records} where {c.name} is not null group by {c.name} qualify count(*) > 1"
        for c in COMPARISONS
        if c.weighs_rarity
    ]
    return " union all ".join(parts)


def as_json(settings: Mapping[str, Any]) -> str:
    """Settings as text, the same for the same settings."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))
