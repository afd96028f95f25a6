"""Readers of every kind, each in its own thread of this process, for as long as a file is there.

`python -m tests.publish.reading FOLDER KINDS SPEC FLAG` reads until the file FLAG is gone and says
what was seen: for each kind how often it read, which states it saw, and every error. A state is
rows and the sum of a column for each table of the specification (`table:column,table:column`).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PAUSE = 0.2
State = tuple[tuple[int, float], ...]
Spec = Sequence[tuple[str, str]]


def spec_of(text: str) -> list[tuple[str, str]]:
    """Tables and columns of a specification."""
    return [(table, column) for table, column in (pair.split(":") for pair in text.split(","))]


def _sums(ask: Callable[[str], Any], spec: Spec, place: str = "{}") -> State:
    return tuple(
        _pair(ask(f"select count(*), sum({column}) from {place.format(table)}"))
        for table, column in spec
    )


def _pair(row: Any) -> tuple[int, float]:
    return int(row[0]), round(float(row[1] or 0), 2)


def duckdb_file(published: Path, spec: Spec) -> State:
    """DuckDB on the file."""
    import duckdb

    with duckdb.connect(str(published / "insights.duckdb"), read_only=True) as con:
        return _sums(lambda sql: con.execute(sql).fetchone(), spec)


def sqlalchemy_file(published: Path, spec: Spec) -> State:
    """SQLAlchemy on the file, as Superset reads it."""
    import sqlalchemy

    url = f"duckdb:///{published / 'insights.duckdb'}?access_mode=read_only"
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as con:
        return _sums(lambda sql: con.execute(sqlalchemy.text(sql)).fetchone(), spec)


def duckdb_parquet(published: Path, spec: Spec) -> State:
    """DuckDB on Parquet, the link resolved once."""
    return _duckdb_parquet((published / "parquet").resolve(), spec)


def duckdb_link(published: Path, spec: Spec) -> State:
    """DuckDB on Parquet through the link, table by table; a file that is gone is tried again."""
    import duckdb

    states = []
    for entry in spec:
        for attempt in range(5):
            try:
                states.append(_duckdb_parquet(published / "parquet", [entry])[0])
                break
            except duckdb.IOException:
                if attempt == 4:
                    raise
    return tuple(states)


def _duckdb_parquet(root: Path, spec: Spec) -> State:
    import duckdb

    with duckdb.connect() as con:
        con.execute("set threads = 1")
        return _sums(lambda sql: con.execute(sql).fetchone(), spec, f"'{root}/{{}}/*.parquet'")


def polars_parquet(published: Path, spec: Spec) -> State:
    """Polars on Parquet."""
    import polars

    root = (published / "parquet").resolve()
    return tuple(
        _pair(
            polars.scan_parquet(root / table / "*.parquet")
            .select(polars.len(), polars.col(column).sum())
            .collect()
            .row(0)
        )
        for table, column in spec
    )


def pandas_parquet(published: Path, spec: Spec) -> State:
    """Pandas on Parquet."""
    import pandas

    root = (published / "parquet").resolve()
    frames = ((pandas.read_parquet(root / table), column) for table, column in spec)
    return tuple(_pair((len(frame), frame[column].astype(float).sum())) for frame, column in frames)


def psycopg_statement(published: Path, spec: Spec) -> State:
    """Psycopg, everything in one statement."""
    with _session() as con:
        sql = " union all ".join(
            f"select {n}, count(*), sum({column}) from insights.{table}"
            for n, (table, column) in enumerate(spec)
        )
        return tuple(_pair(row[1:]) for row in sorted(con.execute(sql.encode()).fetchall()))


def psycopg_transaction(published: Path, spec: Spec) -> State:
    """Psycopg, a transaction with a statement per table."""
    with _session() as con:
        return _sums(lambda sql: con.execute(sql.encode()).fetchone(), spec, "insights.{}")


def psycopg_snapshot(published: Path, spec: Spec) -> State:
    """Psycopg, the same in a transaction that has its snapshot before it reads a table."""
    with _session() as con:
        con.execute("set transaction isolation level repeatable read")
        con.execute("select 1")
        return _sums(lambda sql: con.execute(sql.encode()).fetchone(), spec, "insights.{}")


_sessions = threading.local()


@contextmanager
def _session() -> Iterator[Any]:
    """A transaction in a session that stays open, as a pool's does."""
    import psycopg

    if not hasattr(_sessions, "con"):
        _sessions.con = psycopg.connect(os.environ["READER_URL"])
    with _sessions.con.transaction():
        yield _sessions.con


def sqlalchemy_postgresql(published: Path, spec: Spec) -> State:
    """SQLAlchemy on PostgreSQL, a session of a pool."""
    import sqlalchemy

    if not hasattr(_sessions, "engine"):
        address = os.environ["READER_URL"].replace("postgresql:", "postgresql+psycopg:")
        _sessions.engine = sqlalchemy.create_engine(address)
    with _sessions.engine.connect() as con:
        return _sums(lambda sql: con.execute(sqlalchemy.text(sql)).fetchone(), spec, "insights.{}")


KINDS: dict[str, Callable[[Path, Spec], State]] = {
    kind.__name__: kind
    for kind in (
        duckdb_file, sqlalchemy_file, duckdb_parquet, duckdb_link, polars_parquet, pandas_parquet,
        psycopg_statement, psycopg_transaction, psycopg_snapshot, sqlalchemy_postgresql,
    )
}  # fmt: skip


def main() -> None:
    """Read until the flag is gone."""
    published, kinds, spec = Path(sys.argv[1]), sys.argv[2].split(","), spec_of(sys.argv[3])
    flag = Path(sys.argv[4])
    found: list[dict[str, Any]] = []

    def loop(kind: str) -> None:
        entry: dict[str, Any] = {"kind": kind, "reads": 0, "seen": [], "errors": []}
        found.append(entry)
        while flag.exists():
            try:
                state = KINDS[kind](published, spec)
                entry["reads"] += 1
                if state not in entry["seen"]:
                    entry["seen"].append(state)
            except Exception as error:
                entry["errors"].append(f"{type(error).__name__}: {error}"[:300])
            time.sleep(PAUSE)

    threads = [threading.Thread(target=loop, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
