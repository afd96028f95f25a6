"""What of two records is compared, and which pairs are compared at all, as the seeds say it.

A comparison has degrees, tried in order, which are conditions over the two records' columns of
`identity.match_records`, suffixed `_l` and `_r`. Which comparisons are used is decided by how well
their columns are filled.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from orchestration.policy.conditions import (
    ATTRIBUTES,
    LAST,
    WrongConditionError,
    checked_column,
    checked_sql,
    condition,
    is_missing,
    value_of,
)

COMPARISON_COLUMNS = (
    "comparison", "position", "columns", "missing", "is_personal", "is_apart_from_households",
    "comment",
)  # fmt: skip
DEGREE_COLUMNS = (
    "comparison", "position", "degree", "kind", "column_name", "argument", "expected",
    "in_household", "among_strangers", "rarity_column", "comment",
)  # fmt: skip
BLOCKING_COLUMNS = ("purpose", "position", "rule", "terms", "comment")
COMPARE, LEARN, LEARN_LAST = PURPOSES = ("compare", "learn", "learn_last")
SEEDS = {
    "match_comparisons": COMPARISON_COLUMNS,
    "match_degrees": DEGREE_COLUMNS,
    "blocking_rules": BLOCKING_COLUMNS,
}

USUAL, RARE = 0.9, 0.1
"""Shares of pairs that agree, and do not, where nothing is said; the data correct the first."""

TERM = re.compile(
    r"(?P<whole>[a-z_.0-9]+)|substr\((?P<part>[a-z_.0-9]+), \d{1,2}, \d{1,2}\)"
    r"|right\((?P<end>[a-z_.0-9]+), \d{1,2}\)"
)
TERM_REMEDY = (
    "Write columns joined by ' and ', as in birth_date and substr(family_name, 1, 2); "
    "right(family_name, 4) is the end, and a = b compares one record's a with the other's b."
)


@dataclass(frozen=True)
class Degree:
    """One degree of agreement.

    Attributes:
        label: in words, for tables and waterfalls.
        condition: SQL, or ELSE for the last one.
        expected: the share of a person's pairs of records that agree so, before any data has been
            seen. It stands for twenty pairs in training, which little data does not outvote.
        in_household: the share of pairs of different members of one household that agree so:
            they share names and addresses, some have namesakes, twins and a common mailbox.
        among_strangers: the share of strangers' pairs, for where the sample has no pair that can be
            compared.
        rarity_column: the column whose rarity it weighs by: agreement on a rare value counts for
            more than on a common one.
    """

    label: str
    condition: str
    expected: float
    in_household: float
    among_strangers: float | None = None
    rarity_column: str = ""


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes:
        name: for tables and waterfalls.
        filled: the columns of which at least one must be filled for a pair to be compared.
        missing: when a pair can't be compared, in SQL.
        degrees: from the closest agreement to none.
        is_personal: it is about one person, not about a household; at least one such comparison
            must be filled well for anything to be learned, and in each pair that is joined such
            comparisons must agree more than they disagree.
        is_apart_from_households: members of a household agree in it as strangers do.
    """

    name: str
    filled: tuple[str, ...]
    missing: str
    degrees: tuple[Degree, ...]
    is_personal: bool = False
    is_apart_from_households: bool = False

    @property
    def columns(self) -> set[str]:
        """The columns that its conditions read."""
        conditions = " ".join([self.missing, *(d.condition for d in self.degrees)])
        return set(re.findall(r"\b([a-z0-9_]+)_[lr]\b", conditions))


@dataclass(frozen=True)
class BlockingRule:
    """Pairs that agree in all of these terms.

    Attributes:
        purpose: one of `PURPOSES`.
        terms: pairs of expressions over one record; the first of one record and the second of the
            other must have the same non-null value.
        filled: columns that the terms read.
    """

    purpose: str
    terms: tuple[tuple[str, str], ...]
    filled: tuple[str, ...]

    @property
    def columns(self) -> set[str]:
        """The columns that it reads, all declared attributes being one."""
        return {column.split(".")[0] for column in self.filled}

    @property
    def text(self) -> str:
        """The rule as the seed writes it."""
        return " and ".join(a if a == b else f"{a} = {b}" for a, b in self.terms)

    @property
    def sql(self) -> str:
        """The rule as Splink writes blocking rules: over the records l and r."""
        return " and ".join(f"{_of(a, 'l')} = {_of(b, 'r')}" for a, b in self.terms)


