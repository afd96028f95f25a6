"""What the newest profiles say of a source's tables, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

NEWEST = """
    with tops as (
        select load_id, source_system, source_table, column_name, bool_or(is_shape) as are_shapes,
            list({'value': value, 'count': value_count} order by rank) as tops
        from operations.column_top_values group by all
    ),
    histograms as (
        select load_id, source_system, source_table, column_name,
            list({'number': bucket, 'low': lower_bound, 'high': upper_bound, 'rows': row_count}
                order by bucket) as buckets
        from operations.column_histograms group by all
    ),
    changed as (
        select source_system, source_table, column_name,
            map(list(measure order by measure), list(
                {'change': change, 'relative': relative_change} order by measure)) as changes
        from operations.column_profile_changes where change <> 0 group by all
    )
    select p.*, rows_now, landing_view, coalesce(are_shapes, true) as are_shapes,
        coalesce(tops, []) as tops, coalesce(buckets, []) as buckets, changes
    from operations.column_profiles as p
    join (
        select source_system, source_table, load_id, rows_now, landing_view
        from operations.newest_profiles
    ) using (source_system, source_table, load_id)
    left join tops using (source_system, source_table, load_id, column_name)
    left join histograms using (source_system, source_table, load_id, column_name)
    left join changed using (source_system, source_table, column_name)
    where source_system = ?
    order by source_table, p.rowid
"""


@dataclass(frozen=True)
class ProfiledColumn:
    """A column of the newest profile.

    Attributes:
        numbers: its row of operations.column_profiles, with the rows that are there now.
        tops: the most frequent values or shapes, with how often they occur.
        are_shapes: they are shapes.
        buckets: its histogram.
        changes: how a measure has changed since the profile before, in all and relatively.
    """

    numbers: Mapping[str, Any]
    tops: list[dict[str, Any]]
    are_shapes: bool
    buckets: list[dict[str, Any]]
    changes: Mapping[str, Mapping[str, float | None]]

    @property
    def name(self) -> str:
        """Its name in landing."""
        return str(self.numbers["column_name"])

    @property
    def kind(self) -> str:
        """number, date or text."""
        return str(self.numbers["data_kind"])

    @property
    def quoted(self) -> str:
        """The column as an SQL identifier."""
        return '"' + self.name.replace('"', '""') + '"'

    @property
    def text(self) -> str:
        """SQL of its value as text, null where there is none."""
        return f"nullif(trim({self.quoted}::varchar), '')"

    @property
    def instant(self) -> str:
        """SQL of its value as a timestamp."""
        date_format = self.numbers["date_format"]
        if date_format == "iso":
            return f"try_cast({self.text} as timestamp)"
        return f"try_strptime({self.text}, '{date_format}')"

    @property
    def filled(self) -> int:
        """Rows with a value."""
        n = self.numbers
        return int(n["row_count"] - n["null_count"] - n["empty_count"])


def newest_profiles(
    con: duckdb.DuckDBPyConnection, source: str
) -> dict[tuple[str, str], list[ProfiledColumn]]:
    """The newest profile of each table of a source: (table, landing view) to its columns."""
    result = con.execute(NEWEST, [source])
    names = [column[0] for column in result.description]
    found: dict[tuple[str, str], list[ProfiledColumn]] = {}
    for row in result.fetchall():
        n = dict(zip(names, row, strict=True))
        parts = (n.pop("tops"), n.pop("are_shapes"), n.pop("buckets"), n.pop("changes") or {})
        table = (n["source_table"], n.pop("landing_view"))
        found.setdefault(table, []).append(ProfiledColumn(n, *parts))
    return found
