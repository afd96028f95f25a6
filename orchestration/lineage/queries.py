"""What a query gives: its columns with what each reads, and what decides its rows.

Decisions flow outwards: what a common table expression or a subquery joins, filters and groups by
decides the rows of whatever reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from sqlglot import exp

from orchestration.lineage.edges import (
    FILTER,
    GROUP_BY,
    JOIN,
    NOTHING,
    SORT,
    Output,
    Reads,
    Relation,
    UnknownLineageError,
    together,
)
from orchestration.lineage.expressions import Expressions, Functions, starred
from orchestration.lineage.from_clause import FromClause, require_only
from orchestration.lineage.scopes import Scope

Tables = Callable[[exp.Table], Relation]
"""Gives a table that is no common table expression; raises UnknownLineageError."""
ROUNDS = 100


class Queries:
    """Reads queries.

    Parameters:
        tables: gives the tables that they read.
        functions: those that the database has.
    """

    def __init__(self, tables: Tables, functions: Functions) -> None:
        self._expressions = Expressions(functions, self.relation)
        self._from = FromClause(tables, self._expressions, self.relation)

    def relation(self, node: exp.Expression, outer: Scope) -> Relation:
        """What a query gives.

        Parameters:
            node: a select, a set operation, a list of values, or one of them in parentheses.
            outer: the names around it.

        Raises:
            UnknownLineageError: it holds what can't be followed.
        """
        if with_ := node.args.get("with_"):
            outer = Scope(self._ctes(with_, outer), outer)
        if isinstance(node, exp.Select):
            return self._select(node, outer)
        if isinstance(node, exp.SetOperation):
            return self._limited(node, self._set_operation(node, outer), outer)
        if isinstance(node, exp.Subquery):
            require_only(node, "this", "alias", "with_", "order", "limit", "offset")
            inner = self.relation(node.this, outer)
            return self._limited(node, inner, outer)
        if isinstance(node, exp.Values):
            return self._from.values(node, outer)
        raise UnknownLineageError(f"it has a {type(node).__name__.lower()}, which is not followed")

    def _ctes(self, with_: exp.With, outer: Scope) -> dict[str, Relation]:
        ctes = dict(outer.ctes)
        for cte in with_.expressions:
            name = cte.alias.lower()
            names = [column.name.lower() for column in cte.args["alias"].columns]
            reads_itself = with_.args.get("recursive") and any(
                found.name.lower() == name and not found.db for found in cte.find_all(exp.Table)
            )
            if reads_itself:
                ctes[name] = self._recursive(name, names, cte.this, Scope(ctes, outer))
            else:
                ctes[name] = self.relation(cte.this, Scope(dict(ctes), outer)).named(names)
        return ctes

    def _recursive(
        self, name: str, names: list[str], query: exp.Expression, scope: Scope
    ) -> Relation:
        """A step reads what the steps before have given, until none reads anything more."""
        if not isinstance(query, exp.Union) or query.args.get("by_name"):
            raise UnknownLineageError(f"{name} reads itself without a union")
        found = self.relation(query.left, scope).named(names)
        for _ in range(ROUNDS):
            known = Scope({**scope.ctes, name: found}, scope.parent)
            step = self.relation(query.right, known)
            more = _united(found, step, self._distinct(query, found, step))
            if more == found:
                return found
            found = more
        raise UnknownLineageError(f"{name} reads itself without an end")

    def _set_operation(self, node: exp.SetOperation, outer: Scope) -> Relation:
        require_only(
            node, "this", "expression", "distinct", "by_name", "with_", "order", "limit", "offset"
        )
        left, right = self.relation(node.left, outer), self.relation(node.right, outer)
        if node.args.get("by_name"):
            names = dict.fromkeys(output.name for output in (*left.outputs, *right.outputs))
            left, right = (
                Relation(tuple(Output(n, side.column(n) or NOTHING) for n in names), side.rows)
                for side in (left, right)
            )
        decided = self._distinct(node, left, right)
        if isinstance(node, exp.Union):
            return _united(left, right, decided)
        decided |= (left.everything() | right.everything()).deciding(FILTER)
        if isinstance(node, exp.Except):
            decided |= right.rows.deciding(FILTER)
            return Relation(left.outputs, left.rows | decided)
        return _united(left, right, decided)

    def _distinct(self, node: exp.SetOperation, left: Relation, right: Relation) -> Reads:
        """Of rows that are alike one stays, so that every column decides."""
        if node.args.get("distinct") is False:
            return NOTHING
        return (left.everything() | right.everything()).deciding(GROUP_BY)

    def _limited(self, node: exp.Expression, relation: Relation, outer: Scope) -> Relation:
        """Ordered and cut off after the query: by its columns' names or places."""
        scope = Scope(outer.ctes, outer, {"": relation})
        return Relation(
            relation.outputs, relation.rows | self._order(node, relation.outputs, scope)
        )

    def _select(self, node: exp.Select, outer: Scope) -> Relation:
        require_only(
            node, "expressions", "from_", "joins", "laterals", "where", "group", "having",
            "qualify", "order", "limit", "offset", "distinct", "windows", "with_", "sample",
        )  # fmt: skip
        scope = Scope(outer.ctes, outer)
        rows = self._from.read(node, scope)
        for window in node.args.get("windows") or ():
            scope.windows[window.name.lower()] = self._expressions.window(window, scope)
        outputs, made = self._projections(node, scope)
        rows |= made
        rows |= self._condition(node.args.get("where"), scope)
        # From here on a name may mean an alias as well as a column.
        scope = replace(scope, with_aliases=True)
        rows |= self._group(node, outputs, scope)
        for clause in ("having", "qualify"):
            rows |= self._condition(node.args.get(clause), scope)
        rows |= self._order(node, outputs, scope)
        if distinct := node.args.get("distinct"):
            on = distinct.args.get("on")
            by = self._expressions.reads(on, scope) if on else _all(outputs)
            rows |= by.deciding(GROUP_BY)
        return Relation(tuple(outputs), rows)

    def _projections(self, node: exp.Select, scope: Scope) -> tuple[list[Output], Reads]:
        outputs: list[Output] = []
        rows = NOTHING
        # DuckDB's `from t` without a select list takes all.
        for projection in node.expressions or [exp.Star()]:
            star = projection.this if isinstance(projection, exp.Column) else projection
            if isinstance(star, exp.Star):
                alias = projection.table.lower() if star is not projection else None
                outputs += starred(star, scope.star(alias), self._expressions, scope)
                continue
            if isinstance(projection.unalias(), exp.Columns):
                raise UnknownLineageError("it chooses columns while it runs, by COLUMNS")
            reads = self._expressions.reads(projection, scope)
            if self._expressions.gives_rows(projection):
                rows |= reads.deciding(JOIN)
            name = (projection.alias_or_name or projection.sql("duckdb")).lower()
            outputs.append(Output(name, reads))
            if projection.alias:
                scope.aliases[name] = reads
        return outputs, rows

    def _condition(self, clause: exp.Expression | None, scope: Scope) -> Reads:
        if clause is None:
            return NOTHING
        return self._expressions.reads(clause.this, scope).deciding(FILTER)

    def _group(self, node: exp.Select, outputs: list[Output], scope: Scope) -> Reads:
        group = node.args.get("group")
        if group is None:
            return NOTHING
        require_only(group, "expressions", "all", "grouping_sets", "cube", "rollup")
        if group.args.get("all"):
            if any(isinstance(one, exp.Star) for one in node.expressions):
                return _all(outputs).deciding(GROUP_BY)
            named = zip(node.expressions, outputs, strict=False)
            by = (o.reads for one, o in named if not self._expressions.aggregates(one))
            # A star of a relation stands for more columns than one.
            whole = len(node.expressions) != len(outputs)
            return (_all(outputs) if whole else together(by)).deciding(GROUP_BY)
        parts = [part for value in group.args.values() if isinstance(value, list) for part in value]
        return self._listed(parts, outputs, scope).deciding(GROUP_BY)

    def _order(self, node: exp.Expression, outputs: Iterable[Output], scope: Scope) -> Reads:
        """What rows are ordered by, where that decides: before a limit, `distinct on`, a reader."""
        found = NOTHING
        limit = node.args.get("limit")
        if order := node.args.get("order"):
            by = [one.this for one in order.expressions]
            is_all = any(isinstance(one, exp.Var) and one.name.lower() == "all" for one in by)
            found = _all(outputs) if is_all else self._listed(by, list(outputs), scope)
            is_last = node.parent is None
            decides = limit or node.args.get("offset") or node.args.get("distinct") or not is_last
            found = found if decides else NOTHING
        for clause in filter(None, (limit, node.args.get("offset"))):
            found |= self._expressions.reads(clause.expression or clause, scope)
        return found.deciding(SORT)

    def _listed(self, parts: list[exp.Expression], outputs: list[Output], scope: Scope) -> Reads:
        """Expressions of which a whole number means a column of the select list."""
        found = NOTHING
        for part in parts:
            if isinstance(part, exp.Literal) and not part.is_string:
                place = int(part.name) - 1
                if not 0 <= place < len(outputs):
                    raise UnknownLineageError(f"there is no column {part.name}")
                found |= outputs[place].reads
            else:
                found |= self._expressions.reads(part, scope)
        return found


def _united(left: Relation, right: Relation, decided: Reads) -> Relation:
    if len(left.outputs) != len(right.outputs):
        raise UnknownLineageError("two sides of a set operation have not the same columns")
    pairs = zip(left.outputs, right.outputs, strict=True)
    outputs = tuple(Output(a.name, a.reads | b.reads) for a, b in pairs)
    return Relation(outputs, left.rows | right.rows | decided)


def _all(outputs: Iterable[Output]) -> Reads:
    return together(output.reads for output in outputs)
