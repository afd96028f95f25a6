"""What stands in FROM: tables, subqueries and joins, and what decides which of their rows meet."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from orchestration.lineage.edges import (
    JOIN,
    NOTHING,
    TRANSFORMATION,
    Output,
    Reads,
    Relation,
    UnknownLineageError,
    together,
)
from orchestration.lineage.expressions import Expressions, Query
from orchestration.lineage.scopes import Scope

SERIES = (exp.GenerateSeries, exp.GenerateDateArray, exp.GenerateTimestampArray)
SERIES_BY_NAME = {"generate_series", "range"}
HIDES_RIGHT = ("SEMI", "ANTI")


class FromClause:
    """Reads FROM.

    Parameters:
        tables: gives the tables that are no common table expressions.
        expressions: reads the conditions of joins.
        query: reads subqueries.
    """

    def __init__(
        self, tables: Callable[[exp.Table], Relation], expressions: Expressions, query: Query
    ) -> None:
        self._tables = tables
        self._expressions = expressions
        self._query = query

    def read(self, node: exp.Select, scope: Scope) -> Reads:
        """Put what stands in FROM into a scope.

        Returns:
            What decides the rows that FROM gives.
        """
        rows = NOTHING
        if from_ := node.args.get("from_"):
            require_only(from_, "this")
            alias, relation = self._source(from_.this, scope)
            scope.add(alias, relation)
            rows |= relation.rows
        for lateral in node.args.get("laterals") or ():
            alias, relation = self._source(lateral, scope)
            scope.add(alias, relation)
            rows |= relation.rows
        for join in node.args.get("joins") or ():
            rows |= self._join(join, scope)
        return rows

    def _join(self, join: exp.Join, scope: Scope) -> Reads:
        require_only(join, "this", "side", "kind", "method", "on", "using")
        if join.method and join.method.upper() != "ASOF":
            raise UnknownLineageError(f"it has a {join.method.lower()} join, which is not followed")
        alias, relation = self._source(join.this, scope)
        rows = relation.rows
        left = {
            name.name.lower(): scope.column(name.name.lower())
            for name in join.args.get("using") or ()
        }
        scope.add(alias, relation)
        for name, before in left.items():
            after = relation.column(name)
            if before is None or after is None:
                raise UnknownLineageError(f"there is no column {name} to join by")
            rows |= (before | after).deciding(JOIN)
            side = (join.side or "").upper()
            if join.kind not in HIDES_RIGHT:
                both = (before | after).raised(TRANSFORMATION)
                scope.merged[name] = {"RIGHT": after, "FULL": both}.get(side, before)
        if on := join.args.get("on"):
            rows |= self._expressions.reads(on, scope).deciding(JOIN)
        if join.kind in HIDES_RIGHT:
            # What is only looked up decides; its columns are not there afterwards.
            del scope.relations[alias]
        return rows

    def _source(self, node: exp.Expression, scope: Scope) -> tuple[str, Relation]:
        alias = node.args.get("alias")
        names = [one.name.lower() for one in alias.columns] if alias else []
        name = (node.alias or "").lower()
        if isinstance(node, exp.Table):
            require_only(node, "this", "db", "catalog", "alias", "sample")
            return name or node.name.lower(), self._table(node, scope, name).named(names)
        if isinstance(node, exp.Lateral):
            require_only(node, "this", "alias", "outer", "view", "cross_apply")
            return self._unnamed(name, scope), self._lateral(node.this, scope, name).named(names)
        if isinstance(node, exp.Unnest):
            return self._unnamed(name, scope), self._unnest(node, scope, name).named(names)
        relation = self._query(node, scope)
        return self._unnamed(name, scope), relation.named(names)

    def _unnamed(self, name: str, scope: Scope) -> str:
        return name or f"({len(scope.relations)})"

    def _table(self, node: exp.Table, scope: Scope, alias: str) -> Relation:
        if isinstance(node.this, exp.Func):
            return self._function(node.this, scope, alias)
        if not node.db and node.name.lower() in scope.ctes:
            return scope.ctes[node.name.lower()]
        return self._tables(node)

    def _function(self, call: exp.Func, scope: Scope, alias: str) -> Relation:
        name = call.name.lower() if isinstance(call, exp.Anonymous) else call.sql_name().lower()
        if not (isinstance(call, SERIES) or name in SERIES_BY_NAME):
            raise UnknownLineageError(f"it reads from {name}, whose rows are not known")
        reads = self._expressions.reads(call, scope)
        return _listed(reads, alias or name, name)

    def _lateral(self, node: exp.Expression, scope: Scope, alias: str) -> Relation:
        if isinstance(node, exp.Unnest):
            return self._unnest(node, scope, alias)
        return self._query(node, scope)

    def _unnest(self, node: exp.Unnest, scope: Scope, alias: str) -> Relation:
        require_only(node, "expressions", "alias")
        if len(node.expressions) != 1:
            raise UnknownLineageError("it unnests with more than a list")
        reads = self._expressions.reads(node.expressions[0], scope).raised(TRANSFORMATION)
        return _listed(reads, "unnest", alias)

    def values(self, node: exp.Values, outer: Scope) -> Relation:
        """A list of rows: col0, col1, … where nobody names them."""
        rows = [
            row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions
        ]
        if len({len(row) for row in rows}) != 1:
            raise UnknownLineageError("rows of values have not the same columns")
        outputs = (
            together(self._expressions.reads(value, outer) for value in column)
            for column in zip(*rows, strict=True)
        )
        return Relation(tuple(Output(f"col{n}", reads) for n, reads in enumerate(outputs)))


def _listed(reads: Reads, name: str, *others: str) -> Relation:
    """One column with the values of a list, whose length decides how many rows there are."""
    return Relation((Output(name, reads),), reads.deciding(JOIN))


def require_only(node: exp.Expression, *known: str) -> None:
    """Refuse what a clause has besides that which is followed.

    Raises:
        UnknownLineageError: it has more.
    """
    more = sorted(name for name, value in node.args.items() if value and name not in known)
    if more:
        what = type(node).__name__.lower()
        raise UnknownLineageError(f"a {what} has {', '.join(more)}, which is not followed")
