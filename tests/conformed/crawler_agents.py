"""The seed crawler_agents, made from the list of the library `crawler-user-agents`.

`python -m tests.conformed.crawler_agents` writes it again after an update of the library.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from orchestration.settings import DBT_PROJECT_DIR

SEED = DBT_PROJECT_DIR / "seeds" / "policy" / "crawler_agents.csv"
LISTED: list[dict[str, Any]] = CRAWLER_USER_AGENTS_DATA
COLUMNS = ("pattern", "required_text", "is_literal", "comment")


def rows() -> list[dict[str, str]]:
    """One row per pattern of the library, and per alternative where nothing is common to them."""
    found = {
        pattern: _row(pattern, entry)
        for entry in LISTED
        for pattern in _alternatives(entry["pattern"])
    }
    return [found[pattern] for pattern in sorted(found)]


def required_text(pattern: str) -> tuple[str, bool]:
    """The longest text that every match of a pattern contains, and whether that is all it asks.

    Raises:
        ValueError: there is no such text, so the pattern could not be looked for by it.
    """
    parsed = list(sre.parse(pattern))
    texts = list(_literal_runs(parsed))
    longest = max(texts, key=len, default="")
    if not longest:
        raise ValueError(f"every match of {pattern!r} would have to be tried on every agent")
    return longest, len(texts) == 1 and len(longest) == len(parsed)


def _literal_runs(items: Iterable[Any]) -> Iterator[str]:
    run = ""
    for kind, argument in items:
        if kind is op.LITERAL:
            run += chr(argument)
            continue
        if run:
            yield run
        run = ""
    if run:
        yield run


def _alternatives(pattern: str) -> list[str]:
    # sre takes what alternatives have in common out of them; without that, each needs its row.
    if "|" in pattern and "(" not in pattern and not list(_literal_runs(sre.parse(pattern))):
        return pattern.split("|")
    return [pattern]


def _row(pattern: str, entry: dict[str, Any]) -> dict[str, str]:
    text, is_literal = required_text(pattern)
    kind = ", ".join(entry.get("tags", ()))
    return {
        "pattern": pattern,
        "required_text": text,
        "is_literal": str(is_literal).lower(),
        "comment": f"{kind}: {entry.get('description', '').strip()}".strip(": "),
    }


def text() -> str:
    """The seed's file as text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    SEED.write_text(text(), encoding="utf-8")
    print(f"{SEED}: {len(rows())} rows, crawler-user-agents {version('crawler-user-agents')}")
