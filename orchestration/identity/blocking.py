"""Which pairs are compared at all: blocking rules within a budget, and what each of them finds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
from rich.table import Table

from orchestration.policy.match_policy import BlockingRule
from orchestration.policy.match_settings import MatchSettings

COUNTED_RECORDS = 3_000
"""Records whose pairs are counted to see what a blocking rule costs."""
LEAST_SHARE = 0.0001
"""Of all matches, what a rule has to bring together that no rule before it does.

Fewer than ten thousand matches can't tell, and there all rules are asked: tomorrow's records may
need what today's don't.
"""


@dataclass(frozen=True)
class Blocking:
    """The rules that fit into the budget.

    Attributes:
        rules: in the order in which they are asked.
        counted: per candidate its pairs that no rule asked before it brings together.
        records: how many records teach.
        sample_pairs: the pairs of the sample that tells how strangers agree.
    """

    rules: tuple[BlockingRule, ...]
    counted: tuple[tuple[BlockingRule, int], ...]
    records: int
    sample_pairs: int

    @property
    def pairs(self) -> int:
        """How many pairs the rules compare."""
        return sum(number for rule, number in self.counted if rule in self.rules)

    @property
    def left_out(self) -> bool:
        """Whether a candidate does not fit."""
        return len(self.rules) < len(self.counted)


@dataclass(frozen=True)
class Found:
    """What one blocking rule finds, of the pairs that no rule before it brings together.

    Attributes:
        rule: the candidate.
        pairs: how many they are.
        matches: how many of them are expected to be one person's.
        only_matches: how many of those no other rule brings together either.
        is_used: the rule fits into the budget and adds something.
    """

    rule: BlockingRule
    pairs: int
    matches: float = 0.0
    only_matches: float = 0.0
    is_used: bool = False


@dataclass(frozen=True)
class Origin:
    """Pairs that the same rules bring together.

    Attributes:
        rule_number: the first of them, from 0.
        rule_count: how many of the rules bring them together.
        matches: how many of the pairs are expected to be one person's.
    """

    rule_number: int
    rule_count: int
    matches: float


def blocking(
    work: duckdb.DuckDBPyConnection,
    candidates: Sequence[BlockingRule],
    count: int,
    rules: MatchSettings,
    matches: float = 0.0,
) -> Blocking:
    """The rules that fit into the budget, as Splink counts their pairs, the closest ones first.

    The budget is for all records, of which those that teach are a sample: n times as many records
    make n times n as many pairs.

    Parameters:
        work: a connection with `match_input`, the records that teach, and `match_sample`.
        candidates: the policy's rules whose columns are filled.
        count: all records.
        rules: the policy's limits.
        matches: pairs of one person among the records that teach, which don't count against the
            budget.
    """
    [(records, sampled)] = work.execute(
        "select (select count(*) from match_input), (select count(*) from match_sample)"
    ).fetchall()
    budget = rules.most_pairs_per_record * count * (records / max(count, 1)) ** 2 + matches
    numbers: dict[BlockingRule, int] = {}
    asked = tuple(candidates)
    while True:
        # Splink warns of estimates from few pairs; few are what is wanted.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            counted = dict(zip(asked, _counted(work, asked, records), strict=True))
        numbers |= counted
        fitting = _fitting(counted, budget)
        # Without a rule that does not fit, those behind it have more pairs.
        if fitting == asked:
            break
        asked = fitting
    per_rule = tuple((rule, numbers[rule]) for rule in candidates)
    return Blocking(fitting, per_rule, int(records), sampled * (sampled - 1) // 2)


def _fitting(counted: Mapping[BlockingRule, int], budget: float) -> tuple[BlockingRule, ...]:
    kept = []
    for rule, number in counted.items():
        if number <= budget:
            kept.append(rule)
            budget -= number
    return tuple(kept)


def _counted(
    work: duckdb.DuckDBPyConnection, candidates: Sequence[BlockingRule], records: int
) -> list[int]:
    """Pairs per rule that the rules before it have not brought together."""
    if not candidates:
        return []
    from splink import DuckDBAPI
    from splink.blocking_analysis import count_comparisons_from_blocking_rules

    counted = count_comparisons_from_blocking_rules(
        DuckDBAPI(connection=work).register("match_input"),
        blocking_rules=[rule.sql for rule in candidates],
        link_type="dedupe_only",
        unique_id_column_name="record_key",
        # Splink picks them by a hash of the record, so they are the same ones every time.
        record_sample_proportion=min(1.0, COUNTED_RECORDS / max(records, 1)),
    )
    return [int(found["marginal_comparison_count"]) for found in counted]


def block(
    work: duckdb.DuckDBPyConnection, table: str, rules: Sequence[str], left: str = "match_input"
) -> None:
    """Make a table of the pairs of `match_input` that blocking rules bring together.

    Splink asks all rules in one statement, which has their joins in memory at once: 1.9 GB in place
    of .5 for 35 rules over 510,000 records.

    Parameters:
        work: a connection with `match_input`.
        table: its name; it gets the columns that Splink expects, match_key being the number of the
            first rule that brings the pair together, from 0.
        rules: blocking rules in SQL over l and r.
        left: the records whose pairs are looked for, those with a greater key on the right.
    """
    work.execute(
        f"create or replace table {table} (match_key string, join_key_l string, join_key_r string)"
    )
    for number, rule in enumerate(rules):
        found = "".join(f" and not coalesce({before}, false)" for before in rules[:number])
        work.execute(
            f"insert into {table} select '{number}', l.record_key, r.record_key "
            f"from {left} as l inner join match_input as r "
            f"on ({rule}) and l.record_key < r.record_key{found}"
        )


def found_by(chosen: Blocking, origins: Sequence[Origin]) -> list[Found]:
    """Per candidate what it finds, and whether it is worth asking.

    Parameters:
        chosen: the rules whose pairs were looked at.
        origins: where those pairs come from.
    """
    matches, alone = dict.fromkeys(chosen.rules, 0.0), dict.fromkeys(chosen.rules, 0.0)
    for origin in origins:
        rule = chosen.rules[origin.rule_number]
        matches[rule] += origin.matches
        alone[rule] += origin.matches if origin.rule_count == 1 else 0.0
    least = LEAST_SHARE * sum(matches.values())
    least = least if least >= 1 else 0.0
    return [
        Found(rule, pairs, matches[rule], alone[rule], matches[rule] >= least)
        if rule in matches
        else Found(rule, pairs)
        for rule, pairs in chosen.counted
    ]


def missed_by(origins: Sequence[Origin]) -> float:
    """How many matches no rule brings together, about.

    From how many matches one rule alone brings together, f1, and how many two do, f2, as the
    number of species that were never seen is estimated: f1 * (f1 - 1) / (2 * (f2 + 1)), the
    bias-corrected lower bound of Chao, "Estimating the population size for capture-recapture data
    with unequal catchability", Biometrics 43 (1987).
    """
    once = sum(origin.matches for origin in origins if origin.rule_count == 1)
    twice = sum(origin.matches for origin in origins if origin.rule_count == 2)
    return max(once * (once - 1), 0.0) / (2 * (twice + 1))


def blocking_table(found: Sequence[Found]) -> Table:
    """What each blocking rule finds, to read in a terminal."""
    table = Table("blocking rule", box=None)
    for title in ("pairs", "of one person", "found by no other", ""):
        table.add_column(title, justify="right")
    for each in found:
        used = "" if each.is_used else "left out"
        alone = f"{each.only_matches:,.0f}"
        table.add_row(each.rule.text, f"{each.pairs:,}", f"{each.matches:,.0f}", alone, used)
    return table
