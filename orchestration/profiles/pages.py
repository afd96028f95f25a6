"""A page of the data docs per source: what its columns look like, and what is expected of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.profiles.newest import newest_profiles
from orchestration.quality import data_docs
from orchestration.quality.validation import SuiteResult


def write_source_pages(
    folder: Path, con: duckdb.DuckDBPyConnection, source: str | None = None
) -> list[Path]:
    """Write the pages of all profiled sources, or of one, and refresh the index.

    Parameters:
        folder: the data docs folder.
        con: a connection to the warehouse.
        source: one source system; a source without a profile has no page.

    Returns:
        The pages' paths.
    """
    try:
        names = con.execute(
            "select source_system, min(profiled_at) from operations.newest_profiles "
            "where $1 is null or source_system = $1 group by all order by 1",
            [source],
        ).fetchall()
    except duckdb.CatalogException:
        return []
    pages = []
    for name, oldest in names:
        tables: list[dict[str, Any]] = [
            {"name": table, "columns": columns, "numbers": columns[0].numbers}
            for (table, _view), columns in newest_profiles(con, name).items()
        ]
        expected = _read_results(folder, name)
        summary = {
            "source": name,
            "tables": len(tables),
            "rows": sum(int(table["numbers"]["row_count"]) for table in tables),
            "profiled_at": f"{oldest:%Y-%m-%d %H:%M UTC}",
            "broken": sum(not e["kept"] for e in expected),
            "expectations": len(expected),
        }
        context = {"source": name, "tables": tables, "expected": expected}
        pages.append(data_docs.write_source(folder, name, context, summary))
    data_docs.write_index(folder)
    return pages


def write_expectation_results(folder: Path, result: SuiteResult) -> None:
    """Keep what the last check of a source's suite found, for its page."""
    entries = [
        {
            "subject": p.subject or p.name,
            "rule": p.rule,
            "why": p.why,
            "kept": r.kept,
            "critical": p.severity == "critical",
            "found": r.observed,
        }
        for r in result.results
        for p in [r.promise]
    ]
    folder.mkdir(parents=True, exist_ok=True)
    _results_path(folder, result.layer).write_text(json.dumps(entries), encoding="utf-8")


def _results_path(folder: Path, source: str) -> Path:
    return folder / f"expectations_{source}.json"


def _read_results(folder: Path, source: str) -> list[dict[str, Any]]:
    path = _results_path(folder, source)
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []
