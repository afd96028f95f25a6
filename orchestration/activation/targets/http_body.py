"""The body of a request: rows in the shape that a destination's file describes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.activation.destinations.http import PLACE, Call
from orchestration.activation.targets.protocol import Row

MISSING = object()


def body_of(call: Call, rows: Sequence[Row]) -> bytes:
    """What is sent for some rows."""
    texts = [row.payload for row in rows] if call.row == "$ROW" else _rendered(call, rows)
    if call.format == "ndjson":
        return "".join(f"{text}\n" for text in texts).encode()
    # Rows that are JSON already are put in as they are.
    before, _, after = json.dumps(call.body).partition('"$ROWS"')
    return f"{before}[{','.join(texts)}]{after}".encode()


def _rendered(call: Call, rows: Sequence[Row]) -> list[str]:
    found = [_filled(call.row, row, json.loads(row.payload)) for row in rows]
    # What has no value at all keeps its place, so that a reply's places mean our rows.
    return [json.dumps({} if value is MISSING else value) for value in found]


def _filled(template: Any, row: Row, values: Mapping[str, Any]) -> Any:
    """A row as its template says. A field without a value is left out, and so is a list's entry."""
    if isinstance(template, dict):
        fields = {name: _filled(part, row, values) for name, part in template.items()}
        return {name: value for name, value in fields.items() if value is not MISSING} or MISSING
    if isinstance(template, list):
        entries = [_entry(part, row, values) for part in template]
        return [entry for entry in entries if entry is not MISSING] or MISSING
    place = PLACE.fullmatch(template) if isinstance(template, str) else None
    if place is None:
        return template.replace("$KEY", row.key) if isinstance(template, str) else template
    if place["name"] == "KEY":
        return row.key
    if place["name"] == "ROW":
        return values
    value = values.get(place["name"])
    if value is None:
        return "" if place["without"] == "|" else MISSING
    return value


def _entry(template: Any, row: Row, values: Mapping[str, Any]) -> Any:
    """An entry of a list. One of fields needs all of them, but lists and those that may lack: an
    identifier's type without its value is none."""
    if not isinstance(template, dict):
        return _filled(template, row, values)
    fields = {name: _entry(part, row, values) for name, part in template.items()}
    lacks = [name for name, value in fields.items() if value is MISSING]
    if any(not isinstance(template[n], list) and not str(template[n]).endswith("?") for n in lacks):
        return MISSING
    return {name: value for name, value in fields.items() if value is not MISSING} or MISSING
