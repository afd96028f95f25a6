"""The lineage of one model, from its compiled SQL or from what it declares.

What can't be known fails closed: a column that may read anything is said to read every column of
every input of its model, and not to be certain, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp

from orchestration.lineage.edges import (
    AGGREGATION,
    FILTER,
    GROUP_BY,
    NOTHING,
    ROWS,
    TRANSFORMATION,
    Edge,
    Output,
    Reads,
    Relation,
    UnknownLineageError,
    table,
    together,
)
from orchestration.lineage.expressions import Functions
from orchestration.lineage.queries import Queries
from orchestration.lineage.scopes import Scope

LINKS = ("node_a", "node_b")
"""What a model gives of which connected components are made."""


@dataclass(frozen=True)
class Catalog:
    """What is known of the database.

    Attributes:
        columns: the columns of each table, in order, by schema and name.
        functions: those that the database has by itself.
        macros: names of functions that somebody has added, which may read anything.
        default_catalog: the database in whose schemas tables are that name no other.
    """

    columns: Mapping[str, Sequence[str]]
    functions: Functions
    macros: Collection[str] = ()
    default_catalog: str = "warehouse"

    @cached_property
    def _by_lower_name(self) -> dict[str, str]:
        return {name.lower(): name for name in self.columns}

    def relation(self, name: str) -> Relation:
        """A table as it is read.

        Raises:
            UnknownLineageError: there is no such table.
        """
        known = self._by_lower_name.get(name.lower())
        if known is None:
            raise UnknownLineageError(f"it reads {name}, whose columns are not known")
        return table(known, self.columns[known])


@dataclass(frozen=True)
class ModelLineage:
    """What a model's columns and rows read.

    Attributes:
        model: schema and name.
        outputs: its columns, in order.
        rows: what decides which rows it has.
    """

    model: str
    outputs: tuple[Output, ...]
    rows: Reads

    def of(self, column: str) -> Reads:
        """What a column reads, with what decides its rows."""
        return together(o.reads for o in self.outputs if o.name == column) | self.rows


def table_name(schema: str, name: str) -> str:
    """How a table is called here; the reporting model's schema is `main` in its own file."""
    return f"{'insights' if schema == 'main' else schema}.{name}"


def from_sql(
    model: str, columns: Sequence[str], sql: str, inputs: Collection[str], catalog: Catalog
) -> ModelLineage:
    """The lineage of a model in SQL.

    Parameters:
        model: schema and name.
        columns: those that its table has.
        sql: compiled, of a whole build.
        inputs: the tables that dbt says it reads.
        catalog: of the database.
    """
    read = set(inputs)

    def find(node: exp.Table) -> Relation:
        if node.catalog and node.catalog.lower() not in (catalog.default_catalog, "insights"):
            raise UnknownLineageError(f"it reads {node.catalog}.{node.db}, which is not kept")
        found = catalog.relation(table_name(node.db, node.name))
        read.update(edge.table for edge in found.rows.edges)
        return found

    try:
        if called := _macros_called(sql, catalog.macros):
            raise UnknownLineageError(f"it calls {called}, of which is not known what it reads")
        queries = Queries(find, catalog.functions)
        relation = queries.relation(_parsed(sql), Scope({}))
        found = _as_made(relation, columns)
    except UnknownLineageError as error:
        found = _unknown(columns, str(error))
    except Exception as error:  # whatever a parser trips over may not end a run
        found = _unknown(columns, f"its SQL can't be followed ({type(error).__name__})")
    return closed(ModelLineage(model, found.outputs, found.rows), read, catalog)


def of_components(
    model: str, columns: Sequence[str], sql: str, inputs: Collection[str], catalog: Catalog
) -> ModelLineage:
    """The lineage of connected components: each follows from all of the links that the SQL gives.

    Parameters: as of `from_sql`.
    """
    links = from_sql(model, LINKS, sql, inputs, catalog)
    whole = together(output.reads for output in links.outputs).raised(AGGREGATION)
    outputs = tuple(Output(column.lower(), whole) for column in columns)
    return ModelLineage(model, outputs, links.rows | whole.deciding(GROUP_BY))


