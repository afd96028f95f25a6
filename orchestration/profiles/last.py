"""A table's last profile: whether what came and went since asks for a new one, and the newest data.

Neither reads more than what was loaded since, where that is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.ingest.sql import quoted
from orchestration.profiles import personal
from orchestration.profiles.columns import Column, newest_sql

LEAST_CHANGE = 0.1
"""Rows come and gone since a table's last profile, as a share of its rows, that make a new one."""


@dataclass(frozen=True)
class ProfiledTable:
    """A declared source table as far as its profile is concerned.

    Attributes:
        source, table: the source system and the table's name in it.
        identifier: its view in the schema `landing`.
        columns: name of each column with its semantic type and usage label, None where unsaid.
    """

    source: str
    table: str
    identifier: str
    columns: tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True)
class LastProfile:
    """A row of operations.newest_profiles.

    Attributes:
        load_id, fingerprint, newest_data_at: as in `store.Profile`.
        rows, profiled_at: over how many rows it was taken, and when.
        come, gone: rows loaded since, and rows that are not there any more.
    """

    load_id: str
    fingerprint: str
    rows: int
    newest_data_at: datetime | None
    profiled_at: datetime
    come: int
    gone: int

    def state(self, fingerprint: str, asked_for: bool) -> str:
        """What to do: `profiled` anew, `kept` though rows have changed, or `unchanged`.

        Parameters:
            fingerprint: as a new profile would have it.
            asked_for: take a new one after any change.
        """
        changed = self.come + self.gone
        if (asked_for and changed) or self.fingerprint.split()[0] != fingerprint.split()[0]:
            return "profiled"
        if self.fingerprint == fingerprint:
            return "unchanged"
        return "profiled" if changed and changed >= LEAST_CHANGE * self.rows else "kept"


def last_profiles(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], LastProfile]:
    """The last profile of each table, by source and table."""
    return {
        (source, table): LastProfile(*last)
        for source, table, *last in con.execute(
            "select source_system, source_table, load_id, fingerprint, rows_profiled, "
            "newest_data_at, profiled_at, rows_come, rows_gone from operations.newest_profiles"
        ).fetchall()
    }


def newest_instant(
    con: duckdb.DuckDBPyConnection,
    table: ProfiledTable,
    types: Mapping[str, str],
    last: LastProfile,
) -> datetime | None:
    """The newest instant in a table's data that is not in the future, as a profile would say now.

    Parameters:
        con: a connection to the warehouse.
        table: which.
        types: its columns with their types.
        last: its last profile.
    """
    key = [table.source, table.table]
    shown = {n for n, *said in table.columns if personal.visibility(*said) != personal.HIDDEN}
    dates = con.execute(
        "select column_name, date_format, max_value from operations.column_profiles where "
        "load_id = ? and source_system = ? and source_table = ? and data_kind = 'date'",
        [last.load_id, *key],
    ).fetchall()
    columns = [Column(n, types[n], "", date_format=form) for n, form, _ in dates if n in shown]
    if not columns:
        return None
    # What lay in the future may have come to pass. A bound may be no more than a year.
    taken_at = str(last.profiled_at)
    lay_ahead = any(bound and bound >= taken_at[: len(bound)] for *_, bound in dates)
    is_whole = last.gone > 0 or lay_ahead
    came = (
        "file_id in (select file_id from operations.source_files "
        "where source_system = ? and source_table = ? and loaded_at > ?)"
    )
    instants = ", ".join(f"{column.instant} as v{i}" for i, column in enumerate(columns))
    newest = ", ".join(newest_sql(f"v{i}") for i, _ in enumerate(columns))
    found = con.execute(
        f"select {newest} from (select {instants} from ingested.{quoted(table.identifier)} "
        f"where {'true' if is_whole else came})",
        [] if is_whole else [*key, last.profiled_at],
    ).fetchall()[0]
    before = None if is_whole else last.newest_data_at
    return max((instant for instant in (*found, before) if instant), default=None)
