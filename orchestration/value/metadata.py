"""What Dagster shows beside the tables of lifetime value."""

from __future__ import annotations

from typing import Any

import dagster as dg
import duckdb

from orchestration.value.report import collect
from orchestration.value.report_page import asset_metadata

TABLE = "customer_lifetime_value"


def lifetime_metadata(con: duckdb.DuckDBPyConnection, built: set[str]) -> dict[str, dict[str, Any]]:
    """Metadata by model name, as Dagster wants it.

    Parameters:
        con: a connection to the warehouse.
        built: names of the models that were just built; without the last of lifetime value there
            is nothing to show.
    """
    if TABLE not in built:
        return {}
    shown = asset_metadata(collect(con))
    return {
        model: {
            name: dg.MetadataValue.md(value) if isinstance(value, str) else value
            for name, value in entries.items()
            if value is not None
        }
        for model, entries in shown.items()
    }
