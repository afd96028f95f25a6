"""Expectations proposed from a column profile: what held for the rows that were profiled.

Everything has slack: single bad rows are set aside by staging, so a rule may miss 0.5 % of the
rows, and ranges are wider than what was seen. What stays is what points to a broken delivery.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestration.profiles.newest import ProfiledColumn
from orchestration.profiles.personal import SHOWN_CHARACTERS

MOSTLY = 0.995
FEWEST_ROWS = 20
MOST_IN_SET = 10
SHRINK, GROW = 0.5, 10


def query_of(identifier: str, columns: Sequence[ProfiledColumn]) -> str:
    """The query over a landing view that the expectations about its columns look at."""
    selected = []
    for column in columns:
        selected.append(f"{column.text} as {column.quoted}")
        if column.kind == "number":
            selected.append(f'try_cast({column.text} as double) as "{column.name}_as_number"')
        elif column.kind == "date":
            selected.append(f'{column.instant} as "{column.name}_as_instant"')
    listed = ",\n  ".join(selected)
    return f'select\n  {listed}\nfrom landing."{identifier}"\nwhere not is_deleted'


def propose(
    table: str, identifier: str, columns: Sequence[ProfiledColumn]
) -> Iterator[dict[str, Any]]:
    """The promises about one table, in the order of its columns.

    Parameters:
        table: the source table.
        identifier: its landing view.
        columns: the newest profile of its columns.
    """
    rows = int(columns[0].numbers["row_count"]) if columns else 0
    if not rows:
        return
    yield _entry(
        table, "", "has_a_usual_number_of_rows", "has a usual number of rows",
        f"{rows:,} rows {_when(columns[0])}; half of that or tenfold is a broken delivery.",
        "ExpectTableRowCountToBeBetween",
        {"min_value": int(rows * SHRINK), "max_value": rows * GROW},
    )  # fmt: skip
    for column in columns:
        if column.filled:
            yield from _about_column(table, identifier, column, rows)


def _about_column(
    table: str, identifier: str, column: ProfiledColumn, rows: int
) -> Iterator[dict[str, Any]]:
    name, n = column.name, column.numbers
    if column.filled == rows:
        yield _entry(
            table, name, "is_present", "is never empty",
            f"All {rows:,} rows had a value {_when(column)}.",
            "ExpectColumnValuesToNotBeNull", {"column": name, "mostly": MOSTLY},
        )  # fmt: skip
    is_unique = not n["is_approximate"] and n["distinct_count"] == column.filled
    # Amounts and instants may all differ by chance; that is no promise.
    may_be_key = column.kind == "text" or (column.kind == "number" and n["is_shape"])
    if is_unique and may_be_key and rows >= FEWEST_ROWS:
        yield _uniqueness(table, identifier, column)
        return
    # Values are kept up to a length; a set of cut ones would fit nothing.
    is_whole = (n["max_length"] or 0) <= SHOWN_CHARACTERS
    is_set = n["distinct_count"] <= MOST_IN_SET and is_whole and not column.are_shapes
    if column.kind == "text" and is_set and rows >= FEWEST_ROWS:
        yield _entry(
            table, name, "is_known", f"is one of its {len(column.tops)} known values",
            "A new value is a decision: add it here and to the staging model.",
            "ExpectColumnValuesToBeInSet",
            {
                "column": name, "value_set": sorted(top["value"] for top in column.tops),
                "mostly": MOSTLY,
            },
        )  # fmt: skip
    elif column.kind == "number" and not n["is_shape"]:
        low, high = _with_slack(float(n["min_value"]), float(n["max_value"]))
        yield _entry(
            table, name, "is_in_range", "lies in its usual range",
            "A number far outside what was seen is another unit or another column.",
            "ExpectColumnValuesToBeBetween",
            {
                "column": f"{name}_as_number", "min_value": low, "max_value": high,
                "mostly": MOSTLY,
            },
        )  # fmt: skip
    elif column.kind == "date" and not n["is_shape"]:
        yield _entry(
            table, name, "is_not_older", "is not older than what came before",
            "A date far before all others is a wrong format or a placeholder.",
            "ExpectColumnValuesToBeBetween",
            {
                "column": f"{name}_as_instant",
                "min_value": f"{max(1, int(n['min_value'].split('-')[0]) - 1):04}-01-01",
                "mostly": MOSTLY,
            },
        )  # fmt: skip
    elif column.kind == "text":
        yield _entry(
            table, name, "has_a_usual_length", "has a usual length",
            "Texts much longer or shorter than before are a shifted column or a torn file.",
            "ExpectColumnValueLengthsToBeBetween",
            {
                "column": name, "min_value": max(1, n["min_length"] // 2),
                "max_value": n["max_length"] * 2 + 5, "mostly": MOSTLY,
            },
        )  # fmt: skip


def _uniqueness(table: str, identifier: str, column: ProfiledColumn) -> dict[str, Any]:
    # Great Expectations' own uniqueness is a window over the table; counting groups is cheaper.
    entry = _entry(
        table, column.name, "is_unique", "has no value twice",
        f"Every value was different {_when(column)}; repetitions are a file loaded twice.",
        "ExpectColumnMaxToBeBetween", {"column": "repeated_rows", "max_value": 0},
    )  # fmt: skip
    entry["query"] = (
        "select case when repeated > 0.005 * filled then repeated else 0 end as repeated_rows\n"
        "from (\n  select coalesce(sum(n), 0) as filled, coalesce(sum(n - 1), 0) as repeated\n"
        f'  from (select count(*) as n from landing."{identifier}"\n'
        f"    where not is_deleted and {column.text} is not null\n    group by {column.text}))"
    )
    return entry


def _when(column: ProfiledColumn) -> str:
    return f"when it was profiled on {column.numbers['profiled_at']:%Y-%m-%d}"


def _with_slack(low: float, high: float) -> tuple[float, float]:
    slack = max(high - low, abs(high), 1.0)
    # What was never negative stays so: a sign is meaning, not scatter.
    return (0 if low >= 0 else _rounded(low - slack, -1)), _rounded(high + slack, 1)


def _rounded(number: float, direction: int) -> float:
    step = 10.0 ** (math.floor(math.log10(abs(number))) - 1) if number else 1.0
    steps = math.ceil(number / step) if direction > 0 else math.floor(number / step)
    rounded = steps * step
    return int(rounded) if rounded == int(rounded) else round(rounded, 6)


def _entry(
    table: str,
    column: str,
    suffix: str,
    rule: str,
    why: str,
    expectation: str,
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    name = "_".join(part for part in (table, column, suffix) if part)
    entry = {"name": name, "table": table, "column": column, "rule": rule, "why": why}
    if not column:
        del entry["column"]
    return {**entry, "expectation": expectation, "arguments": dict(arguments)}
