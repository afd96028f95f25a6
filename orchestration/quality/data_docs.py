"""Data docs: a page per gate that says what was promised, why, and what was found.

Great Expectations validates; its own pages load styles, scripts and pictures from five outside
hosts, which a closed network shows as bare text, so these pages are ours and need nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

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
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), trim_blocks=True
    )
    environment.filters["in_words"] = in_words
    page = folder / f"{result.layer}.html"
    _write(page, environment.get_template("gate.html").render(result=result, now=now))
    summary = {
        "layer": result.layer,
        "passed": result.passed,
        "kept": sum(r.kept for r in result.results),
        "promises": len(result.results),
        "checked_at": now,
    }
    _write(folder / f"{result.layer}.json", json.dumps(summary))
    summaries = [
        json.loads((folder / f"{layer}.json").read_text())
        for layer in LAYERS
        if (folder / f"{layer}.json").exists()
    ]
    _write(folder / "index.html", environment.get_template("index.html").render(gates=summaries))
    return page


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
