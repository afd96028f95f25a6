"""What a column reads: edges to columns of tables, each with the kind of its reading.

Kinds have the names of OpenLineage's column lineage facet. A value edge says that a column's values
are made of another's; a decision edge, that another column decides which rows there are, or which
of several values a column has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

IDENTITY, TRANSFORMATION, AGGREGATION = "identity", "transformation", "aggregation"
VALUE_KINDS = (IDENTITY, TRANSFORMATION, AGGREGATION)
"""Each covers those before: a sum of lower-cased texts is an aggregation."""
JOIN, FILTER, GROUP_BY, SORT = "join", "filter", "group_by", "sort"
WINDOW, CONDITIONAL = "window", "conditional"
DECISION_KINDS = (JOIN, FILTER, GROUP_BY, SORT, WINDOW, CONDITIONAL)
ROWS = "*"
"""In the place of a column: which rows a table has. `count(*)` reads nothing else of it."""


class UnknownLineageError(Exception):
    """What a query reads can't be known; the message says why, for people, without data."""


class Edge(NamedTuple):
    """A column that is read.

    Attributes:
        table: schema and name.
        column: its name, or `ROWS`.
        kind: one of `VALUE_KINDS` or `DECISION_KINDS`.
    """

    table: str
    column: str
    kind: str


@dataclass(frozen=True)
class Reads:
    """What an expression reads.

    Attributes:
        edges: the columns.
        unknown: why it may read others as well; empty when it does not.
    """

    edges: frozenset[Edge] = frozenset()
    unknown: str = ""

    def __or__(self, other: Reads) -> Reads:
        # The same reason whichever comes first, so that the tables have the same rows each time.
        reasons = sorted(filter(None, (self.unknown, other.unknown)))
        return Reads(self.edges | other.edges, reasons[0] if reasons else "")

    def raised(self, kind: str) -> Reads:
        """The same, read through a transformation or an aggregation."""
        least = VALUE_KINDS.index(kind)
        return Reads(frozenset(_raised(edge, least) for edge in self.edges), self.unknown)

    def deciding(self, kind: str) -> Reads:
        """The same where it decides: whatever it reads does."""
        return Reads(frozenset(e._replace(kind=kind) for e in self.edges), self.unknown)


def _raised(edge: Edge, least: int) -> Edge:
    if edge.kind not in VALUE_KINDS or VALUE_KINDS.index(edge.kind) >= least:
        return edge
    return edge._replace(kind=VALUE_KINDS[least])


NOTHING = Reads()


def together(reads: Iterable[Reads]) -> Reads:
    """All that several expressions read."""
    found = NOTHING
    for one in reads:
        found |= one
    return found


class Output(NamedTuple):
    """A column of a query, by its name in lower case."""

    name: str
    reads: Reads


@dataclass(frozen=True)
class Relation:
    """A table, or what a query gives.

    Attributes:
        outputs: its columns, in order.
        rows: what decides which rows it has.
    """

    outputs: tuple[Output, ...]
    rows: Reads = NOTHING

    def column(self, name: str) -> Reads | None:
        """What a column reads; None when there is none of that name."""
        found = [output.reads for output in self.outputs if output.name == name]
        return together(found) if found else None

    def everything(self) -> Reads:
        """What all of its columns read."""
        return together(output.reads for output in self.outputs)

    def named(self, names: Iterable[str]) -> Relation:
        """The same with other names for the first columns."""
        given = list(names)
        if len(given) > len(self.outputs):
            raise UnknownLineageError("an alias names more columns than there are")
        renamed = [Output(n, o.reads) for n, o in zip(given, self.outputs, strict=False)]
        return Relation((*renamed, *self.outputs[len(given) :]), self.rows)


def table(name: str, columns: Iterable[str]) -> Relation:
    """A table that is read as it is.

    Parameters:
        name: schema and name.
        columns: its columns, in order.
    """
    outputs = tuple(
        Output(column.lower(), Reads(frozenset({Edge(name, column.lower(), IDENTITY)})))
        for column in columns
    )
    return Relation(outputs, Reads(frozenset({Edge(name, ROWS, FILTER)})))
