"""Small reporting models of which every table carries the version in every row."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import duckdb

from orchestration.proof import seal
from orchestration.settings import Settings

TABLES = ("dim_segment", "fact_profile", "fact_segment")
SEGMENTS = 5


def build(settings: Settings, version: int, days: int = 3, extra: str = "") -> None:
    """Build and seal the model of a version: its last day is new, its dimension changed.

    Parameters:
        settings: paths.
        version: stands in every row; facts of days before have that day's.
        days: how many days the facts hold.
        extra: further SQL, run in the build.
    """
    path = settings.insights_build_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as insights (storage_version 'v1.0.0'); use insights")
        con.execute(f"""
            create table dim_segment as
            select
                range::int as segment_id, 'segment ' || range as segment_name, {version} as version,
                timestamp '2026-01-01 10:00:00' + to_hours(range::int) as started_at
            from range({SEGMENTS});
            create table days as
            select date '2026-01-01' + range::int as date_key, range as version
            from range({version} - {days} + 1, {version} + 1);
            create table fact_profile as
            select date_key, version, 1000 + version as profile_count, {version} as as_of_version
            from days;
            create table fact_segment as
            select
                date_key, segment_id, days.version,
                (case when segment_id = 3 then -1 else 1 end * (segment_id * 1.05 + days.version))
                ::decimal(18, 2) as net_amount,
                case segment_id when 0 then null when 1 then 'nan'::double else segment_id / 3 end
                as share,
                segment_id % 2 = 0 as is_even,
                case segment_id when 2 then null else E'Zoë''s "x"\\n' || segment_id end as title,
                10::bigint ** 17 + segment_id as large_count
            from days, dim_segment;
            alter table fact_segment alter large_count type bigint;
            drop table days;
            {extra}
        """)
        tables = [
            name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        ]
    seal(settings, f"run-of-{version}", tables, {})


def declare(settings: Settings, names: Iterable[str] = TABLES) -> None:
    """Have dbt's manifest declare keys and descriptions."""
    keys: dict[str, list[dict[str, Any]]] = {
        "dim_segment": [{"type": "primary_key", "columns": ["segment_id"]}],
        "fact_profile": [],
        "fact_segment": [
            {
                "type": "foreign_key",
                "columns": ["segment_id"],
                "to": '"insights"."main"."dim_segment"',
                "to_columns": ["segment_id"],
            },
            {"type": "primary_key", "columns": ["date_key", "segment_id"]},
            {"type": "foreign_key", "columns": ["segment_id"], "to": "ref('dim_gone')"},
        ],
    }
    nodes = {
        f"model.c360.{name}": {
            "resource_type": "model",
            "name": name,
            "fqn": ["c360", "insights", name],
            "description": f"It's {name}.\nOne row per key.",
            "columns": {
                "segment_id": {"description": "The segment.", "constraints": [{"type": "not_null"}]}
            },
            "constraints": keys[name],
        }
        for name in names
    }
    settings.dbt_target_dir.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"nodes": nodes})
    (settings.dbt_target_dir / "manifest.json").write_text(text, encoding="utf-8")
