"""Splink over the warehouse's connection, with its tables in a database that lives in memory.

Splink leaves some thirty tables behind per run. In the attached database they disturb nobody, may
spill to disk like everything else, and go away with it.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from splink import Linker

WORK = "match_work"
PIECE = 2_000_000
"""Pairs that are scored at a time. Their records are in memory twice, as left and as right ones."""


@contextmanager
def workplace(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A second connection to the same database, whose own tables go to a database in memory.

    Parameters:
        con: a connection; it sees the tables as `match_work.main.<name>` until the end.
    """
    work = con.cursor()
    work.execute(f"attach if not exists ':memory:' as {WORK}")
    [home] = work.execute("select current_database(), current_schema()").fetchall()
    work.execute(f"use {WORK}.main")
    try:
        yield work
    finally:
        work.execute(f"use {home[0]}.{home[1]}")
        work.execute(f"detach {WORK}")
        work.close()


def linker(work: duckdb.DuckDBPyConnection, table: str, settings: Mapping[str, Any]) -> Linker:
    """A Splink linker over a table of the workplace.

    Parameters:
        work: a connection as `workplace` gives it.
        table: the records, with `record_key`.
        settings: Splink's settings.
    """
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI(connection=work)
    # Splink would check our own settings for 0.4 s each time.
    return Linker(
        api.register(table), dict(settings), log_level=logging.ERROR, validate_settings=False
    )


def predictions(
    work: duckdb.DuckDBPyConnection, session: Linker, pairs: str, least: float | None = None
) -> Iterator[str]:
    """Tables with Splink's scores, each of a piece of the pairs and gone when the next one comes.

    Parameters:
        work: a connection as `workplace` gives it.
        session: a linker over it.
        pairs: a table with join_key_l, join_key_r and match_key.
        least: scores from this probability on; None for all.
    """
    [(count,)] = work.execute(f"select count(*) from {pairs}").fetchall()
    pieces = max(1, math.ceil(count / PIECE))
    for number in range(pieces):
        piece = pairs
        if pieces > 1:
            piece = "match_piece"
            work.execute(
                f"create or replace table {piece} as select * from {pairs} "
                f"where hash(join_key_l) % {pieces} = {number}"
            )
        tables = session.table_management
        tables.register_blocked_pairs_for_predict(session._db_api.register(piece))
        scored = session.inference.predict(threshold_match_probability=least, warning_mode="never")
        yield scored.physical_name
        scored.drop_table_from_database_and_remove_from_cache()
