"""What is wrong with the seeds match_comparisons, match_degrees and blocking_rules."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from orchestration.errors import UserError
from orchestration.policy.conditions import DECLARED, LAST, WrongConditionError
from orchestration.policy.match_policy import (
    COMPARE,
    PURPOSES,
    SEEDS,
    comparison_of,
    degree_of,
    rule_of,
)
from orchestration.policy.seeds import FOLDER, Row, filled, one_of, read_seed, whole

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
RESERVED = ("start", "household")
"""Other entries of a waterfall."""
SHARES = ("expected", "in_household", "among_strangers")
TOLERANCE = 0.05
"""Shares are estimates; their sum may miss 1 by so much."""
Made = TypeVar("Made")


def match_seeds(dbt_project_dir: Path) -> dict[str, list[Row]]:
    """The rows of the seeds, by seed.

    Raises:
        UserError: a seed can't be read.
    """
    folder = dbt_project_dir / FOLDER
    return {seed: read_seed(folder / f"{seed}.csv", columns) for seed, columns in SEEDS.items()}


def check_match_policy(rows: Mapping[str, Sequence[Row]]) -> None:
    """Refuse comparisons and blocking rules that can't be followed.

    Parameters:
        rows: the rows by seed, each in their order.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    comparisons = _check_comparisons(rows["match_comparisons"])
    degrees: dict[str, list[Row]] = {}
    for row in rows["match_degrees"]:
        if row["comparison"] not in comparisons:
            raise row.refuse(
                f"there is no comparison {row['comparison'] or 'without a name'}",
                "Correct the name, or give match_comparisons a row of that name.",
            )
        _check_degree(row)
        degrees.setdefault(row["comparison"], []).append(row)
    for name, row in comparisons.items():
        _check_all_degrees(row, degrees.get(name, []))
    _check_blocking(rows["blocking_rules"])


def check_compared_attributes(rows: Mapping[str, Sequence[Row]], declared: Collection[str]) -> None:
    """Refuse comparisons and blocking rules of attributes that no source declares.

    Parameters:
        rows: the rows by seed.
        declared: the names of the declared attributes.

    Raises:
        UserError: the first one, with file, line and remedy.
    """
    for row in (row for of_seed in rows.values() for row in of_seed):
        for column in ("columns", "column_name", "terms"):
            for name in DECLARED.findall(row.values.get(column, "")):
                if name not in declared:
                    raise row.refuse(
                        f"no source declares the attribute {name}",
                        f"Declared are {', '.join(sorted(declared)) or 'none'}. Correct the name, "
                        "or declare it as docs/attributes.md says.",
                    )


def _check_comparisons(rows: Sequence[Row]) -> dict[str, Row]:
    for row in rows:
        if not NAME.fullmatch(row["comparison"]) or row["comparison"] in RESERVED:
            raise row.refuse(
                f"comparison is '{row['comparison']}'",
                "Name it in lower-case letters, digits and underscores, and neither of "
                f"{', '.join(RESERVED)}.",
            )
        whole(row, "position", 1)
        filled(row, "columns")
        for column in ("is_personal", "is_apart_from_households"):
            one_of(row, column, ("true", "false"))
        _made(row, lambda row: comparison_of(row.values, ()))
    _once(rows, "position")
    return _once(rows, "comparison")


def _check_degree(row: Row) -> None:
    whole(row, "position", 1)
    filled(row, "degree")
    for column in SHARES:
        text = row[column]
        if text or column != "among_strangers":
            _check_share(row, column, text)
    _made(row, lambda row: degree_of(row.values))


def _check_share(row: Row, column: str, text: str) -> None:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise row.refuse(
            f"{column} is '{text}', and a share lies above 0 and not above 1",
            "Write 0.05 for five pairs in a hundred; what hardly happens is 0.0001.",
        )


def _check_all_degrees(row: Row, degrees: Sequence[Row]) -> None:
    name = row["comparison"]
    if not degrees and len(row["columns"].split()) == 1:
        # Equal, or different.
        return
    if len(degrees) < 2:
        raise row.refuse(
            f"{name} has {len(degrees) or 'no'} row in match_degrees",
            "Give it at least two: what agreement is, and one of the kind else for the rest. Only "
            "a comparison of one column may do without.",
        )
    _once(degrees, "position")
    _once(degrees, "degree")
    ordered = sorted(degrees, key=lambda degree: int(degree["position"]))
    for degree in ordered:
        if (degree["kind"] == LAST) != (degree is ordered[-1]):
            raise degree.refuse(
                f"{degree['degree']} of {name} is of the kind {degree['kind']}, and the last "
                f"degree, and no other, is of the kind {LAST}",
                f"Give the highest position to the degree of the kind {LAST}.",
            )
    for column in SHARES:
        said = [degree for degree in ordered if degree[column]]
        if said and len(said) < len(ordered):
            raise said[0].refuse(
                f"{column} is said of {len(said)} of {len(ordered)} degrees of {name}",
                "Say it of all or of none.",
            )
        total = math.fsum(float(degree[column]) for degree in said)
        if said and abs(total - 1) > TOLERANCE:
            raise ordered[-1].refuse(
                f"the shares {column} of {name} come to {total:.6g}",
                "They are parts of all pairs that are compared, so make them come to 1.",
            )


def _check_blocking(rows: Sequence[Row]) -> None:
    for row in rows:
        one_of(row, "purpose", PURPOSES)
        whole(row, "position", 1)
        filled(row, "rule")
        _made(row, lambda row: rule_of(row.values))
    for purpose in PURPOSES:
        of_purpose = [row for row in rows if row["purpose"] == purpose]
        _once(of_purpose, "position")
        _once(of_purpose, "rule")
        if purpose == COMPARE and not of_purpose:
            raise UserError(
                "seeds/policy/blocking_rules.csv has no row of the purpose compare, so no pair "
                'would be compared. Add one, such as compare,1,email,email,"Equal addresses."'
            )


def _made(row: Row, make: Callable[[Row], Made]) -> Made:
    try:
        return make(row)
    except WrongConditionError as error:
        raise row.refuse(error.what, error.remedy) from None


def _once(rows: Sequence[Row], column: str) -> dict[str, Row]:
    seen: dict[str, Row] = {}
    for row in rows:
        before = seen.setdefault(row[column], row)
        if before is not row:
            raise row.refuse(
                f"{column} {row[column]} stands in line {before.line} already",
                "Give one of them another.",
            )
    return seen
