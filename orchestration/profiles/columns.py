"""A column while it is profiled, and the SQL of its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

FIRST_INSTANT, LAST_INSTANT = "timestamp '0001-01-01'", "timestamp '9999-12-31'"
"""`infinity` and the year 290000 are instants to the engine and to nobody else."""


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
    return f"case when {instant} between {FIRST_INSTANT} and {LAST_INSTANT} then {instant} end"


def newest_sql(instant: str) -> str:
    """SQL of the newest instant that is not in the future."""
    return f"max({instant}) filter ({instant} <= current_timestamp::timestamp)"


def sampled(rows: int, wanted: int) -> str:
    """A condition that keeps about `wanted` of `rows` rows, always the same ones."""
    step = max(1, -(-rows // wanted)) if wanted else 1
    # A hash, not the position itself: files often repeat a pattern every so many rows.
    return "true" if step == 1 else f"hash(source_file, source_row) % {step} = 0"


def plain(number: float) -> str:
    """A number as a person would write it."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else f"{number:.6g}"


def one_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The only row of an aggregate."""
    row = con.execute(sql).fetchone()
    assert row is not None, "an aggregate has one row"
    return row
