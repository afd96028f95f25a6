"""What a client of the published model wants to know beside its rows: descriptions and keys.

It is read from dbt's manifest when a version is published and kept with that version, so that an
older version is shown with what was declared then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orchestration.proof import sync
from orchestration.settings import LAYERS, Settings


@dataclass(frozen=True)
class Key:
    """A declared key.

    Attributes:
        kind: primary_key, unique or foreign_key.
        columns: its columns.
        to: the table that a foreign key leads to.
        to_columns: the columns there.
    """

    kind: str
    columns: list[str]
    to: str = ""
    to_columns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TableFacts:
    """What is declared of a table.

    Attributes:
        description: what its rows are.
        columns: descriptions by column.
        keys: declared keys.
    """

    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)


def write_model(settings: Settings, path: Path) -> None:
    """Write what dbt's manifest says of the reporting tables; nothing where there is none."""
    try:
        text = (settings.dbt_target_dir / "manifest.json").read_text(encoding="utf-8")
        facts = declared(json.loads(text))
    except (OSError, ValueError):
        facts = {}
    path.write_text(json.dumps({name: asdict(f) for name, f in facts.items()}), encoding="utf-8")
    sync(path)


def read_model(path: Path) -> dict[str, TableFacts]:
    """What was written of a version's tables, by table; empty when it can't be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: TableFacts(f["description"], f["columns"], [Key(**key) for key in f["keys"]])
            for name, f in found.items()
        }
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def declared(manifest: Mapping[str, Any]) -> dict[str, TableFacts]:
    """What a manifest declares of the models of the last layer, by table.

    Parameters:
        manifest: dbt's manifest.json.
    """
    return {
        node.get("alias") or node["name"]: TableFacts(
            " ".join((node.get("description") or "").split()),
            {
                name: " ".join((column.get("description") or "").split())
                for name, column in node.get("columns", {}).items()
            },
            _keys(node),
        )
        for node in manifest.get("nodes", {}).values()
        if node.get("resource_type") == "model" and LAYERS[-1] in node.get("fqn", ())
    }


def _keys(node: Mapping[str, Any]) -> list[Key]:
    found = [(entry, entry.get("columns") or []) for entry in node.get("constraints") or []]
    for name, column in node.get("columns", {}).items():
        found += [(entry, [name]) for entry in column.get("constraints") or []]
    keys = []
    for entry, columns in found:
        kind = str(entry.get("type"))
        if kind == "foreign_key" and entry.get("to"):
            to = re.findall(r"\w+", str(entry["to"]))[-1]
            keys.append(Key(kind, columns, to, entry.get("to_columns") or []))
        elif kind in ("primary_key", "unique"):
            keys.append(Key(kind, columns))
    return keys
