"""Learning what agreement between two records is worth, with Splink, from the records themselves.

The model is that of Fellegi and Sunter: per degree of a comparison m, the share of one person's
pairs of records that agree so, and u, the share of strangers' pairs. m comes from expectation
maximisation, u from pairs of a sample. Nothing depends on threads or on the order of rows: samples
are chosen by a hash of the record, and parameters are rounded to six significant digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.identity.blocking import (
    Blocking,
    Found,
    Origin,
    blocking,
    found_by,
    missed_by,
)
from orchestration.identity.estimation import (
    SAMPLE,
    blend,
    expectation_maximisation,
    over_all_pairs,
    put_u,
    rounded,
    shares,
    strangers_of,
    take_out,
)
from orchestration.identity.model_settings import settings_for, settings_of, weigh_rarity
from orchestration.identity.patterns import patterns_of
from orchestration.identity.splink_session import workplace
from orchestration.policy.conditions import value_of
from orchestration.policy.match_policy import COMPARE, Comparison, MatchPolicy
from orchestration.policy.match_settings import MatchSettings

ROOM = 0.2
"""Of the compared pairs, the share of one person's from which the budget is for the others."""


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
        found_by: what each blocking rule finds, of the records that teach.
        missed: how many more pairs of one person no blocking rule brings together, about.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    household_share: float = 0.0
    record_count: int = 0
    reason: str = ""
    pairs: int = 0
    matches: float = 0.0
    learned_from: list[str] = field(default_factory=list)
    found_by: list[Found] = field(default_factory=list)
    missed: float = 0.0

    @property
    def blocking_report(self) -> list[dict[str, Any]]:
        """Per blocking rule of the policy what it finds, without a value of a record."""
        return [
            {
                "rule": each.rule.text,
                "pairs": each.pairs,
                "expected_matches": round(each.matches, 1),
                "found_by_no_other": round(each.only_matches, 1),
                "is_used": each.is_used,
            }
            for each in self.found_by
        ]


def train(
    con: duckdb.DuckDBPyConnection, records: str, rules: MatchSettings, policy: MatchPolicy
) -> Trained:
    """Learn the parameters of probabilistic links.

    Parameters:
        con: a connection that reads `records`.
        records: the relation match_records.
        rules: thresholds.
        policy: what is compared.

    Returns:
        The parameters, or why there are none. Values of records are in neither.
    """
    filled, count = _filled(con, records, policy)
    if count < rules.fewest_training_records:
        return Trained(
            record_count=count,
            reason=f"{count:,} customer records, and {rules.fewest_training_records:,.0f} are "
            "the least to learn from",
        )
    compared = policy.chosen(filled, rules.least_filled_share)
    if not any(c.is_personal for c in compared):
        return Trained(
            record_count=count,
            reason="no column that tells one person from another is filled enough",
        )
    with workplace(con) as work:
        _copy_sample(work, records, count, rules)
        candidates = policy.usable(COMPARE, filled)
        found = blocking(work, candidates, count, rules)
        comparisons, learned = _learn(work, compared, found, filled, rules, policy)
        # The budget is for strangers: where a person has many records, those would use it up. What
        # is made room for finds more of them.
        room = ROOM * found.pairs
        while found.left_out and learned.matches > room:
            room = (1 + ROOM) * learned.matches
            found = blocking(work, candidates, count, rules, learned.matches)
            comparisons, learned = _learn(work, compared, found, filled, rules, policy)
    matches = learned.matches
    if matches < rules.fewest_training_matches:
        return Trained(
            record_count=count,
            reason=f"about {matches:,.0f} pairs of records look like one person's, and "
            f"{rules.fewest_training_matches:,.0f} are the least to learn from",
        )
    # Beyond the sample a person has as many records, and strangers are more.
    weigh_rarity(comparisons, policy)
    rarer = (found.records - 1) / max(count - 1, 1)
    by_rule = found_by(found, learned.origins)
    settings = settings_for(
        comparisons, [each.rule.sql for each in by_rule if each.is_used],
        rounded(learned.prior * rarer),
    )  # fmt: skip
    return Trained(
        settings, rounded(learned.household_share * rarer), count, "",
        sum(each.pairs for each in by_rule if each.is_used), matches / rarer, learned.taught,
        by_rule, missed_by(learned.origins) / rarer,
    )  # fmt: skip


