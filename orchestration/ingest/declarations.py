"""The source tables that the dbt project declares: what to read, from where, which columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.errors import UserError

FORMATS = ("csv", "ndjson", "sqlite")


@dataclass(frozen=True)
class SourceTable:
    """One declared table of one source system.

    Attributes:
        source: the source system, a folder under models/staging.
        table: the table's name within the source.
        identifier: its table in the schema `landing`.
        format: csv, ndjson or sqlite.
        path: glob below the landing folder, `**` allowed.
        columns: the columns that are loaded, all as text.
        database_table: the table to read inside a database file.
        description: what the YAML says about it.
    """

    source: str
    table: str
    identifier: str
    format: str
    path: str
    columns: tuple[str, ...]
    database_table: str | None = None
    description: str = ""

    def files(self, landing_dir: Path) -> list[Path]:
        """The files of this table, in a stable order.

        Raises:
            UserError: a link or a `..` leads out of the landing folder.
        """
        found = sorted(p for p in landing_dir.glob(self.path) if p.is_file())
        root = landing_dir.resolve()
        for path in found:
            if not path.resolve().is_relative_to(root):
                raise UserError(
                    f"{path} leads out of the landing folder {landing_dir}, which the run refuses "
                    f"to read for source {self.source}. Copy the file into the folder instead."
                )
        return found


def declared_source_tables(manifest: Mapping[str, Any]) -> list[SourceTable]:
    """The source tables of a dbt manifest that have a file format, ordered by name.

    Parameters:
        manifest: dbt's manifest.json as a mapping.

    Raises:
        UserError: a declaration lacks its path or columns or names an unknown format.
    """
    tables = []
    for node in manifest["sources"].values():
        meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
        if "format" not in meta:
            continue
        where = f"source {node['source_name']}.{node['name']} in {node['original_file_path']}"
        if meta["format"] not in FORMATS:
            raise UserError(
                f"The {where} has format '{meta['format']}'. Use one of {', '.join(FORMATS)}."
            )
        if not meta.get("path") or not node["columns"]:
            raise UserError(f"The {where} needs meta.path and a list of columns.")
        path = str(meta["path"])
        if Path(path).is_absolute() or ".." in Path(path).parts:
            raise UserError(f"The {where} must give a path below the landing folder, not '{path}'.")
        tables.append(
            SourceTable(
                source=node["source_name"],
                table=node["name"],
                identifier=node["identifier"],
                format=meta["format"],
                path=path,
                columns=tuple(node["columns"]),
                database_table=meta.get("sqlite_table"),
                description=node.get("description", ""),
            )
        )
    return sorted(tables, key=lambda table: (table.source, table.table))
