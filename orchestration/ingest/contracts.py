"""Whether the staging tables are what the conformed entities ask for: columns and types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from orchestration.errors import UserError

MADE_LATER = {"record_key", "source_table", "code"}
"""Columns that the conformed layer makes itself."""

BOOKKEEPING = {
    "source_file": "string",
    "source_row": "bigint",
    "reject_reason": "string",
    "reject_column": "string",
}
"""What every staging table has, so that each of its rows can be accounted for."""


@dataclass(frozen=True)
class ContractFault:
    """A staging table that is not what its entity asks for.

    Attributes:
        model: the staging model.
        column: the column, empty when the model as a whole is wrong.
        found: the type found, empty when the column is missing.
        expected: the type or, for the model, the entity expected.
        text: the fault in one sentence, with what to do.
    """

    model: str
    column: str
    found: str
    expected: str
    text: str


def contract_faults(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> list[ContractFault]:
    """Compare the built staging tables with the YAML of the entities that they feed.

    Columns beyond those of the entity are allowed, and those that the entity calls optional may be
    absent from model and YAML.

    Parameters:
        con: a connection to the warehouse.
        manifest: dbt's manifest.json.

    Returns:
        The faults, ordered by model and column; none when all contracts are satisfied.

    Raises:
        UserError: an entity's YAML names a type that the database does not know.
    """
    models = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    built: dict[str, dict[str, str]] = {}
    for table, column, data_type in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'staging' and database_name = current_database()"
    ).fetchall():
        built.setdefault(table, {})[column] = data_type
    faults: list[ContractFault] = []
    for name, node in sorted(models.items()):
        if node["fqn"][1] != "staging":
            continue
        entity = node["config"].get("meta", {}).get("entity", "")
        contract = models.get(entity)
        if contract is None or contract["fqn"][1] != "conformed":
            said = f"names the entity '{entity}', which conformed does not have" if entity else ""
            faults.append(
                ContractFault(
                    name,
                    "",
                    entity,
                    "an entity",
                    f"{name} {said or 'names no entity'}. Write config.meta.entity into "
                    f"{_yaml_path(node)}, and the model's name below that entity in "
                    "vars.entity_sources of dbt_project.yml.",
                )
            )
            continue
        expected = {
            column: str(declared.get("data_type") or "string")
            for column, declared in contract["columns"].items()
            if column not in MADE_LATER
        }
        found = built.get(name, {})
        for column, declared in contract["columns"].items():
            optional = declared.get("config", {}).get("meta", {}).get("optional")
            if not optional or column in node["columns"]:
                continue
            del expected[column]
            if column in found:
                faults.append(_unlisted(node, entity, column, found[column]))
        for column, data_type in {**expected, **BOOKKEEPING}.items():
            wanted = _as_duckdb(data_type)
            if found.get(column) != wanted:
                faults.append(_fault(node, entity, column, found.get(column, ""), wanted))
    return faults


def _unlisted(node: Mapping[str, Any], entity: str, column: str, found: str) -> ContractFault:
    return ContractFault(
        node["name"],
        column,
        found,
        "a column in its YAML",
        f"{node['name']} has the column {column}, which {entity} reads where the model's YAML "
        f"lists it. Add it to {_yaml_path(node)}.",
    )


def _fault(
    node: Mapping[str, Any], entity: str, column: str, found: str, wanted: str
) -> ContractFault:
    name = node["name"]
    what = f"has {column} as {found}" if found else f"lacks the column {column}"
    return ContractFault(
        name,
        column,
        found,
        wanted,
        f"{name} {what}; {entity} needs {column} as {wanted}. Correct the select at the end of "
        f"{node['original_file_path']}.",
    )


def _yaml_path(node: Mapping[str, Any]) -> str:
    patch = str(node.get("patch_path") or "")
    return patch.split("://")[-1] or str(node["original_file_path"]).replace(".sql", ".yml")


@cache
def _as_duckdb(data_type: str) -> str:
    with duckdb.connect() as con:
        try:
            row = con.execute(f"select typeof(cast(null as {data_type}))").fetchone()
        except duckdb.Error:
            raise UserError(
                f"The type '{data_type}' of a conformed entity's YAML is unknown to the database. "
                "Use one of those in the neighbouring YAML files."
            ) from None
    assert row is not None
    return str(row[0])
