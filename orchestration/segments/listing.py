"""The segments of a project with their sizes as of the last run, and what uses them."""

from __future__ import annotations

from typing import Any

from orchestration.segments.declared import segments_of
from orchestration.segments.files import users_of
from orchestration.settings import Settings

SIZES = """
    select segment_name, as_of_on, member_count, entered_count, left_count
    from segments.segment_sizes
    qualify row_number() over (partition by segment_name order by as_of_on desc) = 1
"""
NUMBERS = ("as_of_on", "member_count", "entered_count", "left_count")


def listed(settings: Settings) -> list[dict[str, Any]]:
    """A row per segment: name, title, owner, state, its last numbers (None without) and its users.

    Parameters:
        settings: paths.

    Raises:
        UserError: a segment can't be followed.
    """
    sizes = _sizes(settings)
    return [
        {
            "segment_name": segment.name,
            "title": segment.said.get("title", ""),
            "owner": segment.owner,
            "state": segment.state,
            **dict(zip(NUMBERS, sizes.get(segment.name, [None] * len(NUMBERS)), strict=True)),
            "used_by": users_of(settings.dbt_project_dir, segment),
        }
        for segment in segments_of(settings.dbt_project_dir)
    ]


def _sizes(settings: Settings) -> dict[str, list[Any]]:
    if not settings.warehouse_path.exists():
        return {}
    import duckdb

    from orchestration.warehouse import connect_reader

    with connect_reader(settings) as con:
        try:
            rows = con.execute(SIZES).fetchall()
        except duckdb.CatalogException:
            return {}  # no run since there are sizes
    return {name: list(numbers) for name, *numbers in rows}
