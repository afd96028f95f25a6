"""Which pairs of records are compared at all: those that agree in one of these respects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.identity.comparisons import SWAPPED_NAMES


@dataclass(frozen=True)
class Rule:
    """Pairs that agree in all of these expressions.

    Attributes:
        terms: SQL over one record; both records must have the same non-null value.
        columns: columns that the terms read.
    """

    terms: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The rule as Splink writes blocking rules: over the records l and r."""
        sides = []
        for term in self.terms:
            left, right = term, term
            for column in self.columns:
                left = left.replace(column, f"l.{column}")
                right = right.replace(column, f"r.{column}")
            sides.append(f"{left} = {right}")
        return " and ".join(sides)


def _rule(*terms: str, columns: Sequence[str] = ()) -> Rule:
    return Rule(terms, tuple(columns) or terms)


GIVEN, FAMILY, BORN = "given_name", "family_name", "birth_date"
RULES: tuple[Rule, ...] = (
    _rule("national_id"),
    _rule("email"),
    _rule("loyalty_id"),
    _rule("phone_end"),
    _rule("email_name"),
    _rule(BORN, f"substr({FAMILY}, 1, 2)", columns=(BORN, FAMILY)),
    _rule(BORN, f"substr({GIVEN}, 1, 2)", columns=(BORN, GIVEN)),
    _rule(GIVEN, FAMILY),
    _rule("house_number", "street_name", "postal_code"),
    _rule("house_number", "street_name"),
    _rule(FAMILY, "postal_code"),
    _rule(GIVEN, "postal_code"),
    _rule(BORN, "postal_code"),
    _rule("street_name", GIVEN),
    _rule("street_name", FAMILY),
    _rule("street_name", "postal_code"),
    _rule(FAMILY, "house_number"),
    _rule("house_number", "postal_code"),
    _rule("organisation_name", f"substr({FAMILY}, 1, 2)", columns=("organisation_name", FAMILY)),
    _rule("organisation_name", f"substr({GIVEN}, 1, 2)", columns=("organisation_name", GIVEN)),
    _rule("address_line_2", "postal_code"),
    _rule(FAMILY, "city"),
    _rule(GIVEN, "city"),
    _rule(BORN),
    _rule(
        f"substr({FAMILY}, 1, 3)", f"substr({GIVEN}, 1, 3)", f"substr({BORN}, 1, 4)",
        columns=(FAMILY, GIVEN, BORN),
    ),
    _rule(FAMILY, f"substr({BORN}, 1, 4)", columns=(FAMILY, BORN)),
    _rule(GIVEN, f"substr({BORN}, 1, 6)", columns=(GIVEN, BORN)),
    _rule(FAMILY, f"substr({BORN}, 5, 4)", columns=(FAMILY, BORN)),
    _rule(GIVEN, f"substr({BORN}, 5, 4)", columns=(GIVEN, BORN)),
    _rule(f"substr({FAMILY}, 1, 4)", f"substr({GIVEN}, 1, 4)", columns=(FAMILY, GIVEN)),
    # The other halves, for a mistake at the beginning.
    _rule(f"right({FAMILY}, 4)", f"right({GIVEN}, 4)", columns=(FAMILY, GIVEN)),
    _rule(f"right({FAMILY}, 4)", f"substr({BORN}, 1, 6)", columns=(FAMILY, BORN)),
)  # fmt: skip
SWAPPED = " and ".join(
    part.replace(f"{a}_l", f"l.{a}").replace(f"{b}_r", f"r.{b}")
    for part, a, b in zip(
        SWAPPED_NAMES.split(" and "), (GIVEN, FAMILY), (FAMILY, GIVEN), strict=True
    )
)

LEARNING_RULES: tuple[Rule, ...] = (
    _rule("national_id"),
    _rule(BORN),
    _rule(GIVEN, FAMILY),
    _rule("loyalty_id"),
    _rule(GIVEN, "email"),
    _rule(GIVEN, "phone_end"),
    _rule(GIVEN, "house_number", "street_name"),
    _rule(GIVEN, "postal_code"),
)
"""Rules whose pairs are people and strangers in about equal parts, so that both can be learned."""
LAST_LEARNING_RULES: tuple[Rule, ...] = (
    _rule("email"),
    _rule("phone_end"),
    _rule("house_number", "street_name"),
    _rule(FAMILY, "postal_code"),
)
"""Rules that bring households together as well, whose members would be taken for one person. They
teach only what nothing else teaches."""


def usable(rules: Sequence[Rule], filled: Mapping[str, float]) -> list[Rule]:
    """The rules all of whose columns are filled somewhere.

    Parameters:
        rules: candidates.
        filled: per column the share of records that fill it.
    """
    return [rule for rule in rules if all(filled.get(c, 0.0) > 0 for c in rule.columns)]
