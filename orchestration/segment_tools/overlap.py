"""`c360 segment overlap`: how many people a segment shares with others, as published."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.segments.files import named
from orchestration.settings import Settings
from orchestration.warehouse import connect_published, rows

PAIRS = """
select
    case when segment_name_a = $name then segment_name_b else segment_name_a end as segment_name,
    profile_count,
    jaccard
from insights.fact_segment_overlap
where $name in (segment_name_a, segment_name_b)
    and ($other is null or $other in (segment_name_a, segment_name_b))
    and date_key = (select max(date_key) from insights.fact_segment_overlap)
order by jaccard desc, segment_name
"""


def overlap(settings: Settings, name: str, other: str | None = None) -> list[dict[str, Any]]:
    """The segments that share people with one: the shared number, and shared by either (Jaccard).

    Parameters:
        settings: paths.
        name: of a segment.
        other: only with this one.

    Raises:
        UserError: there is no such segment, or nothing is published of them yet.
    """
    for segment in filter(None, (name, other)):
        named(settings.dbt_project_dir, segment)
    with connect_published(settings) as con:
        try:
            found = rows(con, PAIRS, {"name": name, "other": other})
        except duckdb.CatalogException:
            found = []
    if not found and other:
        raise UserError(f"Nothing is published of {name} and {other} yet. Run `c360 run` first.", 3)
    return found
