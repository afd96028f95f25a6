"""What an expression reads, by sqlglot's syntax tree of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from orchestration.lineage.edges import (
    AGGREGATION,
    CONDITIONAL,
    NOTHING,
    SORT,
    TRANSFORMATION,
    WINDOW,
    Output,
    Reads,
    Relation,
    UnknownLineageError,
    together,
)
from orchestration.lineage.scopes import Scope

Query = Callable[[exp.Expression, Scope], Relation]
"""Gives what a query within an expression yields, from the names around it."""
OF_OTHER_ROWS = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
"""In a window: a value of another row, as it is there."""
WITHOUT_INPUT = (
    exp.CumeDist, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.DenseRank,
    exp.Localtime, exp.Localtimestamp, exp.PercentRank, exp.Pi, exp.Rand, exp.Rank, exp.RowNumber,
    exp.Uuid,
)  # fmt: skip
"""The clock, chance, and places of rows: nothing that a column holds."""
CALLS_WITHOUT_INPUT = {"gen_random_uuid", "now", "today", "transaction_timestamp", "uuidv7"}
OF_ELSEWHERE = {
    "currval", "current_setting", "getenv", "getvariable", "nextval", "query", "query_table",
    "which_secret",
}  # fmt: skip
"""Functions that read what stands in no column of the query."""
GIVE_ROWS = {"generate_subscripts", "json_each", "json_tree", "unnest"}


@dataclass(frozen=True)
class Functions:
    """The functions that the database itself has, by name.

    Attributes:
        scalar: of single values.
        aggregate: of groups of rows.
    """

    scalar: frozenset[str] = frozenset()
    aggregate: frozenset[str] = frozenset()


class Expressions:
    """Reads expressions.

    Parameters:
        functions: those that are known.
        query: reads the queries within them.
    """

    def __init__(self, functions: Functions, query: Query) -> None:
        self._functions = functions
        self._query = query
        self._special: dict[type[exp.Expression], Callable[..., Reads]] = {
            exp.Column: self._column,
            exp.Case: self._case,
            exp.If: self._if,
            exp.Filter: self._filter,
            exp.Window: self._window,
            exp.Order: self._order,
            exp.WithinGroup: self._within_group,
            exp.Exists: self._exists,
            exp.Columns: self._columns,
            exp.PropertyEQ: self._named,
            exp.Kwarg: self._named,
            exp.ArgMax: self._best,
            exp.ArgMin: self._best,
            exp.Count: self._count,
            exp.DataType: lambda node, scope: NOTHING,
        }

    def reads(self, node: exp.Expression, scope: Scope) -> Reads:
        """What an expression reads.

        Parameters:
            node: the expression.
            scope: what its names mean.

        Raises:
            UnknownLineageError: a name means nothing.
        """
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            return scope.resolve([part.name.lower() for part in node.parts])
        if special := self._special.get(type(node)):
            return special(node, scope)
        if isinstance(node, exp.Alias | exp.Paren):
            return self.reads(node.this, scope)
        if isinstance(node, exp.Query):
            relation = self._query(node, scope)
            return relation.everything() | relation.rows
        return self._general(node, scope)

    def gives_rows(self, node: exp.Expression) -> bool:
        """Whether an expression of a select list makes several rows of one."""
        return any(
            isinstance(part, exp.Explode | exp.Posexplode | exp.Unnest)
            or (isinstance(part, exp.Anonymous) and part.name.lower() in GIVE_ROWS)
            for part in node.walk()
        )

    def aggregates(self, node: exp.Expression) -> bool:
        """Whether an expression is one over groups of rows, as `group by all` asks."""
        if isinstance(node, exp.Window | exp.Query):
            return False
        return self._is_aggregate(node) or any(map(self.aggregates, _children(node)))

    def _is_aggregate(self, node: exp.Expression) -> bool:
        named = isinstance(node, exp.Anonymous)
        known = named and node.name.lower() in self._functions.aggregate
        return isinstance(node, exp.AggFunc) or known

    def _general(self, node: exp.Expression, scope: Scope) -> Reads:
        children = list(_children(node))
        found = together(self.reads(child, scope) for child in children)
        kind = AGGREGATION if self._is_aggregate(node) else TRANSFORMATION
        return found.raised(kind) | Reads(unknown=self._doubt(node, children))

    def _doubt(self, node: exp.Expression, children: list[exp.Expression]) -> str:
        """Why a node may read more than what stands in it."""
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
            known = name in self._functions.scalar or name in self._functions.aggregate
            if name in OF_ELSEWHERE or not known:
                return f"it calls {name}, of which is not known what it reads"
            if not children and name not in CALLS_WITHOUT_INPUT:
                return f"it calls {name} without saying of what"
        elif isinstance(node, exp.Star):
            return "it takes all columns at once"
        elif isinstance(node, exp.Placeholder | exp.Parameter | exp.SessionParameter):
            return "it takes a parameter"
        elif isinstance(node, exp.PositionalColumn):
            return "it reads a column by its position"
        elif isinstance(node, exp.Func) and not children and not isinstance(node, WITHOUT_INPUT):
            return f"it calls {node.sql_name().lower()} without saying of what"
        return ""

    def _column(self, node: exp.Column, scope: Scope) -> Reads:
        return Reads(unknown="it takes all columns at once")

    def _case(self, node: exp.Case, scope: Scope) -> Reads:
        asked = [node.this] if node.this else []
        asked += [branch.this for branch in node.args["ifs"]]
        values = [branch.args["true"] for branch in node.args["ifs"]]
        values += [node.args["default"]] if node.args.get("default") else []
        return self._chosen(asked, values, scope)

    def _if(self, node: exp.If, scope: Scope) -> Reads:
        values = [node.args[name] for name in ("true", "false") if node.args.get(name)]
        return self._chosen([node.this], values, scope)

    def _chosen(
        self, asked: list[exp.Expression], values: list[exp.Expression], scope: Scope
    ) -> Reads:
        conditions = together(self.reads(one, scope) for one in asked)
        chosen = together(self.reads(one, scope) for one in values)
        return conditions.deciding(CONDITIONAL) | chosen.raised(TRANSFORMATION)

    def _filter(self, node: exp.Filter, scope: Scope) -> Reads:
        condition = self.reads(node.expression.this, scope).deciding(CONDITIONAL)
        return condition | self.reads(node.this, scope)

    def _window(self, node: exp.Window, scope: Scope) -> Reads:
        of = node.this
        while isinstance(of, exp.IgnoreNulls | exp.RespectNulls):
            of = of.this
        if isinstance(of, OF_OTHER_ROWS):
            found = together(self.reads(child, scope) for child in _children(of))
            found = found.raised(TRANSFORMATION)
        else:
            found = self.reads(of, scope)
        return found | self.window(node, scope)

    def window(self, node: exp.Window, scope: Scope) -> Reads:
        """What a window is made by: its partitions, its order, and where its frame ends."""
        by = list(node.args.get("partition_by") or ())
        by += [node.args[name] for name in ("order", "spec") if node.args.get(name)]
        found = together(self.reads(part, scope) for part in by)
        if name := node.alias:
            if name.lower() not in scope.windows:
                raise UnknownLineageError(f"there is no window {name}")
            found |= scope.windows[name.lower()]
        return found.deciding(WINDOW)

    def _order(self, node: exp.Order, scope: Scope) -> Reads:
        ordered = [one.this for one in node.expressions]
        found = together(self.reads(one, scope) for one in ordered).deciding(SORT)
        return found | (self.reads(node.this, scope) if node.this else NOTHING)

    def _within_group(self, node: exp.WithinGroup, scope: Scope) -> Reads:
        # What is ordered is what the quantile is one of.
        ordered = [one.this for one in node.expression.expressions]
        found = together(self.reads(one, scope) for one in ordered).raised(AGGREGATION)
        return found | self.reads(node.this, scope)

    def _exists(self, node: exp.Exists, scope: Scope) -> Reads:
        if not isinstance(node.this, exp.Query):
            return self._general(node, scope)
        return self._query(node.this, scope).rows

    def _columns(self, node: exp.Columns, scope: Scope) -> Reads:
        if not (node.args.get("unpack") and isinstance(node.this, exp.Star)):
            return Reads(unknown="it chooses columns while it runs, by COLUMNS")
        outputs = starred(node.this, scope.star(), self, scope)
        return together(output.reads for output in outputs).raised(TRANSFORMATION)

    def _named(self, node: exp.Expression, scope: Scope) -> Reads:
        return self.reads(node.expression, scope)

    def _best(self, node: exp.Expression, scope: Scope) -> Reads:
        by = together(self.reads(one, scope) for one in _children(node) if one is not node.this)
        return by.deciding(SORT) | self.reads(node.this, scope).raised(AGGREGATION)

    def _count(self, node: exp.Count, scope: Scope) -> Reads:
        rows = node.this is None or isinstance(node.this, exp.Star)
        return NOTHING if rows else self._general(node, scope)


def starred(
    star: exp.Star, outputs: list[Output], expressions: Expressions, scope: Scope
) -> list[Output]:
    """The columns of a star, without those it leaves out and with those it replaces or renames."""
    if set(_given(star)) - {"except_", "replace", "rename"}:
        raise UnknownLineageError("a star chooses its columns while it runs")
    left_out = {one.name.lower() for one in star.args.get("except_") or ()}
    replaced = {
        one.alias.lower(): expressions.reads(one.this, scope)
        for one in star.args.get("replace") or ()
    }
    renamed = {one.this.name.lower(): one.alias.lower() for one in star.args.get("rename") or ()}
    return [
        Output(renamed.get(name, name), replaced.get(name, reads))
        for name, reads in outputs
        if name not in left_out
    ]


def _given(node: exp.Expression) -> Iterator[str]:
    return (name for name, value in node.args.items() if value)


def _children(node: exp.Expression) -> Iterator[exp.Expression]:
    return (child for child in node.iter_expressions() if isinstance(child, exp.Expression))
