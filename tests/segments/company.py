"""Members of a company's segments, as its warehouse has them."""

from __future__ import annotations

import duckdb

SEGMENT = "top_three_deciles"


def members(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    found = con.execute(
        "select profile_id from segments.segment_membership where segment_name = ? order by 1",
        [name],
    ).fetchall()
    return [profile for (profile,) in found]
