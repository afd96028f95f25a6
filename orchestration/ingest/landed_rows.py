"""Rows of landing by where they stand in their files, without reading the others."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.sql import literal, quoted
from orchestration.ingest.state import physical


def rows_at(table: SourceTable, wanted: str, columns: Sequence[str]) -> str:
    """The SQL of a query that finds rows of a source table.

    The table's view tells every row's place in its file, so it reads the whole table for a few
    rows. This reckons back to where these rows are stored, by the view's own rule.

    Parameters:
        table: the source table.
        wanted: a relation with `source_file` and `source_row`.
        columns: what is asked of each row besides those two.
    """
    asked = ", ".join(f"landed.{quoted(name)}" for name in columns)
    return f"""
        with stored as (
            select file_id, min(rowid) as first_row, max(rowid) as last_row
            from {physical(table)} group by file_id
        ),
        wanted_rows as (
            select wanted.source_file, wanted.source_row,
                stored.first_row + wanted.source_row - files.row_offset - 1 as place
            from {wanted} as wanted
            inner join operations.source_files as files
                on wanted.source_file = files.source_file
                and files.source_system = {literal(table.source)}
                and files.source_table = {literal(table.table)}
            inner join stored on files.file_id = stored.file_id
            where wanted.source_row > files.row_offset
                and stored.first_row + wanted.source_row - files.row_offset - 1 <= stored.last_row
        )
        select wanted_rows.source_file, wanted_rows.source_row, {asked}
        from {physical(table)} as landed
        inner join wanted_rows on landed.rowid = wanted_rows.place
    """
