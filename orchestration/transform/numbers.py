"""Row counts and the domain numbers that a model's YAML asks for (`config.meta.numbers`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.ingest.sql import quoted

SNAPSHOT = "daily_snapshot"
"""The materialisation of models that remember days (dbt_project/macros/daily_snapshots.sql)."""


def measure_tables(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], unique_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Count the rows of built tables and evaluate their domain numbers, one query per table.

    Parameters:
        con: a connection to the warehouse.
        manifest: dbt's manifest.json.
        unique_ids: models and seeds that were just built.

    Returns:
        By unique id: `dagster/row_count` and one entry per domain number, of a model that remembers
        days that of the latest. Nothing of a view without numbers, because counting its rows would
        be as much as making it a table.
    """
    measured: dict[str, dict[str, Any]] = {}
    for unique_id in unique_ids:
        node = manifest["nodes"][unique_id]
        numbers = node["config"].get("meta", {}).get("numbers", {})
        if node["config"]["materialized"] == "view" and not numbers:
            continue
        table = node["relation_name"]
        count, rows = "count(*)", table
        if numbers and node["config"]["materialized"] == SNAPSHOT:
            day = quoted(node["config"].get("day", "date_key"))
            rows = f"(from {table} where {day} = (select max({day}) from {table}))"
            # An aggregate, so that there is a row also where there is no day.
            count = f"coalesce(max((select count(*) from {table})), 0)"
        row = con.execute(f"select {', '.join([count, *numbers.values()])} from {rows}").fetchone()
        assert row is not None
        names = ["dagster/row_count", *numbers]
        measured[unique_id] = {n: _plain(v) for n, v in zip(names, row, strict=True)}
    return measured


def hash_rows(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """A hash over a table's rows that does not depend on their order."""
    [(hashed,)] = con.execute(
        f"select count(*) || ' ' || coalesce(sum(hash(rows_)::hugeint), 0) from {table} as rows_"
    ).fetchall()
    return str(hashed)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float | str) else str(value)
