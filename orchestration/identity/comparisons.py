"""What of two records is compared, and in which degrees it may agree.

A degree is a condition in SQL over the two records' columns of `identity.match_records`, suffixed
`_l` and `_r`. Degrees are tried in order. The same list serves every company; which comparisons
are used is decided by how well their columns are filled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NEARLY = "jaro_winkler_similarity({0}_l, {0}_r) >= {1}"
EDITS = "levenshtein({0}_l, {0}_r) <= {1}"
EQUAL = "{0}_l = {0}_r"
SWAPPED_NAMES = "given_name_l = family_name_r and family_name_l = given_name_r"
NAME_OUT_OF_PLACE = "(given_name_l = family_name_r or family_name_l = given_name_r)"
ONLY_NAME = "(only_name_l is not null or only_name_r is not null)"
# A word that may be either name stands in both columns of its record.
ONLY_NAME_EQUAL = f"{ONLY_NAME} and (given_name_l = given_name_r or family_name_l = family_name_r)"
ONE_LETTER = (
    "levenshtein(email_l, email_r) <= 1 and "
    "regexp_replace(email_l, '[^0-9]', '', 'g') = regexp_replace(email_r, '[^0-9]', '', 'g')"
)
# People who share a mailbox are no likelier to be one for it; behind the bar stands who shows it.
SHARED = "({0}_l <> {0}_r and split_part({0}_l, '|', 1) = split_part({0}_r, '|', 1))"
# What is made of the names says no more than the names do.
MADE_OF_NAMES = (
    "(email_name_l is null and email_name_r is null and email_l <> email_r "
    "and split_part(email_l, '@', 1) = split_part(email_r, '@', 1))"
)
OTHER_DAY_OR_MONTH = (
    "substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4) and (substr(birth_date_l, 5, 2) = "
    "substr(birth_date_r, 5, 2) or substr(birth_date_l, 7, 2) = substr(birth_date_r, 7, 2))"
)
SAME_STREET = "jaro_winkler_similarity(street_name_l, street_name_r) >= 0.9"
SAME_HOUSE = "house_number_l = house_number_r"
# 0.92 takes two neighbouring digits that were swapped for the same, and no other digit.
SAME_PLACE = (
    "(jaro_winkler_similarity(postal_code_l, postal_code_r) >= 0.92 "
    "or jaro_winkler_similarity(city_l, city_r) >= 0.92)"
)
NOTHING_TO_COMPARE = (
    "(street_name_l is null or street_name_r is null) and "
    "(postal_code_l is null or postal_code_r is null) and (city_l is null or city_r is null)"
)

LEAST_FREQUENCY = 0.0005


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
    """

    label: str
    condition: str
    expected: float
    in_household: float
    among_strangers: float | None = None


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
        weighs_rarity: by the number of a degree, from 0, the column whose rarity it weighs by:
            agreement on a rare value counts for more than on a common one.
    """

    name: str
    filled: tuple[str, ...]
    missing: str
    degrees: tuple[Degree, ...]
    is_personal: bool = False
    is_apart_from_households: bool = False
    weighs_rarity: Mapping[int, str] = field(default_factory=dict)


def _is_missing(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


def _code(name: str, expected: Sequence[float], in_household: Sequence[float]) -> Comparison:
    """A number that is typed by hand: alike, mistyped, another one."""
    return Comparison(
        name, (name,), _is_missing(name),
        (
            Degree("equal", EQUAL.format(name), expected[0], in_household[0]),
            Degree("one character differs", EDITS.format(name, 1), expected[1], in_household[1]),
            Degree("two characters differ", EDITS.format(name, 2), expected[2], in_household[2]),
            Degree("different", "ELSE", expected[3], in_household[3]),
        ),
        is_personal=True,
    )  # fmt: skip


COMPARISONS: tuple[Comparison, ...] = (
    # A system seldom holds a person twice, and holds households as any other does: so it is seen
    # whether records of one house are one person's.
    Comparison(
        "source", ("source_system",), "false",
        (
            Degree("another system", "source_system_l <> source_system_r", 0.7, 0.5),
            Degree("one system", "ELSE", 0.3, 0.5),
        ),
        is_apart_from_households=True,
    ),
    Comparison(
        "given_name", ("given_name",), f"{_is_missing('given_name')} or {ONLY_NAME}",
        (
            Degree("equal", EQUAL.format("given_name"), 0.72, 0.03),
            Degree("given and family name swapped", SWAPPED_NAMES, 0.02, 0.0001),
            Degree("variants of one name", EQUAL.format("given_name_root"), 0.05, 0.02),
            Degree(
                "nearly equal",
                f"{NEARLY.format('given_name', 0.92)} or {EDITS.format('given_name', 1)} "
                "and length(given_name_l) >= 4 and length(given_name_r) >= 4",
                0.1, 0.03,
            ),
            Degree(
                "an initial",
                "(length(given_name_l) = 1 or length(given_name_r) = 1) "
                "and substr(given_name_l, 1, 1) = substr(given_name_r, 1, 1)",
                0.02, 0.05,
            ),
            Degree("a name in the place of the other", NAME_OUT_OF_PLACE, 0.01, 0.001),
            Degree("similar", NEARLY.format("given_name", 0.8), 0.04, 0.06),
            Degree("different", "ELSE", 0.04, 0.81),
        ),
        is_personal=True, weighs_rarity={0: "given_name"},
    ),
    Comparison(
        "only_name", ("given_name", "family_name"),
        f"not {ONLY_NAME} or {_is_missing('family_name')} and {_is_missing('given_name')}",
        (
            Degree("equal to one of the other's", ONLY_NAME_EQUAL, 0.85, 0.6, 0.004),
            Degree(
                "nearly equal to one of the other's",
                f"{NEARLY.format('given_name', 0.92)} or {NEARLY.format('family_name', 0.92)}",
                0.1, 0.05, 0.006,
            ),
            Degree("another one", "ELSE", 0.05, 0.35, 0.99),
        ),
        is_personal=True, weighs_rarity={0: "only_name"},
    ),
    Comparison(
        "family_name", ("family_name",),
        f"{_is_missing('family_name')} or {NAME_OUT_OF_PLACE} or {ONLY_NAME}",
        (
            Degree("equal", EQUAL.format("family_name"), 0.78, 0.8),
            Degree(
                "nearly equal",
                f"{NEARLY.format('family_name', 0.92)} or {EDITS.format('family_name', 1)} "
                "and length(family_name_l) >= 4 and length(family_name_r) >= 4",
                0.12, 0.03,
            ),
            Degree(
                "similar, or part of the other",
                f"{NEARLY.format('family_name', 0.8)} or (length(family_name_l) >= 4 and "
                "length(family_name_r) >= 4 and (contains(family_name_l, family_name_r) "
                "or contains(family_name_r, family_name_l)))",
                0.05, 0.05,
            ),
            Degree("different", "ELSE", 0.05, 0.12),
        ),
        weighs_rarity={0: "family_name"},
    ),
    Comparison(
        "middle_name", ("middle_name",), _is_missing("middle_name"),
        (
            Degree("equal", EQUAL.format("middle_name"), 0.6, 0.05),
            Degree(
                "an initial",
                "(length(middle_name_l) = 1 or length(middle_name_r) = 1) "
                "and substr(middle_name_l, 1, 1) = substr(middle_name_r, 1, 1)",
                0.2, 0.1,
            ),
            Degree("similar", NEARLY.format("middle_name", 0.85), 0.1, 0.02),
            Degree("different", "ELSE", 0.1, 0.85),
        ),
        is_personal=True,
    ),
    Comparison(
        "birth_date", ("birth_date",), _is_missing("birth_date"),
        (
            Degree("equal", EQUAL.format("birth_date"), 0.85, 0.02),
            Degree(
                "day and month swapped",
                "substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4) "
                "and substr(birth_date_l, 5, 2) = substr(birth_date_r, 7, 2) "
                "and substr(birth_date_l, 7, 2) = substr(birth_date_r, 5, 2)",
                0.02, 0.002,
            ),
            Degree("one digit differs", EDITS.format("birth_date", 1), 0.08, 0.01),
            Degree("another day or month", OTHER_DAY_OR_MONTH, 0.015, 0.01),
            Degree("two digits differ", EDITS.format("birth_date", 2), 0.015, 0.02),
            Degree("different", "ELSE", 0.02, 0.938),
        ),
        is_personal=True,
    ),
    Comparison(
        "gender", ("gender",), _is_missing("gender"),
        (
            Degree("equal", EQUAL.format("gender"), 0.98, 0.45),
            Degree("different", "ELSE", 0.02, 0.55),
        ),
        is_personal=True,
    ),
    _code("national_id", (0.88, 0.07, 0.03, 0.02), (0.005, 0.02, 0.03, 0.945)),
    _code("loyalty_id", (0.78, 0.05, 0.02, 0.15), (0.1, 0.02, 0.03, 0.85)),
    Comparison(
        "email", ("email",),
        f"{_is_missing('email')} or {SHARED.format('email')} or {MADE_OF_NAMES}",
        (
            Degree("equal", EQUAL.format("email"), 0.6, 0.25),
            # No looser likeness: addresses are made of names, which are compared already.
            Degree("one letter differs", ONE_LETTER, 0.08, 0.02),
            Degree("same mailbox elsewhere", EQUAL.format("email_name"), 0.1, 0.05),
            Degree("different", "ELSE", 0.22, 0.68),
        ),
    ),
    Comparison(
        "phone", ("phone_end",), f"{_is_missing('phone_end')} or {SHARED.format('phone')}",
        (
            Degree("equal", f"{EQUAL.format('phone')} or {EQUAL.format('phone_end')}", 0.7, 0.5),
            Degree("one digit differs", EDITS.format("phone_end", 1), 0.05, 0.02),
            Degree("different", "ELSE", 0.25, 0.48),
        ),
    ),
    Comparison(
        "organisation", ("organisation_name",), _is_missing("organisation_name"),
        (
            Degree("equal", EQUAL.format("organisation_name"), 0.75, 0.3),
            Degree(
                "nearly equal, or part of the other",
                f"{NEARLY.format('organisation_name', 0.92)} or contains(organisation_name_l, "
                "organisation_name_r) or contains(organisation_name_r, organisation_name_l)",
                0.1, 0.05,
            ),
            Degree("different", "ELSE", 0.15, 0.65),
        ),
        weighs_rarity={0: "organisation_name"},
    ),
    Comparison(
        "address", ("street_name", "postal_code", "city"), NOTHING_TO_COMPARE,
        (
            Degree(
                "same house and unit",
                f"{SAME_HOUSE} and {SAME_STREET} and {SAME_PLACE} "
                f"and {EQUAL.format('address_line_2')}",
                0.2, 0.5,
            ),
            Degree("same house", f"{SAME_HOUSE} and {SAME_STREET} and {SAME_PLACE}", 0.3, 0.25),
            Degree("same street", f"{SAME_STREET} and {SAME_PLACE}", 0.1, 0.02),
            Degree("same house in another place", f"{SAME_HOUSE} and {SAME_STREET}", 0.05, 0.02),
            Degree(
                "same place and number or unit",
                f"({SAME_HOUSE} or {EQUAL.format('address_line_2')}) and {SAME_PLACE}",
                0.05, 0.02,
            ),
            Degree(
                "same postal code and city",
                f"{EQUAL.format('postal_code')} and {NEARLY.format('city', 0.92)}",
                0.05, 0.03,
            ),
            Degree("same postal code", EQUAL.format("postal_code"), 0.05, 0.02),
            Degree("same city", NEARLY.format("city", 0.92), 0.05, 0.02),
            Degree("different", "ELSE", 0.15, 0.15),
        ),
    ),
)  # fmt: skip
BY_NAME = {comparison.name: comparison for comparison in COMPARISONS}


def chosen(filled: Mapping[str, float], least: float) -> tuple[Comparison, ...]:
    """The comparisons whose columns say enough to be learned from.

    Parameters:
        filled: per column of match_records the share of records that fill it, 0 to 1.
        least: the share that one column of a comparison must reach.
    """
    return tuple(c for c in COMPARISONS if max(filled.get(name, 0.0) for name in c.filled) >= least)
