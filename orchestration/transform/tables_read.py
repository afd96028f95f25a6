"""What the tables are that nodes read: those of landing and others that no node makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.ingest.loaded import loaded_content
from orchestration.ingest.sql import quoted
from orchestration.transform.node_states import NodeState
from orchestration.transform.numbers import hash_rows

LAST_DAY = "9999-12-31"
SHOWN = "is_shown_as_it_is"
"""Said of a source (`config.meta`) that views alone read."""
KEPT_BEFORE = "is_kept_before_a_run"
"""Said of a source that a run writes before its first step, so that no asset of it makes it."""


class TablesRead:
    """What tables are that no node makes, asked once per decision.

    Parameters:
        con: a connection to the warehouse.
        manifest: dbt's manifest.json.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
        self._con = con
        self._manifest = manifest
        self._known: dict[str, str] = {}
        self._landing: dict[tuple[str, str], str] | None = None

    def fingerprint(self, unique_id: str) -> str:
        """What a source is; nothing for a node that was not made."""
        source = self._manifest["sources"].get(unique_id)
        # What a view only shows makes nothing again when it changes.
        if source is None or source.get("config", {}).get("meta", {}).get(SHOWN):
            return ""
        loaded = self._loaded().get((source["source_name"], source["name"]))
        return loaded or self.content(source["relation_name"])

    def content(self, table: str) -> str:
        """A hash over the rows of a table that does not depend on their order."""
        if table not in self._known:
            try:
                content = hash_rows(self._con, table)
            except duckdb.CatalogException:
                content = "is not there"
            self._known[table] = content
        return self._known[table]

    def is_as_left(self, state: NodeState) -> bool:
        """Whether a node's table is there with as many rows as it was left with; a view at all."""
        node = self._manifest["nodes"][state.unique_id]
        relation = node["relation_name"]
        if relation is None:
            return True
        is_view = node["config"]["materialized"] == "view"
        try:
            if is_view:
                self._con.execute(f"select 1 from {relation} limit 0")
                return True
            [(count,)] = self._con.execute(f"select count(*) from {relation}").fetchall()
        except duckdb.Error:
            return False
        return bool(count == state.measured.get("dagster/row_count"))

    def next_day(self, unique_id: str, made_on: str) -> str:
        """The next day on which a row of a model that asks for the day is another.

        Parameters:
            unique_id: of a model. What staging waits for it has noted itself; another model says
                in `config.meta.next_day` how to ask its inputs for days, of which the first counts.
            made_on: the day on which it was made.

        Returns:
            Empty when that is not known, a day after all others when no row waits for one.
        """
        node = self._manifest["nodes"][unique_id]
        asked = node["config"].get("meta", {}).get("next_day")
        noted = f"select next_on from operations.{quoted('staged_' + node['name'])}"
        first = f"select min(cast(day as date)) from ({asked or noted}) as days (day)"
        given = {"made_on": made_on} if "$made_on" in first else None
        try:
            found = self._con.execute(first, given)
            [(day,)] = found.fetchall()
        except duckdb.Error:
            return ""
        return str(day or LAST_DAY)

    def _loaded(self) -> dict[tuple[str, str], str]:
        if self._landing is None:
            self._landing = loaded_content(self._con)
        return self._landing
