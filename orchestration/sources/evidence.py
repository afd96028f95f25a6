"""What a column's values say, counted by SQL over the sample, many columns in one query."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.ingest.sql import literal, quoted
from orchestration.sources.drafts import Column, Table

TIME = r"[T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?"
NUMBER = r"\d+|\d{1,3}([.,'’  ]\d{3})+"
MONEY = r"(€|\$|£|EUR|CHF|USD|GBP)?"
PATTERNS = {
    "email": r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}",
    "phone": r"(\+|00)?[(]?\d[\d ()./-]{5,18}(\s*(x|ext\.?)\s*\d+)?",
    "plus_phone": r"(\+|00)\d[\d ()./-]{6,18}",
    "url": r"(https?://|www\.)\S+",
    "path": r"/\S*",
    "uuid": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "negative": r"-.*\d.*|.*\d-",
    "integer": r"[+-]?\d{1,18}([.]0+)?",
    "leading_zero": r"0\d+",
    "number": rf"-?{MONEY} ?[+-]?({NUMBER})([.,]\d+)?-? ?{MONEY}",
    "point": r"[^\d]*\d+(,\d{3})*\.\d+[^\d]*",
    "comma": r"[^\d]*\d+([. '’  ]\d{3})*,\d+[^\d]*",
    "comma_group": r"[^\d]*\d{1,3}(,\d{3})+[^\d]*",
    "point_group": r"[^\d]*\d{1,3}(\.\d{3})+[^\d]*",
    "boolean": r"(?i)(true|false|yes|no|ja|nein|nee|oui|non|y|n|t|f|j|o|0|1)",
    "two_letters": r"[A-Za-z]{2}",
    "three_letters": r"[A-Z]{3}",
    "words": r"[^\d@/\\<>{}]*\pL[^\d@/\\<>{}]*",
    "postal": r"(?i)([A-Z]{1,2}-)?\d{3,5}([- ]?([A-Z]{2}|\d{3,4}))?"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "iso_date": rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}({TIME} ?(Z|UTC|[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}})?)?",
    "compact_date": r"(1[89]|20)\d{6}",
    "named_month_date": r"\d{1,2}-[A-Za-z]{3}-(\d{4}|\d{2})",
    "slash_year_first": rf"\d{{4}}/\d{{1,2}}/\d{{1,2}}({TIME})?",
    "slash_date": rf"\d{{1,2}}/\d{{1,2}}/(\d{{4}}|\d{{2}})({TIME})?",
    "dot_date": rf"\d{{1,2}}\.\d{{1,2}}\.(\d{{4}}|\d{{2}})({TIME})?",
    "dash_date": rf"\d{{1,2}}-\d{{1,2}}-(\d{{4}}|\d{{2}})({TIME})?",
    "epoch_seconds": r"(9[5-9]|1\d|20)\d{8}",
    "epoch_millis": r"(9[5-9]|1\d|20)\d{11}",
}
TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DATES = {
    "compact_date": (("%Y%m%d",), ("",)),
    "slash_year_first": (("%Y/%m/%d",), TIMES),
    "slash_date": (("%d/%m/%Y", "%m/%d/%Y"), TIMES),
    "dot_date": (("%d.%m.%Y", "%m.%d.%Y"), TIMES),
    "dash_date": (("%d-%m-%Y", "%m-%d-%Y"), TIMES),
    "named_month_date": (("%d-%b-%Y",), ("",)),
}
BLOCK_COLUMNS, BLOCK_VALUES = 100, 2_000_000
FORMAT_SHARE = 0.02
DATE_SHARE = 0.5


def describe(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Count, for every column of a table, what its values look like.

    Fills rows, filled, distinct, shape, shares, formats and decimal_mark.

    Parameters:
        con: the connection that holds the sample.
        table: a table whose sample was read.
    """
    size = max(1, min(BLOCK_COLUMNS, BLOCK_VALUES // max(table.rows, 1)))
    for start in range(0, len(table.columns), size):
        _describe_columns(con, table, table.columns[start : start + size])
    _choose_day_or_month_first(table)
    _choose_decimal_mark(table)


def _describe_columns(
    con: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[Column]
) -> None:
    # Many columns in one query: each query pays for all columns of its table, and for compiling
    # the patterns.
    values = ", ".join(f"nullif(trim({quoted(column.name)}), '')" for column in columns)
    con.execute(
        "create or replace temp table column_values as select c, v, count(*) as n from "
        f"(select unnest(range({len(columns)})) as c, unnest([{values}]) as v "
        f"from {quoted(table.sample)}) where v is not null group by c, v"
    )
    counted = ", ".join(
        f"coalesce(sum(n) filter (regexp_full_match(v, {literal(pattern)})), 0)"
        for pattern in PATTERNS.values()
    )
    # A shape says how a value is written and never what: letters become x, digits 9.
    shape = (
        "regexp_replace(regexp_replace(regexp_replace(left(v, 40), '\\p{Lu}', 'X', 'g'), "
        "'\\p{Ll}|\\p{Lo}', 'x', 'g'), '\\p{N}', '9', 'g')"
    )
    found = con.execute(
        f"select c, sum(n), count(*), {counted} from column_values group by c"
    ).fetchall()
    shapes = dict(
        con.execute(
            f"select c, {shape} as shape from column_values group by c, shape "
            "qualify row_number() over (partition by c order by sum(n) desc, shape) = 1"
        ).fetchall()
    )
    for column in columns:
        column.rows = table.rows
    for position, filled, distinct, *shares in found:
        column = columns[position]
        column.filled, column.distinct = int(filled), int(distinct)
        column.shape = shapes[position]
        column.shares = {
            name: int(n) / column.filled for name, n in zip(PATTERNS, shares, strict=True)
        }
        column.formats = _formats(con, column, position)


def _formats(con: duckdb.DuckDBPyConnection, column: Column, position: int) -> tuple[str, ...]:
    """The formats that read the column's dates, by how many values they read."""
    found: dict[str, float] = {}
    if column.share("iso_date") >= FORMAT_SHARE:
        found["iso"] = column.share("iso_date")
    for pattern, (dates, times) in DATES.items():
        if column.share(pattern) < FORMAT_SHARE:
            continue
        tried = [
            date.replace("%Y", year) + time
            for date in dates
            for year in (
                ("%Y",) if pattern in ("compact_date", "slash_year_first") else ("%Y", "%y")
            )
            for time in times
        ]
        where = f"c = {position} and regexp_full_match(v, {literal(PATTERNS[pattern])})"
        row = con.execute(
            "select "
            + ", ".join(
                f"coalesce(sum(n) filter (try_strptime(v, {literal(f)}) is not null"
                + (
                    f" and regexp_matches(v, {literal(_four_digits(f))})"
                    if "%y" in f or "%Y" in f
                    else ""
                )
                + "), 0)"
                for f in tried
            )
            + f" from column_values where {where}"
        ).fetchall()[0]
        assert row
        counts = {f: int(n) / max(column.filled, 1) for f, n in zip(tried, row, strict=True)}
        found |= _settle(counts, column)
    for epoch in ("epoch_seconds", "epoch_millis"):
        if column.share(epoch) >= 0.95:
            found[epoch] = column.share(epoch)
    ordered = sorted((f for f in found if found[f] >= FORMAT_SHARE), key=lambda f: (-found[f], f))
    read = sum(found[f] for f in ordered)
    return tuple(ordered[:4]) if read >= DATE_SHARE else ()


def _four_digits(format_text: str) -> str:
    if format_text.startswith("%Y"):
        return r"^\d{4}"
    digits = 4 if "%Y" in format_text else 2
    return rf"[/.-]\d{{{digits}}}([T ].*)?$"


def _month_first(format_text: str) -> str:
    if not format_text.startswith("%d"):
        return format_text
    return format_text.replace("%d", "%_", 1).replace("%m", "%d", 1).replace("%_", "%m", 1)


def _settle(counts: dict[str, float], column: Column) -> dict[str, float]:
    """Day first or month first, by the values that only one of them reads."""
    day_first = {f: n for f, n in counts.items() if not f.startswith("%m") and n}
    month_first = {f: n for f, n in counts.items() if f.startswith("%m") and n}
    if not month_first:
        return day_first
    if sum(day_first.values()) == sum(month_first.values()):
        column.is_day_first_a_guess = True
        return day_first
    return max(day_first, month_first, key=lambda found: sum(found.values()))


def _choose_day_or_month_first(table: Table) -> None:
    """A column whose dates fit both readings follows the columns that fit one."""
    certain = [
        f for c in table.columns if not c.is_day_first_a_guess for f in c.formats
        if f.startswith(("%d", "%m"))
    ]  # fmt: skip
    if not certain or not all(f.startswith("%m") for f in certain):
        return
    for column in table.columns:
        if column.is_day_first_a_guess:
            column.formats = tuple(_month_first(f) for f in column.formats)


def _choose_decimal_mark(table: Table) -> None:
    numbers = [c for c in table.columns if c.share("number") >= 0.5]
    for column in numbers:
        comma = column.share("comma") - column.share("comma_group")
        point = column.share("point") - column.share("point_group")
        if comma > point:
            column.decimal_mark = ","
        elif comma == point == 0:
            column.decimal_mark = "?"
    settled = {c.decimal_mark for c in numbers if c.decimal_mark != "?"}
    for column in numbers:
        if column.decimal_mark == "?":
            # 1.234 alone says nothing; the other columns of the file do.
            only_points = column.share("point_group") > column.share("comma_group")
            column.decimal_mark = "," if settled == {","} and only_points else "."
            if settled == {","} and not column.share("comma_group"):
                column.decimal_mark = ","