def declared(
    model: str,
    columns: Sequence[str],
    said: Mapping[str, Sequence[str]],
    inputs: Collection[str],
    catalog: Catalog,
) -> ModelLineage:
    """The lineage of a model in Python, as `config.meta.lineage` of its YAML says it.

    Parameters:
        model: schema and name.
        columns: those that its table has.
        said: per column, and for `ROWS`, the columns that are read, each with its table's name.
        inputs: the tables that dbt says it reads.
        catalog: of the database.
    """
    there = {
        f"{name}.{column}".lower() for name in inputs for column in catalog.columns.get(name, ())
    }

    def reads(column: str, kind: str) -> Reads:
        if column not in said:
            return Reads(unknown="it is made in Python, and its YAML does not say of what")
        wrong = sorted(name for name in said[column] if name.lower() not in there)
        if wrong:
            return Reads(unknown=f"its YAML names {wrong[0]}, which no input of it has")
        split = (name.lower().rpartition(".") for name in said[column])
        return Reads(frozenset(Edge(name, one, kind) for name, _, one in split))

    rows = reads(ROWS, FILTER)
    rows |= Reads(frozenset(Edge(name, ROWS, FILTER) for name in inputs))
    outputs = tuple(Output(c.lower(), reads(c.lower(), TRANSFORMATION)) for c in columns)
    return closed(ModelLineage(model, outputs, rows), inputs, catalog)


def unread(
    model: str, columns: Sequence[str], inputs: Collection[str], catalog: Catalog, reason: str
) -> ModelLineage:
    """The lineage of a model of which nothing is known but its inputs."""
    found = _unknown(columns, reason)
    return closed(ModelLineage(model, found.outputs, found.rows), inputs, catalog)


def closed(lineage: ModelLineage, inputs: Collection[str], catalog: Catalog) -> ModelLineage:
    """The same, where what is not known reads every column of every input.

    Parameters:
        lineage: as it was found.
        inputs: all tables that are read.
        catalog: of the database.
    """
    every = frozenset(
        Edge(name, column.lower(), TRANSFORMATION)
        for name in inputs
        for column in catalog.columns.get(name, ())
    ) | {Edge(name, ROWS, FILTER) for name in inputs}
    anything = Reads(every)
    rows = lineage.rows
    if rows.unknown:
        rows |= anything.deciding(FILTER)
    outputs = tuple(
        Output(name, reads | anything if reads.unknown else reads)
        for name, reads in lineage.outputs
    )
    return ModelLineage(lineage.model, outputs, rows)


def _parsed(sql: str) -> exp.Expression:
    try:
        statements = [one for one in sqlglot.parse(sql, dialect="duckdb") if one is not None]
    except (sqlglot.errors.SqlglotError, RecursionError):
        raise UnknownLineageError("its SQL can't be parsed") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise UnknownLineageError("its SQL is not one query")
    return statements[0]


def _macros_called(sql: str, macros: Collection[str]) -> str:
    called = {name.lower() for name in re.findall(r"(\w+)\s*\(", sql)} if macros else set()
    return min(called & {macro.lower() for macro in macros}, default="")


def _as_made(relation: Relation, columns: Sequence[str]) -> Relation:
    """The columns of a query in the order of the table that was made of it."""
    found = [output.name for output in relation.outputs]
    made = [column.lower() for column in columns]
    if sorted(found) != sorted(made):
        raise UnknownLineageError("its table has other columns than its SQL seems to give")
    return Relation(
        tuple(Output(name, relation.column(name) or NOTHING) for name in made), relation.rows
    )


def _unknown(columns: Sequence[str], reason: str) -> Relation:
    unknown = Reads(unknown=reason)
    return Relation(tuple(Output(column.lower(), unknown) for column in columns), unknown)
