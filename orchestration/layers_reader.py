"""The layers of the warehouse to read, without columns of personal data unless asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class ShownTable:
    """What may be seen of a table of the warehouse.

    Attributes:
        schema: its layer.
        name: of the model.
        columns: those that are shown.
        condition: which rows are, empty for all.
        labelled: the columns that have a label of personal data.
    """

    schema: str
    name: str
    columns: tuple[str, ...]
    condition: str = ""
    labelled: frozenset[str] = frozenset()

    def select(self, catalog: str) -> str:
        """Its rows, as SQL.

        Parameters:
            catalog: the name by which the warehouse is attached.
        """
        shown = ", ".join(map(quoted, self.columns))
        table = f"{quoted(catalog)}.{quoted(self.schema)}.{quoted(self.name)}"
        return f"select {shown} from {table}{self.condition}"


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
    missing = "The warehouse has no profiles yet. Run `c360 run` first."
    with connect_reader(settings, "operations.node_states", missing) as con:
        tables = shown_tables(con, manifest, with_personal_data)
    with duckdb.connect(":memory:") as con, ExitStack() as stack:
        try:
            stack.enter_context(attached(con, settings.warehouse_path, "warehouse_file"))
        except duckdb.Error as error:
            # A run that has begun since.
            raise cannot_open(error, settings.warehouse_path) from None
        for table in tables:
            schema, name = quoted(table.schema), quoted(table.name)
            con.execute(f"create schema if not exists {schema}")
            con.execute(f"create view {schema}.{name} as {table.select('warehouse_file')}")
        con.execute("set timezone = 'UTC'")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


def shown_tables(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], with_personal_data: bool
) -> list[ShownTable]:
    """What may be seen of the tables of all models and seeds that stand in the warehouse.

    Parameters:
        con: a connection to the warehouse.
        manifest: dbt's manifest.json.
        with_personal_data: leave no column out but attributes that are not declared for lookup.
    """
    kept_back = {
        name for name, (_, consumers) in subscriptions(manifest).items() if LOOKUP not in consumers
    }
    standing: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = current_database() order by column_index"
    ).fetchall():
        standing.setdefault((schema, table), []).append(column)
    found = []
    for node in manifest["nodes"].values():
        columns = standing.get((node["schema"], node["name"]), [])
        if node["resource_type"] not in ("model", "seed") or not columns:
            continue
        labelled = hidden_columns(manifest, node, columns)
        hidden = set() if with_personal_data else labelled
        hidden |= kept_back & (set(columns) - set(node["columns"]))
        if shown := tuple(column for column in columns if column not in hidden):
            rows_shown = _rows_shown(columns, kept_back)
            found.append(
                ShownTable(node["schema"], node["name"], shown, rows_shown, frozenset(labelled))
            )
    return found


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