@dataclass(frozen=True)
class MatchPolicy:
    """What is compared, in the order of the seeds."""

    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]

    @cached_property
    def by_name(self) -> dict[str, Comparison]:
        """The comparisons by their names."""
        return {comparison.name: comparison for comparison in self.comparisons}

    @cached_property
    def policy_id(self) -> str:
        """A name for what is said: parameters are learned for one policy and fit no other."""
        return "p" + hashlib.sha256(repr(asdict(self)).encode()).hexdigest()[:12]

    @property
    def filled(self) -> list[str]:
        """The columns whose filling decides what is used."""
        compared = {column for each in self.comparisons for column in each.filled}
        return sorted(compared | {column for each in self.blocking for column in each.filled})

    def chosen(self, filled: Mapping[str, float], least: float) -> tuple[Comparison, ...]:
        """The comparisons whose columns say enough to be learned from.

        Parameters:
            filled: per column the share of records that fill it, 0 to 1.
            least: the share that one column of a comparison must reach.
        """
        return tuple(
            c for c in self.comparisons if max(filled.get(name, 0.0) for name in c.filled) >= least
        )

    def usable(self, purpose: str, filled: Mapping[str, float]) -> list[BlockingRule]:
        """The blocking rules of a purpose all of whose columns are filled somewhere.

        Parameters:
            purpose: one of `PURPOSES`.
            filled: per column the share of records that fill it.
        """
        return [
            rule
            for rule in self.blocking
            if rule.purpose == purpose and all(filled.get(c, 0.0) > 0 for c in rule.filled)
        ]


def match_policy(rows: Mapping[str, Iterable[Mapping[str, str]]]) -> MatchPolicy:
    """The policy of seeds that `check_match_policy` finds nothing wrong with.

    Parameters:
        rows: per seed of `SEEDS` its rows; values are text, empty where nothing is said.
    """
    degrees: dict[str, list[Degree]] = {}
    for row in sorted(rows["match_degrees"], key=lambda row: int(row["position"])):
        degrees.setdefault(row["comparison"], []).append(degree_of(row))
    comparisons = sorted(rows["match_comparisons"], key=lambda row: int(row["position"]))
    blocking = sorted(rows["blocking_rules"], key=lambda row: int(row["position"]))
    return MatchPolicy(
        tuple(
            comparison_of(row, degrees.get(row["comparison"]) or usual_degrees(row))
            for row in comparisons
        ),
        tuple(
            rule_of(row) for purpose in PURPOSES for row in blocking if row["purpose"] == purpose
        ),
    )


def comparison_of(row: Mapping[str, str], degrees: Sequence[Degree]) -> Comparison:
    """A comparison as a row and its degrees say it.

    Raises:
        WrongConditionError: a column or condition can't be followed.
    """
    columns = [checked_column(name) for name in row["columns"].split()]
    missing = row["missing"]
    return Comparison(
        row["comparison"],
        tuple(columns),
        checked_sql(missing) if missing else is_missing(columns),
        tuple(degrees),
        row["is_personal"] == "true",
        row["is_apart_from_households"] == "true",
    )


def usual_degrees(row: Mapping[str, str]) -> list[Degree]:
    """The degrees of a comparison of one column that has none of its own: equal, or different.

    What is about one person seldom agrees between members of a household; the rest they share.

    Parameters:
        row: of match_comparisons.

    Raises:
        WrongConditionError: the column can't be compared.
    """
    equal = condition("equal", row["columns"].strip(), "")
    shared = RARE if row["is_personal"] == "true" else USUAL
    return [
        Degree("equal", equal, USUAL, shared),
        Degree("different", condition(LAST, "", ""), RARE, 1 - shared),
    ]


def degree_of(row: Mapping[str, str]) -> Degree:
    """A degree as its row says it.

    Raises:
        WrongConditionError: the condition can't be followed.
    """
    rarity, strangers = row["rarity_column"], row["among_strangers"]
    if rarity and checked_column(rarity).startswith(f"{ATTRIBUTES}."):
        raise WrongConditionError(
            f"the rarity of {rarity} is not known", "Leave rarity_column empty."
        )
    return Degree(
        row["degree"],
        condition(row["kind"], row["column_name"], row["argument"]),
        float(row["expected"]),
        float(row["in_household"]),
        float(strangers) if strangers else None,
        rarity,
    )


def rule_of(row: Mapping[str, str]) -> BlockingRule:
    """A blocking rule as its row says it.

    Raises:
        WrongConditionError: a term can't be followed.
    """
    terms = [term.split(" = ") for term in row["terms"].split(" and ")]
    columns: dict[str, None] = {}
    for sides in terms:
        found = [TERM.fullmatch(side) for side in sides]
        if len(sides) > 2 or not all(found):
            raise WrongConditionError(f"the term '{' = '.join(sides)}' can't be read", TERM_REMEDY)
        for term in filter(None, found):
            columns[checked_column(str(term[term.lastgroup or 0]))] = None
    return BlockingRule(
        row["purpose"], tuple((sides[0], sides[-1]) for sides in terms), tuple(columns)
    )


def _of(term: str, record: str) -> str:
    """An expression of a blocking rule, of one of the two records."""
    found = TERM.fullmatch(term)
    if found is None:
        raise WrongConditionError(f"the term '{term}' can't be read", TERM_REMEDY)
    column = str(found[found.lastgroup or 0])
    return term.replace(column, value_of(column, f"{record}.{{}}"))
