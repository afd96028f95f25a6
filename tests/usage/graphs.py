"""Random graphs of SQL models with labels, and a second reading of what each column carries.

Each column of each model is made in a way of which is known, without reading the SQL, what it is
computed of. The lineage is that of the SQL; the second reading is sets that are handed on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.lineage import store
from orchestration.lineage.compiled import catalog
from orchestration.lineage.models import from_sql
from orchestration.lineage.origins import Name
from orchestration.usage.carried import UNKNOWN, CarriedLabels
from orchestration.usage.declared import DeclaredLabels

LABELS = tuple(f"C{n}" for n in range(1, 13))
SOURCES, WIDTH = 3, 4


@dataclass
class Graph:
    """Models over sources, in the order in which they are made.

    Attributes:
        sql: of each model, by schema and name.
        columns: of each table.
        inputs: the tables that each model reads.
        own: the labels that are declared of a column.
        expected: what each column carries.
        nodes: as dbt's manifest has them.
    """

    sql: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    inputs: dict[str, list[str]] = field(default_factory=dict)
    own: dict[Name, frozenset[str]] = field(default_factory=dict)
    expected: dict[Name, frozenset[str]] = field(default_factory=dict)
    nodes: dict[str, Any] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        """What of dbt's manifest is read."""
        return {"nodes": self.nodes, "sources": {}}


def random_graph(chance: random.Random, models: int) -> Graph:
    """A graph with that many models; a segment, which has a rule, is the last."""
    graph = Graph()
    for number in range(SOURCES):
        _declare(graph, chance, f"landing.s{number}", "seed")
    for number in range(models):
        _model(graph, chance, f"value.m{number}")
    _segment(graph, chance)
    return graph


def _declare(
    graph: Graph, chance: random.Random, table: str, kind: str, share: float = 0.3
) -> None:
    columns = ["profile_id", *(f"c{n}" for n in range(WIDTH))]
    graph.columns[table] = columns
    described: dict[str, Any] = {}
    for column in columns:
        labels = [chance.choice(LABELS)] if chance.random() < share else []
        graph.own[Name(table, column)] = frozenset(labels)
        described[column] = {"meta": {"labels": labels} if labels else {}}
    schema, name = table.split(".")
    graph.nodes[f"{kind}.{name}"] = {
        "resource_type": kind, "schema": schema, "name": name, "columns": described,
        "original_file_path": f"{name}.yml", "config": {},
    }  # fmt: skip
    if kind == "seed":
        graph.expected |= {Name(table, c): graph.own[Name(table, c)] for c in columns}


def _model(graph: Graph, chance: random.Random, table: str) -> None:
    first, second = (chance.choice(list(graph.columns)) for _ in range(2))
    is_unknown = chance.random() < 0.06
    made = {"profile_id": ("a.profile_id", frozenset({Name(first, "profile_id")}))}
    for number in range(WIDTH):
        made[f"c{number}"] = _column(chance, first, second)
    decided = f"a.{_some(chance)}" if chance.random() < 0.5 else "1"
    doubt = "(select any_value(q) from pragma_version() as t(q))" if is_unknown else "1"
    listed = ", ".join(f"{sql} as {name}" for name, (sql, _) in made.items())
    graph.sql[table] = (
        f"with other as (select * from {second}) select {listed} from {first} as a "
        f"left join other as b on a.profile_id = b.profile_id where {decided} is not null "
        f"and {doubt} is not null"
    )
    graph.inputs[table] = sorted({first, second})
    _declare(graph, chance, table, "model", 0.1)
    everything = {Name(t, c) for t in (first, second) for c in graph.columns[t]}
    for column, (_, reads) in made.items():
        name = Name(table, column)
        carried = graph.own[name].union(
            *(graph.expected[read] for read in (everything if is_unknown else reads))
        )
        graph.expected[name] = carried | ({UNKNOWN} if is_unknown else set())


def _some(chance: random.Random) -> str:
    return f"c{chance.randrange(WIDTH)}"


def _column(chance: random.Random, first: str, second: str) -> tuple[str, frozenset[Name]]:
    """An expression, and the columns that it is computed of."""
    x, y, z = _some(chance), _some(chance), _some(chance)

    def a(column: str) -> Name:
        return Name(first, column)

    def b(column: str) -> Name:
        return Name(second, column)

    ways = [
        (f"a.{x}", {a(x)}),
        (f"coalesce(a.{x}, b.{y})", {a(x), b(y)}),
        (f"case when b.{x} > 1 then a.{y} else 0 end", {b(x), a(y)}),
        (f"ntile(3) over (partition by a.{x} order by b.{y})", {a(x), b(y)}),
        (f"sum(a.{x}) over (partition by b.{y})", {a(x), b(y)}),
        (f"cast(length(cast(b.{x} as varchar)) as bigint)", {b(x)}),
        (
            f"case when exists (select 1 from {second} as d where d.{x} = a.{y}) then 1 else 0 end",
            {b(x), a(y)},
        ),
        (f"(select max(d.{x}) from {second} as d)", {b(x)}),
        (f"a.{x} + b.{y} * b.{z}", {a(x), b(y), b(z)}),
        ("1", set()),
    ]
    sql, reads = chance.choice(ways)
    return sql, frozenset(reads)


def _segment(graph: Graph, chance: random.Random) -> None:
    """Its rule joins and filters, and every column that it asks counts."""
    models = list(graph.columns)[-6:]
    first, second = chance.choice(models), chance.choice(models)
    x, y = _some(chance), _some(chance)
    graph.sql["segments.inner_segment"] = f"select a.profile_id from {first} as a where a.{x} > 1"
    graph.sql["segments.chosen"] = (
        "select a.profile_id from segments.inner_segment as a "
        f"inner join {second} as b on a.profile_id = b.profile_id where b.{y} < 7"
    )
    reads = {
        "segments.inner_segment": {Name(first, "profile_id"), Name(first, x)},
        "segments.chosen": {
            Name("segments.inner_segment", "profile_id"), Name(second, "profile_id"),
            Name(second, y),
        },
    }  # fmt: skip
    for table, read in reads.items():
        _declare(graph, chance, table, "model", 0)
        graph.columns[table] = ["profile_id"]
        graph.inputs[table] = sorted({name.table for name in read})
        name = Name(table, "profile_id")
        graph.expected[name] = frozenset().union(*(graph.expected[one] for one in read))


@contextmanager
def labelled(graph: Graph) -> Iterator[CarriedLabels]:
    """What the project finds of a graph, by the lineage of its SQL."""
    with duckdb.connect() as con:
        for schema in ("landing", "value", "segments"):
            con.execute(f"create schema {schema}")
        for table, columns in graph.columns.items():
            typed = ", ".join(f"{column} bigint" for column in columns)
            con.execute(f"create table {table} ({typed})")
        store.prepare(con)
        database = catalog(con)
        found = [
            (from_sql(table, graph.columns[table], sql, graph.inputs[table], database), "")
            for table, sql in graph.sql.items()
        ]
        store._write(con, found, [])
        yield CarriedLabels(con, DeclaredLabels(graph.manifest(), LABELS))
