"""What a reply says of the rows that were sent."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from orchestration.activation.destinations.http import Rejections
from orchestration.activation.targets.protocol import Result, Row

CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,20}([_.-][A-Za-z0-9]{1,20}){0,5}")


def read(reply: bytes) -> Any:
    """A reply as JSON; nothing where it is none."""
    try:
        return json.loads(reply or b"{}")
    except ValueError:
        return {}


def at(document: Any, field: str) -> Any:
    """A field of a reply, None where it is not there."""
    for part in field.split("."):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def results_of(
    rows: Sequence[Row], document: Any, where: Rejections | None
) -> tuple[list[Result], int]:
    """What a reply says of each row.

    Parameters:
        rows: that were sent, in order.
        document: the reply.
        where: it names refused rows.

    Returns:
        One result per row, and how many of the accepted ones were refused without being named.
    """
    results = [Result("accepted")] * len(rows)
    if where is None:
        return results, 0
    listed = at(document, where.list) if where.list else []
    entries = listed if isinstance(listed, list) else []
    by_id = _by_id(rows, where) if entries else {}
    for n, entry in enumerate(entries):
        if where.status:
            status = at(entry, where.status)
            place = n if isinstance(status, int) and status >= 400 else None
        else:
            place = by_id.get(_text(entry, where.id)) if _has_ids(where) else at(entry, where.index)
        if isinstance(place, int) and not isinstance(place, bool) and 0 <= place < len(rows):
            reason = at(entry, where.reason) if isinstance(entry, dict) else ""
            results[place] = Result("rejected", _word(reason, rows[place]))
    told = at(document, where.count) if where.count else 0
    if isinstance(told, str) and told.isdigit():
        told = int(told)
    named = sum(result.outcome == "rejected" for result in results)
    if not isinstance(told, int) or told <= named:
        return results, 0
    if told >= len(rows):
        return [r if r.reason else Result("rejected", "rejected") for r in results], 0
    said = f"{told - named}_of_{len(rows) - named}_refused_unnamed"
    return [r if r.reason else Result("accepted", said) for r in results], told - named


def _has_ids(where: Rejections) -> bool:
    return where.id is not None or where.column is not None


def _by_id(rows: Sequence[Row], where: Rejections) -> dict[str, int]:
    if not _has_ids(where):
        return {}
    if where.column is None:
        return {row.key: place for place, row in enumerate(rows)}
    return {str(json.loads(row.payload).get(where.column)): n for n, row in enumerate(rows)}


def _text(entry: Any, field: str | None) -> str:
    return str(at(entry, field) if field and isinstance(entry, dict) else entry)


def _word(reason: Any, row: Row) -> str:
    """A reason as it may be kept: a code, and none that repeats something of the row."""
    text = str(reason or "")
    if not CODE.fullmatch(text) or text.lower() in row.payload.lower():
        return "rejected"
    return text.lower()
