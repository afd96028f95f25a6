"""`c360 segment compare`: what sets the members of a segment apart, by a stated score.

Numbers and days: the standardised mean difference, (mean of members - mean of the others) by the
root of the mean of both variances. Categories: the total variation distance, half the sum over all
values of |share of members - share of the others|; a value that too few people have counts as one
of the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.segment_tools.evaluation import connect_closed
from orchestration.segment_tools.origins import labels_of
from orchestration.segments.declared import Segment
from orchestration.segments.files import named
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest

TABLES = (
    "value.profile_measures",
    "value.customer_attributes",
    "profile.derived_attributes",
    "value.rfm",
)
LEAST_PEOPLE = 10
"""Fewer people are no group that is told of."""
MOST_VALUES = 5
NUMBERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE",
)  # fmt: skip
DAYS = ("DATE", "TIMESTAMP")
CATEGORIES = ("VARCHAR", "BOOLEAN")
REST = "(others)"
NONE = "(none)"
Share = tuple[str, int, int, float, float]
"""A value with the people of both groups who have it, and their shares."""


def compare(settings: Settings, name: str, other: str | None = None) -> dict[str, Any]:
    """Attributes and measures by how far members differ from the others.

    Parameters:
        settings: paths.
        name: of an active segment.
        other: of the segment it is compared with, without those who are in both; everybody else
            without.

    Returns:
        segment, other (None for everybody else), people and other_people; numbers: attribute,
        score (None where nobody varies), mean, other_mean, known and other_known; categories:
        attribute, score and the values that differ most, with their shares. Each by falling
        distance.

    Raises:
        UserError: a segment is none, is not active, or one of the groups is too small.
    """
    for segment in filter(None, (name, other)):
        require_active(named(settings.dbt_project_dir, segment))
    with connect_closed(settings) as con:
        _hold_groups(con, name, other)
        sizes = dict(con.execute("select is_in, count(*) from c360_groups group by 1").fetchall())
        _require_enough(sizes, name, other)
        labels = labels_of(con, load_manifest(settings))
        numbers: list[dict[str, Any]] = []
        categories: list[dict[str, Any]] = []
        for table in TABLES:
            hidden = labels.hidden.get(table, ())
            types = {
                column: kind.split("(")[0]
                for column, kind in _described(con, table)
                if column not in hidden and column != "profile_id" and not column.endswith("_id")
            }
            numbers += _numbers(con, table, types)
            categories += [
                found
                for column, kind in types.items()
                if kind in CATEGORIES and (found := _category(con, table, column, sizes))
            ]
    return {
        "segment": name,
        "other": other,
        "people": sizes[True],
        "other_people": sizes[False],
        "numbers": sorted(numbers, key=_by_distance),
        "categories": sorted(categories, key=_by_distance),
    }


def require_active(segment: Segment) -> None:
    """Refuse a segment that has no members by its state.

    Raises:
        UserError: it is a draft or inactive.
    """
    if segment.state != "active":
        raise UserError(
            f"{segment.name} is {segment.state} and has no members. Set its state to active and "
            "run `c360 run`; `c360 segment preview` counts without that.",
            2,
        )


def _by_distance(found: Mapping[str, Any]) -> tuple[float, str]:
    score = found["score"]
    return (-math.inf if score is None else -abs(score), found["attribute"])


def _hold_groups(con: duckdb.DuckDBPyConnection, name: str, other: str | None) -> None:
    members = "(select profile_id from segments.segment_membership where segment_name = ?)"
    if other is None:
        con.execute(
            "create temp table c360_groups as select profile_id, "
            f"profile_id in {members} as is_in from profile.profiles",
            [name],
        )
    else:
        con.execute(
            f"create temp table c360_groups as select profile_id, is_in from (select profile_id, "
            f"profile_id in {members} as is_in, profile_id in {members} as is_other "
            "from profile.profiles) where is_in <> is_other",
            [name, other],
        )


def _require_enough(sizes: Mapping[bool, int], name: str, other: str | None) -> None:
    for is_in, what in ((True, name), (False, other or "everybody else")):
        if sizes.get(is_in, 0) < LEAST_PEOPLE:
            only = " only" if other else ""
            raise UserError(
                f"{what} has{only} fewer than {LEAST_PEOPLE} people, and groups of so few are not "
                "compared. Take a larger segment."
            )


def _described(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    try:
        return [(row[0], row[1]) for row in con.execute(f"describe {table}").fetchall()]
    except duckdb.CatalogException:
        return []  # the last run did not make it


def _numbers(
    con: duckdb.DuckDBPyConnection, table: str, types: Mapping[str, str]
) -> list[dict[str, Any]]:
    values = {
        column: f'cast("{column}" as double)'
        if kind in NUMBERS
        else f"cast(date_diff('day', date '1970-01-01', cast(\"{column}\" as date)) as double)"
        for column, kind in types.items()
        if kind in NUMBERS or kind in DAYS
    }
    if not values:
        return []
    asked = ", ".join(
        f"count({v}) filter (where {g}), favg({v}) filter (where {g}), "
        f"var_samp({v}) filter (where {g})"
        for v in values.values()
        for g in ("is_in", "not is_in")
    )
    row = con.execute(
        f"select {asked} from c360_groups inner join {table} using (profile_id)"
    ).fetchall()[0]
    found = []
    for place, column in enumerate(values):
        known, mean, spread, other_known, other_mean, other_spread = row[6 * place : 6 * place + 6]
        if min(known, other_known) < LEAST_PEOPLE:
            continue
        deviation = math.sqrt((spread + other_spread) / 2)
        if not math.isfinite(deviation) or (deviation == 0 and mean == other_mean):
            continue  # nothing to measure by, or no difference
        is_day = types[column] in DAYS
        found.append(
            {
                "attribute": f"{table.split('.')[1]}.{column}",
                "score": round((mean - other_mean) / deviation, 4) + 0.0 if deviation else None,
                "mean": _day(mean) if is_day else round(mean, 4),
                "other_mean": _day(other_mean) if is_day else round(other_mean, 4),
                "known": known,
                "other_known": other_known,
            }
        )
    return found


def _day(days: float) -> str:
    from datetime import date, timedelta

    return (date(1970, 1, 1) + timedelta(days=round(days))).isoformat()


def _category(
    con: duckdb.DuckDBPyConnection, table: str, column: str, sizes: Mapping[bool, int]
) -> dict[str, Any] | None:
    """The distance of a category; values that too few of both groups have count as the rest."""
    rows = con.execute(
        f"""
        with each as (
            select
                case when "{column}" is null then '{NONE}' else cast("{column}" as varchar) end
                    as category,
                count(*) filter (where is_in) as people,
                count(*) filter (where not is_in) as other_people
            from c360_groups
            left join {table} using (profile_id)
            group by 1
        )
        select
            case when people + other_people < {LEAST_PEOPLE} then '{REST}' else category end
                as category,
            sum(people),
            sum(other_people)
        from each
        group by 1
        order by 1
        """
    ).fetchall()
    shares = [(v, int(a), int(b), a / sizes[True], b / sizes[False]) for v, a, b in rows]
    if len(shares) < 2:
        return None
    return {
        "attribute": f"{table.split('.')[1]}.{column}",
        "score": round(sum(abs(a - b) for *_, a, b in shares) / 2, 4),
        "values": _values(shares),
    }


def _values(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """Those that differ most and that no group has by so few that they could be told apart."""
    told = sorted(
        (r for r in shares if all(n == 0 or n >= LEAST_PEOPLE for n in (r[1], r[2]))),
        key=lambda row: (row[1] + row[2], row[0]),
    )
    # What is left must not say by subtraction how few have a value.
    while told and any(0 < n < LEAST_PEOPLE for n in _left(shares, told)):
        told.pop(0)
    told.sort(key=lambda row: (-abs(row[3] - row[4]), row[0]))
    return [
        {"value": value, "share": round(share, 4), "other_share": round(other, 4)}
        for value, _, _, share, other in told[:MOST_VALUES]
    ]


def _left(shares: Sequence[Share], told: Sequence[Share]) -> tuple[int, int]:
    """The people of both groups whose values are not told of."""
    return sum(r[1] for r in shares) - sum(r[1] for r in told), sum(r[2] for r in shares) - sum(
        r[2] for r in told
    )
