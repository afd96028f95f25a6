"""The most frequent values of columns and their distribution over ten buckets.

One scan each for all columns of a table, as grouping sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import duckdb

from orchestration.profiles import personal
from orchestration.profiles.columns import Column, one_row, plain, sampled

FULL_ROWS = 5_000_000
SAMPLE_ROWS = 1_000_000
SHAPE_ROWS = 1_000
BUCKETS = 10
TOP_VALUES = 10


def count_values(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], rows: int
) -> None:
    """Fill in the most frequent values, or shapes, of every column."""
    as_values = [c for c in columns if c.shows_values]
    as_shapes = [c for c in columns if not c.shows_values]
    wanted = rows if rows <= FULL_ROWS else SAMPLE_ROWS
    _top(con, relation, as_values, rows, wanted)
    # Shapes are made by regular expressions, microseconds a value: a sample says enough.
    _top(con, relation, as_shapes, rows, SHAPE_ROWS)


def _top(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[Column],
    rows: int,
    wanted: int,
) -> None:
    if not rows or not columns:
        return
    condition, factor = _sample(con, relation, rows, wanted)
    expressions = [
        f"left({c.text}, {personal.SHOWN_CHARACTERS})"
        if c.shows_values
        else personal.shape_sql(c.text)
        for c in columns
    ]
    careful = [
        str(i)
        for i, c in enumerate(columns)
        if c.shows_values and (c.visibility == personal.CAREFUL or c.kind == "date")
    ]
    is_careful = f"position in ({', '.join(careful)})" if careful else "false"
    sql = f"""
        with counted as ({_grouped_sql(relation, expressions, condition)}),
        judged as (
            select *, {is_careful} and min(n) over (partition by position)
                < {personal.LEAST_OCCURRENCES} as is_shape
            from counted
        ),
        shown as (
            select position, n, is_shape,
                case when is_shape then {personal.shape_sql("item")} else item end as item
            from judged
        ),
        added as (
            select position, item, sum(n)::bigint as n, is_shape
            from shown group by position, item, is_shape
        )
        select * from added
        qualify row_number() over (partition by position order by n desc, item) <= {TOP_VALUES}
        order by position, n desc, item
    """
    for position, item, count, is_shape in con.execute(sql).fetchall():
        columns[position].top.append((item, round(count * factor)))
        columns[position].is_shape_top = is_shape or not columns[position].shows_values
    for column in columns:
        column.is_approximate_top = factor > 1


def count_buckets(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], rows: int
) -> None:
    """Fill in ten buckets of equal width: of numbers and dates, else of the texts' lengths."""
    filled = [c for c in columns if rows and c.numbers["distinct_count"]]
    if not filled:
        return
    wanted = rows if rows <= FULL_ROWS else SAMPLE_ROWS
    condition, factor = _sample(con, relation, rows, wanted)
    ranges, expressions = [], []
    for column in filled:
        if column.low is not None and column.high is not None:
            low, high, value = column.low, column.high, column.value
        else:
            low, high = column.numbers["min_length"], column.numbers["max_length"]
            value = f"length({column.text})"
        width = (high - low) / BUCKETS
        if column.low is None and width:
            width = max(width, 1.0)
        ranges.append((low, high, width))
        bucket = f"try_cast(floor(({value} - {low!r}::double) / {width!r}::double) as int)"
        bucket = f"greatest(0, least({BUCKETS - 1}, {bucket}))" if width > 0 else "0"
        # Said here, because `least` takes what is not null.
        expressions.append(f"case when {value} is not null then {bucket} end")
    sql = f"{_grouped_sql(relation, expressions, condition)} order by position, item"
    for position, bucket_number, count in con.execute(sql).fetchall():
        column, (low, high, width) = filled[position], ranges[position]
        lower = low + width * bucket_number
        is_last = bucket_number == BUCKETS - 1
        ends = (lower, high if is_last else min(high, lower + width))
        texts = [_bound_text(column, end) for end in ends]
        column.histogram.append((bucket_number, *texts, round(count * factor)))


def _sample(
    con: duckdb.DuckDBPyConnection, relation: str, rows: int, wanted: int
) -> tuple[str, float]:
    # What to multiply counts by follows from the rows that are in the sample, not from its step.
    condition = sampled(rows, wanted)
    if condition == "true":
        return condition, 1.0
    (found,) = one_row(con, f"select count(*) from {relation} where {condition}")
    return condition, rows / max(found, 1)


def _bound_text(column: Column, end: float) -> str:
    if column.kind != "date" or column.low is None:
        return plain(end)
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=end)
    return instant.strftime("%Y" if "years" in column.numbers else "%Y-%m-%d")


def _grouped_sql(relation: str, expressions: Sequence[str], condition: str) -> str:
    # One scan for all columns: a grouping set each, told apart by which column is grouped.
    named = ", ".join(f"{text} as x{i}" for i, text in enumerate(expressions))
    names = [f"x{i}" for i in range(len(expressions))]
    sets = ", ".join(f"({name})" for name in names)
    position = " ".join(f"when grouping({name}) = 0 then {i}" for i, name in enumerate(names))
    return (
        f"select case {position} end as position, coalesce({', '.join(names)}) as item, "
        f"count(*) as n from (select {named} from {relation} where {condition}) "
        f"group by grouping sets ({sets}) having coalesce({', '.join(names)}) is not null"
    )
