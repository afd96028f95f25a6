"""The policy seed match_rules: thresholds of probabilistic links, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

SEED = "seeds/policy/match_rules.csv"


@dataclass(frozen=True)
class MatchRules:
    """The rules as numbers; the defaults are those of the seed as it is delivered.

    Attributes:
        accept_probability: pairs from here on are joined.
        review_probability: pairs from here on and below acceptance wait for a person.
        largest_plausible_profile: records that one person may have before links are doubted.
        fewest_training_records: with fewer customer records nothing is learned.
        fewest_training_matches: with fewer expected pairs of one person nothing is learned.
        least_filled_share: of the records must fill a column for it to be compared.
        most_pairs_per_record: how many pairs may be compared, per record.
        training_records: most records that training looks at.
    """

    accept_probability: float = 0.95
    review_probability: float = 0.5
    largest_plausible_profile: float = 50
    fewest_training_records: float = 100
    fewest_training_matches: float = 20
    least_filled_share: float = 0.05
    most_pairs_per_record: float = 10
    training_records: float = 1_000_000


PROBABILITIES = ("accept_probability", "review_probability", "least_filled_share")
COUNTS = tuple(f.name for f in fields(MatchRules) if f.name not in PROBABILITIES)


def match_rules(rows: Iterable[Mapping[str, Any]]) -> MatchRules:
    """The rules of a seed that `check_match_rules` finds nothing wrong with.

    Parameters:
        rows: rows of the seed with `rule` and `value`; a rule that is missing has its default.
    """
    return MatchRules(**{str(row["rule"]): float(row["value"]) for row in rows})


def check_match_rules(rows: Iterable[Mapping[str, Any]], file: str = SEED) -> list[str]:
    """What is wrong with the seed, each with file, row and remedy; empty when it is right.

    Parameters:
        rows: the seed's rows in their order, each with `rule` and `value` as read.
        file: the seed's path, for the messages. The header is row 1.
    """
    wrong: list[str] = []
    values: dict[str, float] = {}
    rows_of: dict[str, int] = {}
    known = [f.name for f in fields(MatchRules)]
    for number, row in enumerate(rows, start=2):
        where = f"{file}, line {number}"
        rule = str(row.get("rule") or "").strip()
        if rule not in known:
            wrong.append(
                f"{where}: there is no rule {rule or 'without a name'}. Rules are "
                f"{', '.join(known)}; correct the name or remove the row."
            )
            continue
        if rule in rows_of:
            wrong.append(
                f"{where}: {rule} is said again, first in line {rows_of[rule]}. Keep one of them."
            )
            continue
        rows_of[rule] = number
        try:
            value = float(str(row.get("value")))
        except ValueError:
            wrong.append(f"{where}: the value of {rule} is no number. Write one, such as 0.9.")
            continue
        faults = _faults_of(rule, value)
        wrong.extend(f"{where}: {fault}" for fault in faults)
        if not faults:
            values[rule] = value
    wrong.extend(_contradictions(values, rows_of, file))
    return wrong


def _faults_of(rule: str, value: float) -> list[str]:
    if rule in PROBABILITIES and not 0 < value <= 1:
        return [
            f"{rule} is {value:g}, and a probability or share lies above 0 and not above 1. "
            "Write 0.95 for 95 per cent."
        ]
    if rule in COUNTS and not (value >= 1 and value.is_integer()):
        return [f"{rule} is {value:g}, and it counts something. Write a whole number from 1 on."]
    return []


def _contradictions(
    values: Mapping[str, float], rows_of: Mapping[str, int], file: str
) -> list[str]:
    defaults = MatchRules()
    accept = values.get("accept_probability", defaults.accept_probability)
    review = values.get("review_probability", defaults.review_probability)
    if accept >= review:
        return []
    row = rows_of.get("accept_probability", rows_of.get("review_probability", 2))
    return [
        f"{file}, line {row}: accept_probability {accept:g} is below review_probability "
        f"{review:g}, so pairs would be joined that are not even worth a look. Raise the first or "
        "lower the second."
    ]
