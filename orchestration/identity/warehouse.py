"""The identity tables of the last run, for commands that only look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.locking import holder_of
from orchestration.settings import Settings


@contextmanager
def connect_identity(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the warehouse and keeps temporary tables of its own.

    Raises:
        UserError: there is no warehouse, it has no identity layer yet, or a run is writing it.
    """
    path = settings.warehouse_path
    if not path.exists():
        raise UserError(f"There is no warehouse in {settings.data_dir}. Run `c360 run` first.", 3)
    try:
        con = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        holder = holder_of(settings.data_dir)
        if holder or "lock" in str(error).lower():
            raise UserError(
                f"The warehouse in {settings.data_dir} is being written by "
                f"{holder or 'another program'}; it can be read when that has ended."
            ) from None
        raise UserError(
            f"{path} can't be opened. If the file is damaged, remove it; the next run builds it "
            "again from the landing files."
        ) from None
    try:
        con.execute("set timezone = 'UTC'")
        missing = con.execute(
            "select 1 from information_schema.tables "
            "where table_schema = 'identity' and table_name = 'identity_map'"
        ).fetchone()
        if missing is None:
            raise UserError("No people have been found yet. Run `c360 run` first.", 3)
        yield con
    finally:
        con.close()


def rows(
    con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries by column name."""
    found = con.execute(sql, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def profile_of(con: duckdb.DuckDBPyConnection, record_key: str) -> str:
    """The profile of a record.

    Raises:
        UserError: it is written in another way, or no record has this name.
    """
    if not all(record_key.partition(":")):
        raise UserError(
            f"{record_key} does not name a record. Write source_system:source_record_id, as in "
            "web_shop:C0000123.",
            2,
        )
    found = con.execute(
        "select profile_id from identity.identity_map "
        "where source_system || ':' || source_record_id = ?",
        [record_key],
    ).fetchone()
    if found is None:
        systems = con.execute(
            "select string_agg(distinct source_system, ', ' order by source_system) "
            "from identity.identity_map"
        ).fetchone()
        raise UserError(
            f"No record is named {record_key}. The last run knows records of the systems "
            f"{systems[0] if systems else ''}; their keys are written as the systems write them.",
            2,
        )
    return str(found[0])
