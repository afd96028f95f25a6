"""The warehouse's file stays open between the steps of a run."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.warehouse import keep_open, let_go, open_writer


def databases(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute("select database_name from duckdb_databases() where not internal").fetchall()
    return {name for (name,) in rows}


def test_whoever_connects_next_finds_the_database_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with open_writer(path) as con:
        keep_open(path)
        # Known to this instance alone, so another one over the same file would not have it.
        con.execute("attach ':memory:' as beside")
    with open_writer(path) as con:
        assert databases(con) == {"warehouse", "beside"}
        keep_open(path)
    let_go()
    with open_writer(path) as con:
        assert databases(con) == {"warehouse"}
