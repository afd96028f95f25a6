"""Lineage against DuckDB: one column, or the rows, change, and only what reads them moves.

pytest -m slow tests/lineage/test_random_queries.py     (three thousand queries)
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import duckdb
import pytest

from orchestration.lineage.compiled import catalog
from orchestration.lineage.edges import ROWS as WHOLE
from orchestration.lineage.models import Catalog, ModelLineage, from_sql
from tests.lineage.random_sql import TABLES, TEXTS, Queries

ROWS = 12


def value_of(kind: str, random: Random) -> str:
    if random.random() < 0.15:
        return "null"
    return f"'{random.choice(TEXTS)}'" if kind == "s" else str(random.randint(1, 4))


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables, and beside them copies of which each has one column changed."""
    random = Random(5)
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("create schema landing")
        for name, columns in TABLES.items():
            typed = ", ".join(
                f"{c} {'varchar' if k == 's' else 'bigint'}" for c, k in columns.items()
            )
            con.execute(f"create table landing.{name} ({typed})")
            for _ in range(ROWS):
                values = ", ".join(value_of(kind, random) for kind in columns.values())
                con.execute(f"insert into landing.{name} values ({values})")
        for schema, changed, column in copies():
            con.execute(f"create schema {schema}")
            for name in TABLES:
                con.execute(f"create table {schema}.{name} as from landing.{name}")
            if column == WHOLE:
                con.execute(f"delete from {schema}.{changed} where rowid % 4 = 1")
                continue
            for row in range(ROWS):
                if random.random() < 0.8:
                    value = value_of(TABLES[changed][column], random)
                    con.execute(
                        f"update {schema}.{changed} set {column} = {value} where rowid = {row}"
                    )
        yield con


def copies() -> list[tuple[str, str, str]]:
    return [
        (f"copy_{table}_{'rows' if column == WHOLE else column}", table, column)
        for table, columns in TABLES.items()
        for column in (*columns, WHOLE)
    ]


def reads(lineage: ModelLineage, output: str, table: str, column: str) -> bool:
    edges = lineage.of(output).edges if output else lineage.rows.edges
    return any(edge[:2] == (f"landing.{table}", column) for edge in edges)


def faults(
    con: duckdb.DuckDBPyConnection, sql: str, known: Catalog, seen: dict[str, int]
) -> list[str]:
    """Columns that changed though they do not read what was changed."""
    names = [row[0] for row in con.execute(f"describe {sql}").fetchall()]
    lineage = from_sql("segments.made", names, sql, list(known.columns), known)
    if lineage.rows.unknown or any(one.unknown for _, one in lineage.outputs):
        return [f"not certain: {lineage.rows.unknown}"]
    found = []
    before = con.execute(sql).fetchall()
    for schema, table, column in copies():
        after = con.execute(sql.replace("landing.", f"{schema}.")).fetchall()
        seen["changed"] += before != after
        seen["all"] += 1
        # Of columns that do not read it, the rows must be the same, taken together.
        left = [n for n, name in enumerate(names) if not reads(lineage, name, table, column)]
        seen["left"] += bool(left)
        if left and only(before, left) != only(after, left):
            found.append(f"{table}.{column} changes {[names[n] for n in left]}")
        if not reads(lineage, "", table, column) and len(before) != len(after):
            found.append(f"{table}.{column} decides how many rows there are")
    return found


def only(rows: list[tuple[object, ...]], places: list[int]) -> list[str]:
    return sorted(repr([row[place] for place in places]) for row in rows)


@pytest.mark.parametrize(
    "seeds", [range(30), pytest.param(range(1000, 4000), marks=pytest.mark.slow)]
)
def test_only_what_reads_a_column_changes_with_it(
    con: duckdb.DuckDBPyConnection, seeds: range
) -> None:
    known = catalog(con)
    known = Catalog(
        {n: c for n, c in known.columns.items() if n.startswith("landing.")}, known.functions
    )
    seen = {"changed": 0, "all": 0, "left": 0}
    wrong = {}
    for seed in seeds:
        sql = Queries(seed).query()
        if found := faults(con, sql, known, seen):
            wrong[sql] = found
    assert wrong == {}
    # Otherwise nothing would have been asked.
    assert seen["changed"] > seen["all"] / 6 and seen["left"] > seen["all"] / 4
    print(seen)
