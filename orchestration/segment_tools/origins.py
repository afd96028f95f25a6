"""Whose values an expression of a segment shows: those of labelled columns are masked.

An expression is traced through the steps to the columns of tables. What can't be followed to the
end is masked as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlglot import exp

from orchestration.layers_reader import hidden_columns
from orchestration.policy.declared_columns import subscriptions
from orchestration.policy.subscriptions import LOOKUP
from orchestration.segment_tools.steps import SegmentQuery, selects_of

MASKED = "(masked)"
DEEPEST = 100
"""How many steps a value is followed through."""
OPAQUE = (exp.Query, exp.Lambda, exp.Anonymous, exp.Dot)
"""What may show values that are not named in it: subqueries, functions of the warehouse."""


class NotFollowedError(ValueError):
    """An expression that can't be followed to columns of tables."""


@dataclass(frozen=True)
class Labels:
    """What is known of the columns of the project's tables.

    Attributes:
        tables: per table, as schema.table, its columns.
        hidden: of these, those that have a label of personal data, or are not declared for lookup.
    """

    tables: Mapping[str, Collection[str]]
    hidden: Mapping[str, Collection[str]]

    def show(self, origins: Collection[tuple[str, str]]) -> bool:
        """Whether values of all these columns may be shown."""
        return not any(column in self.hidden[table] for table, column in origins)


def labels_of(con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> Labels:
    """The labels of what stands in the warehouse; tables that are none of the project have none.

    Parameters:
        con: to the warehouse.
        manifest: dbt's manifest.json.
    """
    standing: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = current_database() order by column_index"
    ).fetchall():
        standing.setdefault((schema, table), []).append(column)
    kept_back = {
        name for name, (_, consumers) in subscriptions(manifest).items() if LOOKUP not in consumers
    }
    tables: dict[str, Collection[str]] = {}
    hidden: dict[str, Collection[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            columns = standing.get((node["schema"], node["name"]), [])
            full = f"{node['schema']}.{node['name']}"
            undeclared = kept_back & (set(columns) - set(node["columns"]))
            tables[full] = columns
            hidden[full] = hidden_columns(manifest, node, columns) | undeclared
    return Labels(tables, hidden)


@dataclass(frozen=True)
class Tracer:
    """Follows expressions of a segment to columns of tables.

    Attributes:
        query: of the segment.
        tables: the columns of each table, as schema.table.
    """

    query: SegmentQuery
    tables: Mapping[str, Collection[str]]
    steps: dict[str, exp.Expression] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.steps.update({step.name: step.query for step in self.query.steps})

    def origins(self, expression: exp.Expression, select: exp.Select) -> set[tuple[str, str]]:
        """The columns of tables that an expression's value is made of.

        Parameters:
            expression: within the select, a subquery's columns are not followed.
            select: whose sources it names.

        Raises:
            NotFollowedError: that can't be told.
        """
        return self._origins(expression, select, 0)

    def _origins(
        self, expression: exp.Expression, select: exp.Select, depth: int
    ) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for node in expression.walk():
            is_all = isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count)
            if is_all or isinstance(node, OPAQUE):
                raise NotFollowedError
            if isinstance(node, exp.Column):
                found |= self._of_column(node.name, node.table, select, depth)
        return found

    def _of_column(
        self, name: str, table: str, select: exp.Select, depth: int
    ) -> set[tuple[str, str]]:
        if select.args.get("with_") or depth > DEEPEST:
            raise NotFollowedError
        given_by = [
            self._through(source, name, depth + 1)
            for alias, source in _sources(select)
            if table in ("", alias)
        ]
        known = [origins for origins in given_by if origins is not None]
        if known:
            return set().union(*known)
        for given in select.selects:
            if not table and isinstance(given, exp.Alias) and given.alias == name:
                return self._origins(given.this, select, depth + 1)
        raise NotFollowedError

    def _through(
        self, source: exp.Expression, name: str, depth: int
    ) -> set[tuple[str, str]] | None:
        """What a column of a source is made of, None where it has no such column."""
        if isinstance(source, exp.Subquery):
            return self._of_query(source, name, depth)
        if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Identifier):
            raise NotFollowedError
        if source.args.get("pivots"):
            raise NotFollowedError
        full = f"{source.db}.{source.name}"
        if full in self.tables:
            return {(full, name)} if name in self.tables[full] else None
        if source.db or source.name not in self.steps:
            raise NotFollowedError
        return self._of_query(self.steps[source.name], name, depth)

    def _of_query(
        self, query: exp.Expression, name: str, depth: int
    ) -> set[tuple[str, str]] | None:
        parts = list(selects_of(query))
        if not parts or any(part.is_star for part in parts[1:]):
            raise NotFollowedError
        first = parts[0]
        names = [column.alias_or_name for column in first.selects]
        if name in names:
            place = names.index(name)
            if first.is_star and len(parts) > 1:
                raise NotFollowedError
            columns = [(part, part.selects[place : place + 1]) for part in parts]
            if not all(column for _, column in columns):
                raise NotFollowedError
            each = [self._origins(column.unalias(), p, depth) for p, [column] in columns]
            return set().union(*each)
        if not first.is_star:
            return None
        stars = [column for column in first.selects if column.is_star]
        plain = [c for c in stars if not isinstance(c, exp.Star) or not any(c.args.values())]
        if len(parts) > 1 or len(stars) != 1 or len(plain) != 1:
            raise NotFollowedError
        return self._of_column(name, getattr(stars[0], "table", ""), first, depth)


def _sources(select: exp.Select) -> Iterator[tuple[str, exp.Expression]]:
    """What a select reads, by the names that it calls it."""
    read = [select.args.get("from_"), *(select.args.get("joins") or ())]
    if select.args.get("laterals"):
        raise NotFollowedError
    for clause in read:
        if clause is not None:
            yield clause.this.alias_or_name, clause.this
