"""Small files as products write them, added as a source."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from tests.sources.added import Added, add


def table(root: Path, name: str, header: str, *rows: dict[str, str], **options: Any) -> Added:
    """A CSV file of a header, with cells by the column's name, added."""
    path = root / "exports" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    names = header.split(",")
    assert all(set(row) <= {*names} for row in rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return add(root, "export", path, **options)


def objects(root: Path, name: str, *rows: dict[str, Any]) -> Added:
    """Objects as NDJSON, added."""
    path = root / f"{name}.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return add(root, "export", path)


def of(added: Added, ending: str) -> str:
    """The model with this ending."""
    return next(m for m in added.feeds() if m.endswith(ending))
