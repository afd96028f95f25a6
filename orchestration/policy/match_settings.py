"""The policy seed match_settings: thresholds of probabilistic links, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from orchestration.policy.seeds import Row, named_once

COLUMNS = ("rule", "value", "comment")


@dataclass(frozen=True)
class MatchSettings:
    """The rules as numbers; the defaults are those of the seed as it is delivered.

    Attributes:
        accept_probability: pairs from here on are joined, whatever the data are.
        least_accept_probability: where the data allow for it, pairs from here on are joined.
        target_precision: what the data have to allow for: the share of joined pairs that are one
            person's, as training expects it.
        sure_probability: pairs below are given up where another match has another name or date.
        review_probability: pairs from here on and below acceptance wait for a person.
        largest_plausible_profile: records that one person may have before links are doubted.
        fewest_training_records: with fewer customer records nothing is learned.
        fewest_training_matches: with fewer expected pairs of one person nothing is learned.
        plenty_of_training_matches: with fewer, less error is allowed than the thresholds do, in
            proportion.
        expected_household_pairs: pairs of two members of a household that are taken for seen before
            any data are, fewer with each match up to `plenty_of_training_matches`.
        least_filled_share: of the records must fill a column for it to be compared.
        most_pairs_per_record: how many pairs may be compared, per record.
        training_records: most records that training looks at.
        most_names_of_a_family: an e-mail address or telephone with more given names is an office's.
        most_family_names_of_a_family: so is one with more family names, of several given names.
        years_of_a_generation: birth dates so far apart are not one person's.
        least_likeness_of_names: given names at one value that are less alike are two people's.
        shortest_given_name_in_mailbox: a mailbox that holds a name of so many letters is its own.
        shortest_family_name_in_mailbox: the same for family names.
    """

    accept_probability: float = 0.95
    least_accept_probability: float = 0.75
    target_precision: float = 0.999
    sure_probability: float = 0.997
    review_probability: float = 0.5
    largest_plausible_profile: float = 50
    fewest_training_records: float = 100
    fewest_training_matches: float = 20
    plenty_of_training_matches: float = 500
    expected_household_pairs: float = 5
    least_filled_share: float = 0.05
    most_pairs_per_record: float = 10
    training_records: float = 1_000_000
    most_names_of_a_family: float = 3
    most_family_names_of_a_family: float = 2
    years_of_a_generation: float = 15
    least_likeness_of_names: float = 0.8
    shortest_given_name_in_mailbox: float = 3
    shortest_family_name_in_mailbox: float = 4


PROBABILITIES = (
    "accept_probability", "least_accept_probability", "target_precision", "sure_probability",
    "review_probability", "least_filled_share", "least_likeness_of_names",
)  # fmt: skip
COUNTS = tuple(f.name for f in fields(MatchSettings) if f.name not in PROBABILITIES)


class CurvePoint(NamedTuple):
    """What would be joined from a threshold on.

    Attributes:
        threshold: a probability.
        pairs: how many from there on.
        expected: the mean of their probabilities, which is the share of them that is expected to be
            one person's.
        largest: records of the largest person that they make.
        contradicted: pairs that contradict each other and would be of one person all the same,
            through others. None of these two is known of versions trained before they were counted.
    """

    threshold: float
    pairs: int
    expected: float
    largest: int = 0
    contradicted: int = 0


def accepted_from(curve: Sequence[CurvePoint], rules: MatchSettings, matches: float) -> float:
    """The probability from which pairs are joined.

    What few pairs teach is uncertain, and a small register is not like most: of the error that the
    policy allows it gets as large a part as it has matches, of those that are plenty.

    Parameters:
        curve: a point per threshold. Empty where training knew of none.
        rules: the policy.
        matches: pairs of one person's records that taught.
    """
    part = min(1.0, matches / rules.plenty_of_training_matches)
    accept = 1 - part * (1 - rules.accept_probability)
    error = part * (1 - rules.target_precision)
    floor = max(rules.least_accept_probability, rules.review_probability)
    reached = [
        point.threshold
        for point in curve
        if floor <= point.threshold < accept
        and point.pairs > 0
        and point.expected >= 1 - error
        and point.largest <= rules.largest_plausible_profile
        and point.contradicted <= error * point.pairs
    ]
    return min(reached, default=accept)


def match_settings(rows: Iterable[Mapping[str, Any]]) -> MatchSettings:
    """The rules of a seed that `check_match_settings` finds nothing wrong with.

    Parameters:
        rows: rows of the seed with `rule` and `value`; a rule that is missing has its default.
    """
    return MatchSettings(**{str(row["rule"]): float(row["value"]) for row in rows})


def check_match_settings(rows: Sequence[Row]) -> None:
    """Refuse rules that can't be followed.

    Parameters:
        rows: the seed's rows in their order.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    known = [f.name for f in fields(MatchSettings)]
    values: dict[str, float] = {}
    seen: dict[str, Row] = {}
    for rule, row in named_once(rows, "rule", "rule", known):
        seen[rule] = row
        values[rule] = _value(row)
    _check_contradiction(values, seen)


def _value(row: Row) -> float:
    rule = row["rule"]
    try:
        value = float(row["value"])
    except ValueError:
        raise row.refuse(f"the value of {rule} is no number", "Write one, such as 0.9.") from None
    if rule in PROBABILITIES and not 0 < value <= 1:
        raise row.refuse(
            f"{rule} is {value:g}, and a probability or share lies above 0 and not above 1",
            "Write 0.95 for 95 per cent.",
        )
    if rule in COUNTS and not (value >= 1 and value.is_integer()):
        raise row.refuse(
            f"{rule} is {value:g}, and it counts something", "Write a whole number from 1 on."
        )
    return value


def _check_contradiction(values: Mapping[str, float], seen: Mapping[str, Row]) -> None:
    defaults = MatchSettings()
    accept = values.get("accept_probability", defaults.accept_probability)
    review = values.get("review_probability", defaults.review_probability)
    if accept < review:
        # The defaults do not contradict each other, so one of the two has a row.
        row = seen.get("accept_probability") or seen["review_probability"]
        raise row.refuse(
            f"accept_probability {accept:g} is below review_probability {review:g}, so pairs would "
            "be joined that are not even worth a look",
            "Raise the first or lower the second.",
        )
