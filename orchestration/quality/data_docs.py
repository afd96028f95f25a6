"""Data docs: a page per gate (what was promised, why, what was found) and a page per source.

Great Expectations validates; its own pages load styles, scripts and pictures from five outside
hosts, which a closed network shows as bare text, so these pages are ours and need nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from orchestration.quality.validation import SuiteResult, in_words
from orchestration.settings import LAYERS

TEMPLATES = Path(__file__).parent / "templates"


def write_page(folder: Path, result: SuiteResult) -> Path:
    """Write a layer's page and refresh the index.

    Parameters:
        folder: the data docs folder.
        result: the suite's result.

    Returns:
        The page's path.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    page = folder / f"{result.layer}.html"
    _write(page, _environment().get_template("gate.html").render(result=result, now=now))
    summary = {
        "layer": result.layer,
        "passed": result.passed,
        "kept": sum(r.kept for r in result.results),
        "promises": len(result.results),
        "checked_at": now,
    }
    _write(folder / f"{result.layer}.json", json.dumps(summary))
    write_index(folder)
    return page


def write_source(
    folder: Path, source: str, context: Mapping[str, Any], summary: Mapping[str, Any]
) -> Path:
    """Write a source's page; `write_index` links it.

    Parameters:
        folder: the data docs folder.
        source: the source system.
        context: what the template source.html shows.
        summary: the source's line in the index.

    Returns:
        The page's path.
    """
    page = folder / f"source_{source}.html"
    _write(page, _environment().get_template("source.html").render(context))
    _write(folder / f"source_{source}.json", json.dumps(summary))
    return page


def write_index(folder: Path) -> None:
    """Write the page that links every gate, in the order of the chain, and every source."""
    gates = [folder / f"{layer}.json" for layer in LAYERS]
    context = {
        "gates": [json.loads(path.read_text()) for path in gates if path.exists()],
        "sources": [json.loads(p.read_text()) for p in sorted(folder.glob("source_*.json"))],
    }
    _write(folder / "index.html", _environment().get_template("index.html").render(context))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), trim_blocks=True
    )
    environment.filters["in_words"] = in_words
    return environment


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