@dataclass(frozen=True)
class _Learned:
    prior: float
    household_share: float
    matches: float
    taught: list[str]
    origins: list[Origin]


def _learn(
    work: duckdb.DuckDBPyConnection,
    compared: Sequence[Comparison],
    found: Blocking,
    filled: Mapping[str, float],
    rules: MatchSettings,
    policy: MatchPolicy,
) -> tuple[list[dict[str, Any]], _Learned]:
    """Comparisons with what the pairs of the chosen rules teach, and how frequent matches are."""
    comparisons = [settings_of(c) for c in compared]
    strangers = strangers_of(work, comparisons)
    put_u(comparisons, strangers, policy)
    learned, taught = expectation_maximisation(work, comparisons, filled, policy)
    blend(comparisons, learned, None, policy)
    patterns, by_rule = patterns_of(
        work, comparisons, [rule.sql for rule in found.rules], found.pairs
    )
    total = found.records * (found.records - 1) / 2
    prior, _, _ = shares(patterns, comparisons, total, policy)
    # The sample's pairs hold some of one person's; with many duplicates they would be taken
    # for strangers who agree.
    take_out(comparisons, strangers, prior, found.sample_pairs)
    prior, household = over_all_pairs(patterns, comparisons, total, policy)
    # A small register that shows no household has some all the same, and a few twins are not one
    # person. What plenty of matches teach needs no such help.
    unsure = max(0.0, 1 - prior * total / rules.plenty_of_training_matches)
    household += unsure * rules.expected_household_pairs / total
    _, _, ones = shares(patterns, comparisons, total, policy)
    likely = {
        gammas: matches / count for (count, gammas), matches in zip(patterns, ones, strict=True)
    }
    origins = [
        Origin(number, rules, count * likely[gammas]) for count, number, rules, gammas in by_rule
    ]
    return comparisons, _Learned(prior, household, prior * total, taught, origins)


def _filled(
    con: duckdb.DuckDBPyConnection, records: str, policy: MatchPolicy
) -> tuple[dict[str, float], int]:
    columns = policy.filled
    counts = ", ".join(f"count({value_of(c)})" for c in columns)
    [row] = con.execute(f"select count(*), {counts} from {records}").fetchall()
    total = int(row[0])
    return {c: n / max(total, 1) for c, n in zip(columns, row[1:], strict=True)}, total


def _copy_sample(
    work: duckdb.DuckDBPyConnection, records: str, count: int, rules: MatchSettings
) -> None:
    """Tables `match_input`, the records that teach, and `match_sample`, nearly all strangers."""
    for name, most in (("match_input", rules.training_records), ("match_sample", SAMPLE)):
        below = int(min(1.0, most / max(count, 1)) * 2**32)
        work.execute(
            f"create or replace table {name} as select * from {records} "
            f"where cast('0x' || substr(md5(record_key), 1, 8) as bigint) < {below}"
        )


def frequencies_sql(records: str, policy: MatchPolicy) -> str:
    """SQL for how frequent the values are whose rarity weighs: column_name, value, frequency.

    What occurs once can't agree with anything, and is left out.

    Parameters:
        records: the relation match_records.
        policy: what is compared.
    """
    columns = {d.rarity_column for each in policy.comparisons for d in each.degrees}
    parts = [
        f"select '{column}' as column_name, {column} as value, "
        f"cast(printf('%.6g', count(*) / sum(count(*)) over ()) as double) as frequency "
        f"from {records} where {column} is not null group by {column} qualify count(*) > 1"
        for column in sorted(columns - {"", "only_name"})
    ]
    # A name that may be either is met with the names of both kinds.
    parts.append(
        f"""
        select 'only_name' as column_name, value, cast(printf('%.6g',
            count(distinct record_key) / (select count(*) from {records})
        ) as double) as frequency
        from (
            select record_key, unnest([given_name, family_name]) as value from {records}
        ) as names
        where value in (select only_name from {records})
        group by value having count(distinct record_key) > 1
        """
    )
    return " union all ".join(parts)
