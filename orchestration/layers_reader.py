"""The layers of the warehouse to read, without columns of personal data unless asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import duckdb

from orchestration.ingest.sql import literal, quoted
from orchestration.policy.declared_columns import (
    COLUMNS_OF_PERSON,
    attributes_declared,
    subscriptions,
)
from orchestration.policy.subscriptions import LOOKUP
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import attached, cannot_open, connect_reader


@contextmanager
def connect_layers(
    settings: Settings, with_personal_data: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of all models in the warehouse, as `<layer>.<model>`.

    A column with a label of personal data is left out, so that an answer can be passed on, and so
    are attributes that are not declared for lookup. That is a convenience and no wall: who may read
    the file may read all of it.

    Parameters:
        settings: paths.
        with_personal_data: leave no column out.

    Raises:
        UserError: there is no warehouse, or a run is writing it.
    """
    manifest = load_manifest(settings)
    kept_back = {
        name for name, (_, consumers) in subscriptions(manifest).items() if LOOKUP not in consumers
    }
    models = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    missing = "The warehouse has no profiles yet. Run `c360 run` first."
    with connect_reader(settings, "operations.node_states", missing) as con:
        standing: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where database_name = current_database() order by column_index"
        ).fetchall():
            standing.setdefault((schema, table), []).append(column)
    with duckdb.connect(":memory:") as con, ExitStack() as stack:
        try:
            stack.enter_context(attached(con, settings.warehouse_path, "warehouse_file"))
        except duckdb.Error as error:
            # A run that has begun since.
            raise cannot_open(error, settings.warehouse_path) from None
        for node in models:
            columns = standing.get((node["schema"], node["name"]), [])
            hidden = set() if with_personal_data else hidden_columns(manifest, node, columns)
            hidden |= kept_back & (set(columns) - set(node["columns"]))
            shown = [quoted(column) for column in columns if column not in hidden]
            if not shown:
                continue
            schema, table = quoted(node["schema"]), quoted(node["name"])
            con.execute(f"create schema if not exists {schema}")
            con.execute(
                f"create view {schema}.{table} as select {', '.join(shown)} "
                f"from warehouse_file.{schema}.{table}{_rows_shown(columns, kept_back)}"
            )
        con.execute("set timezone = 'UTC'")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


def _rows_shown(columns: Sequence[str], kept_back: Collection[str]) -> str:
    """Where a table has a row per attribute, those of attributes that may be looked up."""
    if not kept_back or not {"attribute", "attribute_value"} <= {*columns}:
        return ""
    return f" where attribute not in ({', '.join(map(literal, sorted(kept_back)))})"


def hidden_columns(
    manifest: Mapping[str, Any], node: Mapping[str, Any], columns: Sequence[str]
) -> set[str]:
    """The columns of a table that have a label of personal data, or may have had one.

    Parameters:
        manifest: dbt's manifest.json.
        node: the table's model or seed in it.
        columns: of the table as it stands in the warehouse.
    """
    labelled = {
        name
        for name, column in node["columns"].items()
        if {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}.get("label")
    }
    if any(m.endswith(f".{COLUMNS_OF_PERSON}") for m in node["depends_on"]["macros"]):
        # One that is not declared any more may have had a label.
        declared = attributes_declared(manifest)
        free = {name for name, label in declared.items() if not label}
        labelled |= set(columns) - set(node["columns"]) - free
    return labelled
