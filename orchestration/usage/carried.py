"""Which labels a column carries: its own, and those of all that it is computed of, to the sources.

A label follows what a column is computed of: the values, what a case asks, by what a window
partitions and orders; and, of a column without any value of another, whatever decides it, as
`exists` and scalar subqueries do. It does not follow which rows there are: people are found to be
one by their addresses, so that every label would be on every column, and say nothing. Where a
segment's rule is read all decisions count, of other segments that it reads as well: a field counts
that is used in the rule. What is not known is closed: see `UNKNOWN`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from orchestration.lineage.edges import CONDITIONAL, ROWS, VALUE_KINDS, WINDOW
from orchestration.lineage.origins import Name
from orchestration.lineage.store import COLUMNS, EDGES
from orchestration.usage.declared import DeclaredLabels

COMPUTED = (*VALUE_KINDS, CONDITIONAL, WINDOW)
RULES = "segments"
"""The layer in which every decision counts."""
UNKNOWN = "unknown"
"""In the place of a label: the column may carry any. A table that neither a model makes nor the
project describes, or one whose lineage is not certain and of which nobody says `labels`."""


@dataclass(frozen=True)
class Carried:
    """What a column carries.

    Attributes:
        chains: by label, the shortest way from the column to one that has the label itself.
    """

    chains: Mapping[str, tuple[Name, ...]]

    @property
    def labels(self) -> frozenset[str]:
        """The labels that are known."""
        return frozenset(self.chains) - {UNKNOWN}

    @property
    def is_known(self) -> bool:
        """Whether no other label can be on it."""
        return UNKNOWN not in self.chains


class CarriedLabels:
    """The labels of columns as the warehouse's lineage and the project's YAML have them.

    Parameters:
        con: to the warehouse.
        declared: of the project.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, declared: DeclaredLabels) -> None:
        self._declared = declared
        self._certain: dict[Name, bool] = {}
        for model, column, is_certain in con.execute(
            f"select model, column_name, is_certain from {COLUMNS}"
        ).fetchall():
            self._certain[Name(model, column)] = is_certain
        self._made = {name.table for name in self._certain}
        edges: dict[Name, list[tuple[Name, str]]] = defaultdict(list)
        for model, column, table, read, kind in con.execute(
            f"select model, column_name, from_table, from_column, kind from {EDGES} order by all"
        ).fetchall():
            edges[Name(model, column)].append((Name(table, read), kind))
        self._edges = dict(edges)

    def of(self, name: Name) -> Carried:
        """What a column carries."""
        before: dict[Name, Name | None] = {name: None}
        queue, found = deque([name]), {}
        while queue:
            reached = queue.popleft()
            for label in sorted(self._own(reached)):
                if label not in found:
                    found[label] = _way(before, reached)
            for read in self._computed_of(reached):
                if read not in before:
                    before[read] = reached
                    queue.append(read)
        return Carried(found)

    def _own(self, name: Name) -> frozenset[str]:
        labels = self._declared.of(name, name.table in self._made)
        return labels if self._is_known(name) else labels | {UNKNOWN}

    def _is_known(self, name: Name) -> bool:
        if not self._declared.knows(name.table):
            return False
        if name.table not in self._made:
            return not self._declared.is_model(name.table)
        if name not in self._certain:
            return False
        return self._certain[name] or self._declared.is_settled(name.table)

    def _computed_of(self, name: Name) -> list[Name]:
        own = self._edges.get(name, [])
        if name.table.startswith(f"{RULES}."):
            return [read for read, _ in (*own, *self._edges.get(Name(name.table, ROWS), ()))]
        if name.column == ROWS:
            return []
        has_value = any(kind in VALUE_KINDS for _, kind in own)
        return [read for read, kind in own if kind in COMPUTED or not has_value]


def _way(before: Mapping[Name, Name | None], reached: Name) -> tuple[Name, ...]:
    way = [reached]
    while (last := before[way[-1]]) is not None:
        way.append(last)
    return tuple(reversed(way))
