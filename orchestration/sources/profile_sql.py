"""What a column profile counts in one scan: kinds of values, nulls, distinct values, bounds.

Everything is counted by the engine; what comes back is a few rows per column. Nothing depends on
the order of rows: a sample is taken by the hash of a row's position, never by chance.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from orchestration.sources import personal

EXACT_DISTINCT_ROWS = 1_000_000
KIND_SAMPLE_ROWS = 1_000
COLUMNS_PER_SCAN = 30
SHARE_OF_KIND = 0.95

COMPACT_DATE = "%Y%m%d"
DATE_FORMATS = (
    "%d.%m.%Y", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d-%m-%Y",
)  # fmt: skip
"""Formats tried, in this order, where ISO dates do not fit; the first that fits nearly all wins."""


@dataclass
class Column:
    """One column while it is profiled.

    Attributes:
        name: as in landing.
        type: its DuckDB type.
        visibility: SHOWN, CAREFUL or HIDDEN.
        kind: number, date or text.
        date_format: for dates in text, `iso` or a strptime format.
        numbers: what the scans found, by the names of operations.column_profiles.
        low, high: bounds of the histogram (for dates seconds since 1970).
        shows_values: top values are values, not shapes.
        shows_bounds: minimum and maximum may be shown as they are.
        top, histogram: rows of (value, count) and (bucket, lower, upper, count).
        is_approximate_top: top values were counted in a sample.
        is_shape_top: they are shapes, as far as the counts say.
    """

    name: str
    type: str
    visibility: str
    kind: str = "text"
    date_format: str = "iso"
    numbers: dict[str, Any] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    shows_values: bool = False
    shows_bounds: bool = False
    top: list[tuple[str, int]] = field(default_factory=list)
    histogram: list[tuple[int, str, str, int]] = field(default_factory=list)
    is_approximate_top: bool = False
    is_shape_top: bool = True

    @property
    def quoted(self) -> str:
        """The column as an SQL identifier."""
        return '"' + self.name.replace('"', '""') + '"'

    @property
    def is_text(self) -> bool:
        """Whether landing holds it as text, so that its kind must be found out."""
        return self.type == "VARCHAR"

    @property
    def text(self) -> str:
        """SQL of its value as text, null where there is none."""
        return f"nullif(trim(cast({self.quoted} as varchar)), '')"

    @property
    def value(self) -> str:
        """SQL of its value as a number (for dates seconds since 1970), null where it is none."""
        return number_sql(self.text) if self.kind == "number" else f"epoch({self.instant})"

    @property
    def instant(self) -> str:
        """SQL of its value as a timestamp."""
        if not self.is_text:
            return f"cast({self.quoted} as timestamp)"
        return instant_sql(self.text, self.date_format)


def number_sql(text: str) -> str:
    """SQL of a text as a finite number, null where it is none."""
    # `nan` and `infinity` are numbers to the engine and surnames to people.
    return f"case when isfinite(try_cast({text} as double)) then try_cast({text} as double) end"


def instant_sql(text: str, date_format: str) -> str:
    """SQL of a text as a timestamp, null where it is none."""
    instant = f"try_strptime({text}, '{date_format}')"
    if date_format == "iso":
        instant = f"try_cast({text} as timestamp)"
    # `infinity` and the year 290000 are instants to the engine and to nobody else.
    years = "timestamp '0001-01-01' and timestamp '9999-12-31'"
    return f"case when {instant} between {years} then {instant} end"


def sampled(rows: int, wanted: int) -> str:
    """A condition that keeps about `wanted` of `rows` rows, always the same ones."""
    step = max(1, -(-rows // wanted)) if wanted else 1
    # A hash, not the position itself: files often repeat a pattern every so many rows.
    return "true" if step == 1 else f"hash(source_file, source_row) % {step} = 0"


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
    # Comparisons of a few characters: preparing a regular expression per column would cost more.
    if kind == "number":
        # A leading zero is part of a code; as a number it would be lost.
        is_code = f"left(ltrim({text}, '+-'), 2) between '00' and '09'"
        return f"{number_sql(text)} is not null and not {is_code}"
    if kind == "local date":
        separators = "('.', '/', '-')"
        has_day = f"substr({text}, 2, 1) in {separators} or substr({text}, 3, 1) in {separators}"
        return f"left({text}, 1) between '0' and '9' and ({has_day})"
    is_instant = f"{instant_sql(text, date_format)} is not null"
    if date_format == COMPACT_DATE:
        return f"length({text}) = 8 and left({text}, 4) between '1900' and '2100' and {is_instant}"
    return is_instant


def _kind_of_type(name: str) -> str:
    if name.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or name.endswith("INT") or name == "INTEGER":
        return "number"
    return "date" if name.startswith(("DATE", "TIMESTAMP")) else "text"


def count_columns(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], rows: int
) -> Any:
    """Fill in the numbers of every column; returns the newest instant in them, or None."""
    newest = []
    for start in range(0, len(columns), COLUMNS_PER_SCAN):
        some = columns[start : start + COLUMNS_PER_SCAN]
        exact = rows <= EXACT_DISTINCT_ROWS
        selected, counts = [], []
        for i, column in enumerate(some):
            selected.append(f"{column.quoted} as c{i}, {column.text} as t{i}")
            distinct = f"count(distinct t{i})" if exact else f"approx_count_distinct(t{i})"
            counts += [
                f"count(*) filter (c{i} is null)",
                f"count(*) filter (c{i} is not null and t{i} is null)",
                distinct,
                f"min(length(t{i}))",
                f"max(length(t{i}))",
                _end_sql(column, f"min(t{i})"),
                _end_sql(column, f"max(t{i})"),
                *_value_counts(column, i),
            ]
            if column.kind == "number":
                selected.append(f"{column.value} as v{i}")
            elif column.kind == "date":
                selected.append(f"{column.instant} as v{i}")
        sql = f"select {', '.join(counts)} from (select {', '.join(selected)} from {relation})"
        found = iter(one_row(con, sql))
        for column in some:
            names = ["null_count", "empty_count", "distinct_count", "min_length", "max_length"]
            column.numbers = {name: next(found) for name in names}
            low_text, high_text, low, high, mean, is_fine, past = (next(found) for _ in range(7))
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
        past = f"max(v{i}) filter (v{i} <= current_timestamp::timestamp)"
        return [f"min(v{i})", f"max(v{i})", "null", fine, past]
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


def plain(number: float) -> str:
    """A number as a person would write it."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else f"{number:.6g}"


def one_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The only row of an aggregate."""
    row = con.execute(sql).fetchone()
    assert row is not None, "an aggregate has one row"
    return row
