"""What keyed attribute files have brought, as `c360 source list` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.ingest.sql import quoted

MARK = "listed_as"
"""The word of `config.meta` by which a model says that `source list` shows it, and as what."""


@dataclass
class Uploads:
    """The last upload of a source of keyed attribute files, and its ids.

    Attributes:
        source: the source system.
        file: the newest file by what it says.
        received, new, updated, unchanged, deleted: records of that file.
        ids: ids that are known after it.
        known_ids: of these, ids of people whom another system knows.
        high_alias_ids: of these, ids that are on too many devices to be one person's.
    """

    source: str
    file: str
    received: int
    new: int
    updated: int
    unchanged: int
    deleted: int
    ids: int
    known_ids: int
    high_alias_ids: int

    def __str__(self) -> str:
        return (
            f"{self.source}: the last upload is {self.file} with {self.received:,} records: "
            f"{self.new:,} new, {self.updated:,} updated, {self.unchanged:,} unchanged, "
            f"{self.deleted:,} deleted. Of {self.ids:,} ids {self.known_ids:,} are known to other "
            f"systems, and {self.high_alias_ids:,} are on too many devices."
        )


def last_uploads(con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> list[Uploads]:
    """The last upload of each source with keyed attribute files, by name.

    Parameters:
        con: a connection to the warehouse; none where it lacks the tables yet.
        manifest: dbt's manifest.json.
    """
    tables = {
        node["config"]["meta"][MARK]: f"{quoted(node['schema'])}.{quoted(node['name'])}"
        for node in manifest["nodes"].values()
        if node["config"].get("meta", {}).get(MARK)
    }
    try:
        rows = con.execute(
            "select source_system, source_file, received_count, new_count, updated_count, "
            "unchanged_count, deleted_count, total_count, known_id_count, high_alias_id_count "
            f"from {tables['uploads']} inner join {tables['ids']} using (source_system) "
            "qualify row_number() over (partition by source_system order by upload_number desc) "
            "= 1 order by source_system"
        ).fetchall()
    except (KeyError, duckdb.CatalogException, duckdb.BinderException):
        # A project or warehouse of an earlier version, or one without a run.
        return []
    return [Uploads(*row) for row in rows]
