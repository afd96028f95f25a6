"""Lineage of a query over two small tables, written as short as it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import duckdb

from orchestration.lineage.compiled import catalog
from orchestration.lineage.edges import ROWS, Reads
from orchestration.lineage.models import ModelLineage, from_sql

NUMBER = "bigint"
PAIR = "struct(a bigint, b bigint)"
T = {"id": NUMBER, "k": NUMBER, "x": NUMBER, "y": "varchar", "s": PAIR, "l": "bigint[]"}
U = {"id": NUMBER, "k": NUMBER, "v": NUMBER, "w": "varchar"}
TABLES = {"t": T, "u": U}


def database() -> duckdb.DuckDBPyConnection:
    """The tables, empty."""
    con = duckdb.connect()
    con.execute("create schema landing")
    for name, columns in TABLES.items():
        typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        con.execute(f"create table landing.{name} ({typed})")
    return con


@cache
def _shared() -> duckdb.DuckDBPyConnection:
    return database()


def lineage_of(sql: str, con: duckdb.DuckDBPyConnection | None = None) -> ModelLineage:
    """The lineage of what a query yields, which DuckDB must take as it is."""
    con = con or _shared()
    sql = re.sub(r"\b(from|join|pivot|unpivot) (t|u)\b", r"\1 landing.\2", sql)
    con.execute(f"create or replace temp table made as {sql}")
    columns = [row[0] for row in con.execute("describe temp.made").fetchall()]
    return from_sql("segments.made", columns, sql, ["landing.t", "landing.u"], catalog(con))


def told(reads: Reads) -> str:
    """Edges as text: `t.x identity, t.k filter`, value edges first."""
    shown = {
        f"{table.removeprefix('landing.')}.{column} {kind}"
        for table, column, kind in reads.edges
        if column != ROWS
    }
    return ", ".join(sorted(shown))


def columns_of(lineage: ModelLineage) -> Mapping[str, str]:
    """What each column reads, without what decides the rows; that is under `*`."""
    found = {name: told(reads) for name, reads in lineage.outputs}
    return {**found, ROWS: told(lineage.rows)}
