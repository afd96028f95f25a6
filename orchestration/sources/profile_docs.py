"""A page of the data docs per source: what its columns look like, and what is expected of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.quality import data_docs
from orchestration.quality.validation import SuiteResult
from orchestration.sources.expectations import newest_profiles
from orchestration.sources.suite_proposals import ProfiledColumn
from orchestration.sources.suites import SourcePromise

BAR_WIDTH, BAR_HEIGHT = 12, 30


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
        tables = _tables(con, name)
        expected = _read_results(folder, name)
        summary = {
            "source": name,
            "tables": len(tables),
            "rows": sum(table["rows"] for table in tables),
            "profiled_at": _when(oldest),
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
            "subject": p.subject if isinstance(p, SourcePromise) else p.name,
            "rule": p.rule if isinstance(p, SourcePromise) else "",
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


def _when(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M UTC}"


def _tables(con: duckdb.DuckDBPyConnection, source: str) -> list[dict[str, Any]]:
    rows_now = dict(
        con.execute(
            "select source_table, rows_now from operations.newest_profiles where source_system = ?",
            [source],
        ).fetchall()
    )
    changes = {
        (table, column, measure): (change, relative)
        for table, column, measure, change, relative in con.execute(
            "select source_table, column_name, measure, change, relative_change "
            "from operations.column_profile_changes where source_system = ? and change <> 0",
            [source],
        ).fetchall()
    }
    buckets = _buckets(con, source)
    counts = _value_counts(con, source)
    tables = []
    for (table, _view), columns in newest_profiles(con, source).items():
        shown = [_column(table, column, changes, buckets, counts) for column in columns]
        rows = int(columns[0].numbers["row_count"])
        change = _change(changes.get((table, columns[0].name, "row_count")))
        tables.append(
            {
                "name": table, "rows": rows, "change": change, "columns": shown,
                "rows_now": rows_now[table],
                "profiled_at": _when(columns[0].numbers["profiled_at"]),
            }
        )  # fmt: skip
    return tables


def _column(
    table: str,
    column: ProfiledColumn,
    changes: Mapping[tuple[str, str, str], tuple[float, float | None]],
    buckets: Mapping[Any, Sequence[tuple[int, str, str, int]]],
    counts: Mapping[Any, Sequence[tuple[str, int]]],
) -> dict[str, Any]:
    n = column.numbers
    rows = int(n["row_count"])
    empty = int(n["null_count"] + n["empty_count"])
    key = (table, column.name, n["load_id"])
    values = counts.get(key, ())
    empty_change = sum(
        changes.get((table, column.name, measure), (0.0, None))[0]
        for measure in ("null_count", "empty_count")
    )
    bounds = [text for text in (n["min_value"], n["max_value"]) if text is not None]
    return {
        "name": column.name,
        "kind": column.kind,
        "empty": f"{empty:,}" + (f" ({empty / rows:.1%})" if empty else ""),
        "empty_change": f"{empty_change:+,.0f}" if empty_change else "",
        "distinct": ("about " if n["is_approximate"] else "") + f"{n['distinct_count']:,}",
        "distinct_change": _change(changes.get((table, column.name, "distinct_count"))),
        "bounds": list(dict.fromkeys(bounds)),
        "is_shape": n["is_shape"],
        "mean": "" if n["mean_value"] is None else f"{n['mean_value']:,.6g}",
        "mean_change": _change(changes.get((table, column.name, "mean_value"))),
        "bars": _bars(buckets.get(key, ())),
        "unit": "" if column.kind != "text" and not n["is_shape"] else "length ",
        "top": values[: 3 if column.are_shapes else 5],
        "top_are_shapes": column.are_shapes,
    }


def _change(change: tuple[float, float | None] | None) -> str:
    if change is None:
        return ""
    absolute, relative = change
    return f"{absolute:+,.0f}" if relative is None else f"{relative:+.1%}"


def _bars(buckets: Sequence[tuple[int, str, str, int]]) -> dict[str, Any] | None:
    if not buckets:
        return None
    highest = max(count for *_, count in buckets)
    bars = [
        {
            "x": number * BAR_WIDTH,
            "y": round(BAR_HEIGHT - max(1.0, BAR_HEIGHT * count / highest), 1),
            "height": round(max(1.0, BAR_HEIGHT * count / highest), 1),
            "title": f"{lower} to {upper}: {count:,}",
        }
        for number, lower, upper, count in buckets
    ]
    width = (max(number for number, *_ in buckets) + 1) * BAR_WIDTH
    return {"bars": bars, "width": width, "low": buckets[0][1], "high": buckets[-1][2]}


def _buckets(con: duckdb.DuckDBPyConnection, source: str) -> dict[Any, Any]:
    found: dict[Any, list[tuple[int, str, str, int]]] = defaultdict(list)
    for table, column, load, *bucket in con.execute(
        "select source_table, column_name, load_id, bucket, lower_bound, upper_bound, row_count "
        "from operations.column_histograms where source_system = ? order by bucket",
        [source],
    ).fetchall():
        found[table, column, load].append(tuple(bucket))
    return found


def _value_counts(con: duckdb.DuckDBPyConnection, source: str) -> dict[Any, Any]:
    found: dict[Any, list[tuple[str, int]]] = defaultdict(list)
    for table, column, load, value, count in con.execute(
        "select source_table, column_name, load_id, value, value_count "
        "from operations.column_top_values where source_system = ? order by rank",
        [source],
    ).fetchall():
        found[table, column, load].append((value, count))
    return found
