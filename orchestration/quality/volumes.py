"""Row counts and revenue of the last good run, which the gates measure drift against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import duckdb


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables and the view `operations.volume_drift` that the suites read."""
    con.execute("create schema if not exists operations")
    for table in ("current_volumes", "good_volumes"):
        con.execute(
            f"create table if not exists operations.{table} "
            "(layer varchar, measure varchar, amount double)"
        )
    # A table that was empty or missing in the last good run has no drift to speak of.
    con.execute(
        """
        create or replace view operations.volume_drift as
        select layer, measure, good.amount as last_good_amount, now.amount,
            now.amount / good.amount as ratio
        from operations.current_volumes as now
        join operations.good_volumes as good using (layer, measure)
        where good.amount > 0
        """
    )


def judgements_of(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Tables whose rows are what a policy makes of the data (`meta.are_judgements`).

    Parameters:
        manifest: dbt's manifest.json.
    """
    return frozenset(
        node["alias"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["meta"].get("are_judgements")
    )


def record_current(
    con: duckdb.DuckDBPyConnection, layer: str, judgements: Collection[str] = ()
) -> None:
    """Count the layer's tables as they are now.

    Parameters:
        con: a connection to the warehouse.
        layer: the layer that was just built.
        judgements: tables that another policy may halve without loss of data.
    """
    prepare(con)
    catalog, schema = ("insights", "main") if layer == "insights" else ("warehouse", layer)
    names = [
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = ? "
            "order by 1",
            [catalog, schema],
        ).fetchall()
    ]
    con.execute("delete from operations.current_volumes where layer = ?", [layer])
    for name in names:
        con.execute(
            "insert into operations.current_volumes "
            f'select ?, ?, count(*) from {catalog}.{schema}."{name}"',
            [layer, f"{'judgements' if name in judgements else 'rows'} of {name}"],
        )
    if "fact_revenue" in names:
        con.execute(
            "insert into operations.current_volumes select 'insights', 'net revenue', "
            "coalesce(sum(net_amount), 0) from insights.main.fact_revenue"
        )


def record_good(con: duckdb.DuckDBPyConnection) -> None:
    """Make the current counts the measure for the next run; called when a run has published."""
    prepare(con)
    con.execute("begin")
    con.execute("delete from operations.good_volumes")
    con.execute("insert into operations.good_volumes from operations.current_volumes")
    con.execute("commit")


def forget_good(con: duckdb.DuckDBPyConnection) -> None:
    """Accept whatever volumes come next, e.g. after loading another company's data."""
    prepare(con)
    con.execute("delete from operations.good_volumes")
