"""Where column profiles are kept: tables in `operations`; views of the newest and of changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.profiles.columns import Column, one_row
from orchestration.profiles.values import FULL_ROWS

KEPT_LOADS = 10
ROWS_PER_INSERT = 500
IS_TABLE = "load_id varchar, source_system varchar, source_table varchar"
TABLES = {
    "column_profiles": f"{IS_TABLE}, column_name varchar, data_kind varchar, date_format varchar, "
    "row_count bigint, "
    "null_count bigint, empty_count bigint, distinct_count bigint, is_approximate boolean, "
    "min_length bigint, max_length bigint, min_value varchar, max_value varchar, "
    "mean_value double, is_shape boolean, profiled_at timestamp",
    "column_top_values": f"{IS_TABLE}, column_name varchar, rank int, value varchar, "
    "value_count bigint, is_shape boolean, is_approximate boolean",
    "column_histograms": f"{IS_TABLE}, column_name varchar, bucket int, lower_bound varchar, "
    "upper_bound varchar, row_count bigint, is_approximate boolean",
    "profile_log": f"{IS_TABLE}, profile_number bigint, landing_view varchar, fingerprint varchar, "
    "row_count bigint, "
    "newest_data_at timestamp, seconds double, profiled_at timestamp",
}
MEASURES = (
    "row_count", "null_count", "empty_count", "distinct_count", "min_length", "max_length",
    "mean_value",
)  # fmt: skip


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of profiles and the views over them.

    `operations.newest_profiles` says of each table's newest profile when and over how many rows it
    was taken, and, by what was loaded, how many rows have come and gone since.
    """
    con.execute("create schema if not exists operations")
    for name, columns in TABLES.items():
        con.execute(f"create table if not exists operations.{name} ({columns})")
    con.execute(
        """
        create or replace view operations.newest_profiles as
        with newest as (
            select source_system, source_table, load_id, landing_view, fingerprint,
                row_count as rows_profiled, newest_data_at, profiled_at
            from operations.profile_log
            qualify row_number() over (
                partition by source_system, source_table order by profile_number desc
            ) = 1
        ),
        counted as (
            select newest.*,
                coalesce(sum(rows_loaded), 0)::bigint as rows_now,
                coalesce(sum(rows_loaded) filter (loaded_at > profiled_at), 0)::bigint as rows_come
            from newest left join operations.source_files using (source_system, source_table)
            group by all
        )
        select *, greatest(rows_profiled - (rows_now - rows_come), 0) as rows_gone from counted
        """
    )
    measures = ", ".join(MEASURES)
    as_numbers = ", ".join(f"{name}::double as {name}" for name in MEASURES)
    con.execute(
        f"""
        create or replace view operations.column_profile_changes as
        with numbered as (
            select source_system, source_table, load_id, row_number() over (
                partition by source_system, source_table order by profile_number desc) as age
            from operations.profile_log
        ),
        measured as (
            unpivot (
                select age, source_system, source_table, column_name, {as_numbers}
                from operations.column_profiles
                join numbered using (source_system, source_table, load_id)
                where age <= 2
            ) on {measures} into name measure value found
        )
        select source_system, source_table, column_name, measure,
            max(found) filter (age = 1) as amount,
            max(found) filter (age = 2) as previous_amount,
            amount - previous_amount as change,
            change / nullif(abs(previous_amount), 0) as relative_change
        from measured group by all
        """
    )


@dataclass(frozen=True)
class Profile:
    """One table's new profile.

    Attributes:
        load_id, source, table: whose profile it is.
        landing_view: its view in the schema `landing`.
        fingerprint: of the rules, a blank, and of what was loaded.
        columns: with their numbers, top values and buckets.
        rows: rows in landing.
        newest_data_at: the newest instant in the data that is not in the future.
        seconds: that profiling took.
    """

    load_id: str
    source: str
    table: str
    landing_view: str
    fingerprint: str
    columns: Sequence[Column]
    rows: int
    newest_data_at: datetime | None
    seconds: float

    @property
    def key(self) -> tuple[str, str, str]:
        """What the rows of all four tables begin with."""
        return self.load_id, self.source, self.table


