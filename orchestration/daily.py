"""What the facts of insights remember day by day (dbt_project/macros/daily_snapshots.sql)."""

from __future__ import annotations

import duckdb

from orchestration.ingest.sql import quoted

SCHEMA, MARK = "daily", "memory_state"


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the place where days are remembered."""
    con.execute(f"create schema if not exists {SCHEMA}")


def keep_days(con: duckdb.DuckDBPyConnection) -> None:
    """Keep what the facts found last, in the place of what it replaces.

    Called when the last gate lets it pass; what never passes is taken back by the next refresh.

    Parameters:
        con: a connection to the warehouse.
    """
    tables = con.execute(
        "select table_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and column_name = ? order by 1",
        [SCHEMA, MARK],
    ).fetchall()
    con.execute("begin")
    for (name,) in tables:
        table = f"{SCHEMA}.{quoted(name)}"
        con.execute(f"delete from {table} where {MARK} = 'replaced'")
        con.execute(f"update {table} set {MARK} = 'kept' where {MARK} = 'new'")
    con.execute("commit")
