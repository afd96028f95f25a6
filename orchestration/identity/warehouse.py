"""The identity tables of the last run, for commands that only look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.errors import UserError
from orchestration.settings import Settings
from orchestration.warehouse import connect_reader


@contextmanager
def connect_identity(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the warehouse and keeps temporary tables of its own.

    Raises:
        UserError: there is no warehouse, it has no identity layer yet, or a run is writing it.
    """
    with connect_reader(
        settings, "identity.identity_map", "No people have been found yet. Run `c360 run` first."
    ) as con:
        yield con


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
