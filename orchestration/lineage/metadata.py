"""Column lineage beside the tables in Dagster: which columns the values of each are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import dagster as dg
import duckdb

from orchestration.lineage.edges import ROWS, VALUE_KINDS
from orchestration.lineage.store import EDGES, name_of
from orchestration.transform.translator import LayerTranslator

COLUMN_LINEAGE = "dagster/column_lineage"


def lineage_metadata(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], names: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Metadata by model name. Dagster knows of values only; decisions are in the warehouse.

    Parameters:
        con: a connection to the warehouse.
        manifest: dbt's manifest.json.
        names: of the models.
    """
    translator = LayerTranslator()
    nodes = [
        node
        for node in (*manifest["nodes"].values(), *manifest["sources"].values())
        if node["resource_type"] in ("model", "seed", "source")
    ]
    keys = {name_of(node): translator.get_asset_key(node) for node in nodes}
    asked = {
        name_of(node): node["name"]
        for node in nodes
        if node["resource_type"] == "model" and node["name"] in names
    }
    kinds = ", ".join(f"'{kind}'" for kind in VALUE_KINDS)
    found: dict[str, dict[str, list[dg.TableColumnDep]]] = {}
    for model, column, table, read in con.execute(
        f"select distinct model, column_name, from_table, from_column from {EDGES} "
        f"where kind in ({kinds}) and from_column <> '{ROWS}' "
        "and model in (select unnest(?)) order by all",
        [sorted(asked)],
    ).fetchall():
        if table in keys:
            read_column = dg.TableColumnDep(keys[table], read)
            found.setdefault(asked[model], {}).setdefault(column, []).append(read_column)
    return {name: {COLUMN_LINEAGE: dg.TableColumnLineage(deps)} for name, deps in found.items()}
