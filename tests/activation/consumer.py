"""Whoever fetches files: believes manifests only, verifies what they list, and applies changes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MANIFEST = ".manifest.json"


def manifests(folder: Path) -> list[Path]:
    """The manifests that are there, in the order in which they came."""
    return sorted(folder.glob(f"*{MANIFEST}"), key=lambda path: path.stat().st_mtime_ns)


def verified(manifest: Path) -> list[dict[str, str]]:
    """The rows of all files that a manifest lists, each held to what it says of it."""
    told = json.loads(manifest.read_text())
    rows: list[dict[str, str]] = []
    for entry in told["files"]:
        content = manifest.with_name(entry["file"]).read_bytes()
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        found = parsed(content, told)
        assert len(found) == entry["rows"]
        rows += found
    assert len(rows) == told["rows"]
    return rows


def parsed(content: bytes, told: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of a file's bytes."""
    if told["compression"] == "gzip":
        content = gzip.decompress(content)
    lines = content.decode().splitlines()
    if told["format"] == "ndjson":
        return [json.loads(line) for line in lines]
    return list(csv.DictReader(lines))


def hearsay(folder: Path) -> set[str]:
    """Visible files that no manifest lists."""
    listed = {m.name for m in manifests(folder)}
    for manifest in manifests(folder):
        listed |= {entry["file"] for entry in json.loads(manifest.read_text())["files"]}
    return {path.name for path in folder.iterdir()} - listed


def state_of(folder: Path, mode: str, key: str = "profile_id") -> dict[str, dict[str, str]]:
    """What a consumer holds after all files: the last segment, or all changes applied in turn."""
    held: dict[str, dict[str, str]] = {}
    for manifest in manifests(folder):
        rows = verified(manifest)
        if mode == "snapshot":
            held = {row[key]: row for row in rows}
            continue
        for row in rows:
            if row.pop("operation") == "add":
                held[row[key]] = row
            else:
                held.pop(row[key], None)
    return held