def write(con: duckdb.DuckDBPyConnection, profiles: Sequence[Profile]) -> None:
    """Keep new profiles and forget those beyond the last ten of a table, all or nothing."""
    if not profiles:
        return
    now = datetime.now(UTC).replace(tzinfo=None)
    con.execute("begin")
    try:
        (number,) = one_row(
            con, "select coalesce(max(profile_number), 0) + 1 from operations.profile_log"
        )
        for name in TABLES:
            con.execute(
                f"delete from operations.{name} where (load_id, source_system, source_table) in "
                f"({', '.join(['(?, ?, ?)'] * len(profiles))})",
                [value for profile in profiles for value in profile.key],
            )
        for name, rows in _rows(profiles, number, now).items():
            _insert(con, name, rows)
        for name in reversed(TABLES):
            con.execute(
                f"delete from operations.{name} "
                "where (load_id, source_system, source_table) not in ("
                "select (load_id, source_system, source_table) from operations.profile_log "
                "qualify row_number() over (partition by source_system, source_table "
                f"order by profile_number desc) <= {KEPT_LOADS})"
            )
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def keep(
    con: duckdb.DuckDBPyConnection,
    key: tuple[str, str, str],
    fingerprint: str,
    newest_data_at: datetime | None,
) -> None:
    """Write over what a load too small for a new profile changes in the last one's entry.

    Parameters:
        con: a connection to the warehouse.
        key: load_id, source and table of the last profile.
        fingerprint, newest_data_at: as in `Profile`, now.
    """
    con.execute(
        "update operations.profile_log set fingerprint = ?, newest_data_at = ? "
        "where load_id = ? and source_system = ? and source_table = ?",
        [fingerprint, newest_data_at, *key],
    )


def _rows(
    profiles: Sequence[Profile], number: int, now: datetime
) -> dict[str, list[tuple[Any, ...]]]:
    each = [(profile, column) for profile in profiles for column in profile.columns]
    return {
        "profile_log": [
            (
                *p.key,
                number,
                p.landing_view,
                p.fingerprint,
                p.rows,
                p.newest_data_at,
                p.seconds,
                now,
            )
            for p in profiles
        ],
        "column_profiles": [_profile_row(p.key, c, now) for p, c in each],
        "column_top_values": [
            (*p.key, c.name, rank, value, count, c.is_shape_top, c.is_approximate_top)
            for p, c in each
            for rank, (value, count) in enumerate(c.top, start=1)
        ],
        "column_histograms": [
            (*p.key, c.name, *bucket, p.rows > FULL_ROWS) for p, c in each for bucket in c.histogram
        ],
    }


def _profile_row(key: tuple[str, str, str], column: Column, now: datetime) -> tuple[Any, ...]:
    n = column.numbers
    return (
        *key, column.name, column.kind, column.date_format if column.kind == "date" else None,
        n["row_count"], n["null_count"], n["empty_count"],
        n["distinct_count"], n["is_approximate"], n["min_length"], n["max_length"],
        n["min_value"], n["max_value"], n["mean_value"], not column.shows_bounds, now,
    )  # fmt: skip


def _insert(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    for start in range(0, len(rows), ROWS_PER_INSERT):
        some = rows[start : start + ROWS_PER_INSERT]
        places = ", ".join("(" + ", ".join("?" * len(row)) + ")" for row in some)
        con.execute(
            f"insert into operations.{name} values {places}", [v for row in some for v in row]
        )


def changes_since_previous(
    con: duckdb.DuckDBPyConnection, source: str | None = None
) -> list[dict[str, Any]]:
    """Each number of the newest profiles against the profile before, changed ones only.

    Parameters:
        con: a connection to the warehouse.
        source: one source system, or None for all.

    Returns:
        source_system, source_table, column_name, measure, amount, previous_amount, change and
        relative_change; the largest relative change first.
    """
    result = con.execute(
        "select * from operations.column_profile_changes where change <> 0 "
        "and ($source is null or source_system = $source) order by "
        "abs(relative_change) desc nulls first, source_system, source_table, column_name, measure",
        {"source": source},
    )
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
