"""The rows that are to be corrected, each led back to its file, line, column and value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from orchestration.ingest.accounting import TABLES, StagedTable, count, prepare, write_counts
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.landed_rows import rows_at
from orchestration.ingest.sql import literal, quoted

OVERVIEW = "set_aside_rows"
"""The conformed layer's table in the same schema; all other tables there are made here."""

COLUMNS = (
    "source_file",
    "source_row",
    "line_number",
    "column_name",
    "value",
    "reason",
    "first_seen_at",
)


def account(con: duckdb.DuckDBPyConnection, table: StagedTable, now: datetime) -> None:
    """Count a staging model's rows by file and reason, and rebuild its quarantine table.

    Parameters:
        con: a connection that may write the warehouse.
        table: a staging model that has just been built.
        now: when rows that are new in quarantine were first seen, UTC.
    """
    prepare(con)
    count(con, table)
    con.execute("begin")
    try:
        write_counts(con, table)
        _write_quarantine(con, table, now)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def forget_others(
    con: duckdb.DuckDBPyConnection,
    tables: Sequence[StagedTable],
    landing_only: Sequence[SourceTable] = (),
) -> None:
    """Remove what is left of staging models that are no more; quarantine holds personal data.

    Parameters:
        con: a connection that may write the warehouse.
        tables: the staging models of today.
        landing_only: source tables that are meant to stay in landing; their readable rows count as
            accepted there.
    """
    prepare(con)
    models = [table.model for table in tables]
    for name in TABLES:
        con.execute(
            f"delete from operations.{name} where staging_model is null "
            "or not list_contains(?::varchar[], staging_model)",
            [models],
        )
    kept = {OVERVIEW, *(table.quarantine for table in tables)}
    found = con.execute(
        "select table_name from duckdb_tables() "
        "where schema_name = 'quarantine' and database_name = current_database() order by 1"
    ).fetchall()
    for (name,) in found:
        if name not in kept:
            con.execute(f"drop table quarantine.{quoted(name)}")
    # A source table that no model reads would lose its rows without anybody's word.
    con.execute(
        """
        insert into operations.row_accounting
        with unread as (
            select *, list_contains(?::varchar[], source_system || '.' || source_table) as is_meant
            from operations.source_files
            where not list_contains(?::varchar[], source_system || '.' || source_table)
        )
        select if(is_meant, 'landing only', null), source_system, source_table, null, source_file,
            sum(rows_loaded + rows_rejected + rows_superseded), sum(if(is_meant, rows_loaded, 0)),
            sum(if(is_meant, rows_rejected, 0)), sum(if(is_meant, rows_superseded, 0)),
            sum(if(is_meant, rows_superseded, 0)), 0, 0
        from unread
        group by source_system, source_table, source_file, is_meant
        """,
        [
            [table.label for table in landing_only],
            [table.source.label for table in tables],
        ],
    )


def _write_quarantine(con: duckdb.DuckDBPyConnection, table: StagedTable, now: datetime) -> None:
    home = f"quarantine.{quoted(table.quarantine)}"
    _find_quarantined(con, table)
    found = con.execute(
        "select column_name from information_schema.columns where table_schema = 'quarantine' "
        "and table_name = ? and table_catalog = current_database() order by ordinal_position",
        [table.quarantine],
    ).fetchall()
    # A table of another shape was made by another version and knows no first sight.
    if tuple(name for (name,) in found) != COLUMNS:
        con.execute(
            f"create or replace table {home} (source_file varchar, source_row bigint, "
            "line_number bigint, column_name varchar, value varchar, reason varchar, "
            "first_seen_at timestamp)"
        )
    # A line number may move when another line is mended; the row's position tells it again.
    con.execute(
        f"""
        create or replace temp table quarantined as
        with earlier as (
            select source_file, source_row, reason, value, min(first_seen_at) as first_seen_at,
                case when source_row is null then line_number end as line_number
            from {home} group by all
        )
        select found.source_file, found.source_row, found.line_number, found.column_name,
            found.value, found.reason,
            coalesce(earlier.first_seen_at, ?::timestamp) as first_seen_at
        from found
        left join earlier
            on found.source_file = earlier.source_file
            and found.source_row is not distinct from earlier.source_row
            and case when found.source_row is null then found.line_number end
                is not distinct from earlier.line_number
            and found.reason = earlier.reason
            and found.value is not distinct from earlier.value
        """,
        [now],
    )
    con.execute(
        f"create or replace table {home} as from quarantined "
        "order by source_file, source_row, line_number, column_name"
    )
    con.execute("drop table quarantined")
    con.execute("drop table found")


def _find_quarantined(con: duckdb.DuckDBPyConnection, table: StagedTable) -> None:
    key = {"source_system": table.source.source, "source_table": table.source.table}
    con.execute(
        """
        create or replace temp table found as
        select source_file, cast(null as bigint) as source_row, line_number, column_name,
            value, reason
        from landing.rejected_lines
        where source_system = $source_system and source_table = $source_table
        """,
        key,
    )
    # Landing and the line numbers are looked up only where something is to be found.
    blamed = con.execute(
        "select distinct column_name from counted where outcome = 'quarantined' and is_staged "
        "order by 1"
    ).fetchall()
    if not blamed:
        return
    columns = [name for (name,) in blamed if name in table.source.column_names]
    values = " ".join(
        f"when {literal(name)} then cast(landed.{quoted(name)} as varchar)" for name in columns
    )
    blamed_rows = "(from rejected where column_name is not null)"
    lookup = f"""
        left join ({rows_at(table.source, blamed_rows, columns)}) as landed
            on rejected.source_file = landed.source_file
            and rejected.source_row = landed.source_row
            and rejected.column_name is not null
    """
    con.execute(
        f"""
        insert into found
        with rejected as (
            select staged.source_file, staged.source_row, staged.reject_column as column_name,
                staged.reject_reason as reason
            from {table.staging} as staged
            where staged.reject_reason in (
                select reason from policy.reject_reasons where outcome = 'quarantined'
            )
        ),
        lines as (
            select source_file, from_row, line_offset from operations.source_lines
            where source_system = $source_system and source_table = $source_table
        )
        select rejected.source_file, rejected.source_row,
            rejected.source_row + lines.line_offset, rejected.column_name,
            {f"case rejected.column_name {values} end" if columns else "cast(null as varchar)"},
            rejected.reason
        from rejected
        asof left join lines
            on rejected.source_file = lines.source_file and rejected.source_row >= lines.from_row
        {lookup if columns else ""}
        """,
        key,
    )
