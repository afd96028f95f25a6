"""How a dbt node looks in Dagster: key, group, owner, kinds, and the gate it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from orchestration.settings import LAYERS
from orchestration.transform.dbt import layer_of
from orchestration.transform.tables_read import KEPT_BEFORE, SHOWN


def gate_key(layer: str) -> dg.AssetKey:
    """The asset that holds a layer's blocking checks."""
    return dg.AssetKey(["gate", layer])


class LayerTranslator(DagsterDbtTranslator):
    """Groups by layer and makes every model wait for the gate of the layer before.

    A blocking check stops only what consumes its own asset. The gate depends on the whole layer
    and the next layer depends on the gate, so a red gate stops everything after it.
    """

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_code_references=False))

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The asset of a dbt node."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if unique_id.startswith("source."):
            return spec
        layer = layer_of(manifest, unique_id)
        node = manifest["nodes"][unique_id]
        meta = node["config"].get("meta", {})
        others = {self.get_asset_key(source) for source in _no_assets(manifest, node)}
        deps = [dep for dep in spec.deps if dep.asset_key not in others]
        if layer in LAYERS:
            before = ("ingest", *LAYERS)[LAYERS.index(layer)]
            deps.append(dg.AssetDep(gate_key(before)))
        return spec.replace_attributes(
            key=dg.AssetKey([layer, node["name"]]),
            deps=deps,
            group_name=layer,
            owners=[meta["owner"]] if "owner" in meta else [],
            kinds={"dbt", "duckdb", "seed" if layer == "policy" else "table"},
        )

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """A dbt test as a check, if it runs in the same operation as its asset is built."""
        if manifest["nodes"][unique_id]["fqn"][1] != asset_spec.key.path[0]:
            return None
        return super().get_asset_check_spec(asset_spec, manifest, unique_id, project)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The YAML's description; the SQL is a click away and would drown it."""
        return str(dbt_resource_props.get("description", ""))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`<layer>/<model>`, and `<source>/<table>` for a source."""
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        is_seed = dbt_resource_props["resource_type"] == "seed"
        layer = "policy" if is_seed else dbt_resource_props["fqn"][1]
        return dg.AssetKey([layer, dbt_resource_props["name"]])


def _no_assets(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Sources of a node that are what runs write before their steps, or of models after it."""
    for parent in node["depends_on"].get("nodes", ()):
        source = manifest["sources"].get(parent)
        meta = source["config"].get("meta", {}) if source else {}
        if meta.get(SHOWN) or meta.get(KEPT_BEFORE):
            yield source
