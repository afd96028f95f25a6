"""What a column profile counts in one scan: kinds of values, nulls, distinct values, bounds.

Everything is counted by the engine; what comes back is a few rows per column. Nothing depends on
the order of rows: a sample is taken by the hash of a row's position, never by chance.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb

from orchestration.profiles import personal
from orchestration.profiles.columns import (
    FIRST_INSTANT,
    LAST_INSTANT,
    Column,
    newest_sql,
    one_row,
    plain,
    sampled,
)

EXACT_DISTINCT_ROWS = 1_000_000
KIND_SAMPLE_ROWS = 1_000
SHARE_OF_KIND = 0.95

COMPACT_DATE = "%Y%m%d"
DATE_FORMATS = (
    "%d.%m.%Y", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d-%m-%Y",
)  # fmt: skip
"""Tried in this order where ISO dates do not fit; the first that fits nearly all values wins."""


def find_kinds(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], rows: int
) -> None:
    """Say of each column whether it holds numbers, dates or texts."""
    for column in columns:
        if not column.is_text:
            column.kind = _kind_of_type(column.type)
    undecided = [c for c in columns if c.is_text]
    # Formats in the order of trust. The last ones are dear to try, so only what looks like them is.
    first = [("date", COMPACT_DATE), ("number", "iso"), ("date", "iso"), ("local date", "iso")]
    _settle(con, relation, undecided, rows, first)
    local = [c for c in undecided if c.kind == "local date"]
    _settle(con, relation, local, rows, [("date", date_format) for date_format in DATE_FORMATS])
    for column in local:
        column.kind = "text" if column.kind == "local date" else column.kind


def _settle(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    rows: int,
    outcomes: Sequence[tuple[str, str]],
) -> None:
    if not columns:
        return
    counts = []
    for i, _ in enumerate(columns):
        counts.append(f"count(t{i})")
        counts += [f"count(*) filter ({_fits(f't{i}', *outcome)})" for outcome in outcomes]
    condition = sampled(rows, KIND_SAMPLE_ROWS)
    named = ", ".join(f"{c.text} as t{i}" for i, c in enumerate(columns))
    found = iter(
        one_row(
            con,
            f"select {', '.join(counts)} from (select {named} from {relation} where {condition})",
        )
    )
    for column in columns:
        values = next(found)
        fits = [next(found) for _ in outcomes]
        for fit, (kind, date_format) in zip(fits, outcomes, strict=True):
            if values and fit >= SHARE_OF_KIND * values:
                column.kind, column.date_format = kind, date_format
                break


def _fits(text: str, kind: str, date_format: str) -> str:
    # As short as can be, and no regular expression: with hundreds of columns it is the planning of
    # this statement that takes the time, not the thousand rows.
    if kind == "number":
        # A leading zero is part of a code; as a number it would be lost.
        is_code = f"left(ltrim({text}, '+-'), 2) between '00' and '09'"
        return f"isfinite(try_cast({text} as double)) and not {is_code}"
    if kind == "local date":
        separators = "('.', '/', '-')"
        has_day = f"substr({text}, 2, 1) in {separators} or substr({text}, 3, 1) in {separators}"
        return f"{text} between '0' and '99~' and ({has_day})"
    if date_format == COMPACT_DATE:
        instant = f"try_strptime({text}, '{COMPACT_DATE}')"
        return f"length({text}) = 8 and {text} between '1900' and '2101' and {instant} is not null"
    if date_format == "iso":
        return f"try_cast({text} as timestamp) between {FIRST_INSTANT} and {LAST_INSTANT}"
    return f"try_strptime({text}, '{date_format}') is not null"


def _kind_of_type(name: str) -> str:
    if name.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or name.endswith("INT") or name == "INTEGER":
        return "number"
    return "date" if name.startswith(("DATE", "TIMESTAMP")) else "text"


def count_columns(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], rows: int
) -> Any:
    """Fill in the numbers of every column; returns the newest instant in them, or None."""
    newest, selected, counts = [], [], []
    exact = rows <= EXACT_DISTINCT_ROWS
    for i, column in enumerate(columns):
        selected.append(f"{column.quoted} as c{i}, {column.text} as t{i}")
        distinct = f"count(distinct t{i})" if exact else f"approx_count_distinct(t{i})"
        counts += [f"count(c{i})", f"count(t{i})", distinct]
        counts += [f"min(length(t{i}))", f"max(length(t{i}))"]
        counts += [_end_sql(column, f"min(t{i})"), _end_sql(column, f"max(t{i})")]
        counts += _value_counts(column, i)
        if column.kind != "text":
            selected.append(
                f"{column.value if column.kind == 'number' else column.instant} as v{i}"
            )
    sql = f"select {', '.join(counts)} from (select {', '.join(selected)} from {relation})"
    found = iter(one_row(con, sql))
    for column in columns:
        present, filled = next(found), next(found)
        names = ("distinct_count", "min_length", "max_length")
        column.numbers = {name: next(found) for name in names}
        low_text, high_text, low, high, mean, is_fine, past = (next(found) for _ in range(7))
        column.numbers |= {"null_count": rows - present, "empty_count": present - filled}
        column.numbers |= {"row_count": rows, "is_approximate": not exact, "mean_value": None}
        _judge(column, low, high, is_fine)
        bounds = (low_text, high_text)
        if column.kind != "text" and column.shows_bounds:
            bounds = _bounds(column, low, high)
            column.numbers["mean_value"] = None if mean is None else float(mean)
        column.numbers["min_value"], column.numbers["max_value"] = bounds
        if column.kind == "date" and column.visibility != personal.HIDDEN and past:
            newest.append(past)
    return max(newest, default=None)


def _end_sql(column: Column, text: str) -> str:
    if column.visibility == personal.SHOWN:
        return f"left({text}, {personal.SHOWN_CHARACTERS})"
    return personal.shape_sql(text)


def _value_counts(column: Column, i: int) -> list[str]:
    # Minimum, maximum, mean, whether finer than whole numbers (days), the newest up to now.
    if column.kind == "number":
        # The mean of decimals does not depend on the order of adding up, that of doubles does.
        mean = f"avg(try_cast(v{i} as decimal(24, 6)))"
        return [f"min(v{i})", f"max(v{i})", mean, f"bool_or(v{i} <> floor(v{i}))", "null"]
    if column.kind == "date":
        fine = f"bool_or(v{i} <> date_trunc('day', v{i}))"
        return [f"min(v{i})", f"max(v{i})", "null", fine, newest_sql(f"v{i}")]
    return ["null", "null", "null", "null", "null"]


def _judge(column: Column, low: Any, high: Any, is_fine: bool | None) -> None:
    numbers, care = column.numbers, column.visibility
    values = numbers["row_count"] - numbers["null_count"] - numbers["empty_count"]
    few = numbers["distinct_count"] <= personal.MOST_FEW_VALUES
    column.shows_bounds = care == personal.SHOWN
    # The most frequent instants say nothing, and one customer's may say who it is.
    is_open = care == personal.SHOWN and column.kind != "date"
    column.shows_values = is_open or (care != personal.HIDDEN and few)
    if column.kind == "number":
        is_id = personal.looks_like_an_id(
            values, numbers["distinct_count"], numbers["max_length"] or 0, not is_fine
        )
        column.shows_bounds = care == personal.SHOWN or (care == personal.CAREFUL and not is_id)
        if column.shows_bounds and low is not None:
            column.low, column.high = float(low), float(high)
    elif column.kind == "date" and low is not None:
        # A day without a time may be a birthday, of which the year is enough.
        column.shows_bounds = True
        if care == personal.HIDDEN or (care == personal.CAREFUL and not is_fine):
            low = low.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
            high = high.replace(month=12, day=31, hour=0, minute=0, second=0, microsecond=0)
            column.numbers["years"] = (low.year, high.year)
        column.low, column.high = _seconds(low), _seconds(high)


def _seconds(instant: datetime) -> float:
    return calendar.timegm(instant.timetuple()) + float(instant.microsecond) / 1e6


def _bounds(column: Column, low: Any, high: Any) -> tuple[str | None, str | None]:
    if low is None:
        return None, None
    if column.kind == "number":
        return plain(low), plain(high)
    if "years" in column.numbers:
        first, last = column.numbers["years"]
        return str(first), str(last)
    return str(low), str(high)
