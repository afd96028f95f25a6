"""Column lineage beside the tables in Dagster: which columns the values of each are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import dagster as dg
import duckdb

from orchestration.lineage.edges import ROWS, VALUE_KINDS
from orchestration.lineage.store import EDGES, keep_lineage, name_of
from orchestration.settings import Settings
from orchestration.transform.translator import LayerTranslator
from orchestration.warehouse import Connect

COLUMN_LINEAGE = "dagster/column_lineage"


class ColumnLineage:
    """The lineage of one project's models, kept layer by layer.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
    """

    def __init__(self, settings: Settings, manifest: Mapping[str, Any]) -> None:
        self._settings = settings
        self._manifest = manifest
        translator = LayerTranslator()
        nodes = [
            node
            for node in (*manifest["nodes"].values(), *manifest["sources"].values())
            if node["resource_type"] in ("model", "seed", "source")
        ]
        self._keys = {name_of(node): translator.get_asset_key(node) for node in nodes}
        self._models = {
            node["name"]: name_of(node) for node in nodes if node["resource_type"] == "model"
        }

    def keep(self, connect: Connect, names: Collection[str], made: Collection[str]) -> None:
        """Keep the lineage of models, see `keep_lineage`."""
        keep_lineage(connect, self._settings, self._manifest, names, made)

    def metadata(
        self, con: duckdb.DuckDBPyConnection, names: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """Metadata by model name. Dagster knows of values only; decisions are in the warehouse.

        Parameters:
            con: a connection to the warehouse.
            names: of the models.
        """
        asked = {table: name for name, table in self._models.items() if name in names}
        kinds = ", ".join(f"'{kind}'" for kind in VALUE_KINDS)
        found: dict[str, dict[str, list[dg.TableColumnDep]]] = {}
        for model, column, table, read in con.execute(
            f"select distinct model, column_name, from_table, from_column from {EDGES} "
            f"where kind in ({kinds}) and from_column <> '{ROWS}' "
            "and model in (select unnest(?)) order by all",
            [sorted(asked)],
        ).fetchall():
            if table in self._keys:
                read_column = dg.TableColumnDep(self._keys[table], read)
                found.setdefault(asked[model], {}).setdefault(column, []).append(read_column)
        return {name: {COLUMN_LINEAGE: dg.TableColumnLineage(deps)} for name, deps in found.items()}
