"""A segment's SQL taken apart: its steps, and the conditions of each, as the parser sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from orchestration.errors import UserError

PERSON = "profile_id"
RESULT = "result"
"""What the last select is called, which has no name of its own."""
CLAUSES = ("where", "having", "qualify")
"""What leaves rows out by a condition, in the order in which it does."""
AFTER = {
    "where": ("group", "having", "qualify", "distinct", "order", "limit", "offset"),
    "having": ("qualify", "distinct", "order", "limit", "offset"),
    "qualify": ("distinct", "order", "limit", "offset"),
}
"""What a select does after a clause's conditions were tested."""

OF_MANY_ROWS = (exp.AggFunc, exp.Window, exp.Unnest, exp.Explode)
"""What is worked out of several rows, or makes several of one."""

NOT_NULL = re.compile(r"\bNOT ([\w.\"]+) IS NULL\b")


class NotTakenApartError(ValueError):
    """A select whose conditions can't be tested one by one; says why."""


@dataclass(frozen=True)
class Step:
    """A CTE, or the last select.

    Attributes:
        name: of the CTE.
        query: what it selects.
        place: how many CTEs stand before it.
    """

    name: str
    query: exp.Query
    place: int

    @property
    def parts(self) -> list[exp.Select]:
        """Its selects: several where it is a union, an intersection or a difference."""
        return list(selects_of(self.query))


@dataclass(frozen=True)
class SegmentQuery:
    """The statement of a segment.

    Attributes:
        tree: as parsed, tables without their database.
    """

    tree: exp.Query

    @cached_property
    def steps(self) -> list[Step]:
        """Each CTE in order and the last select."""
        ctes = self.tree.ctes
        last = self.tree.copy()
        last.set("with_", None)
        named = [Step(cte.alias, cte.this, place) for place, cte in enumerate(ctes)]
        return [*named, Step(RESULT, last, len(ctes))]

    def over(self, sql: str, place: int) -> str:
        """A statement that can name the first CTEs.

        Parameters:
            sql: a select.
            place: how many of the CTEs it may name.
        """
        ctes = self.tree.ctes[:place]
        if not ctes:
            return sql
        recursive = "recursive " if self.tree.args["with_"].args.get("recursive") else ""
        return f"with {recursive}{', '.join(text(cte) for cte in ctes)} {sql}"


def read(sql: str, where: str) -> SegmentQuery:
    """A segment's compiled SQL, parsed.

    Parameters:
        sql: the compiled SQL.
        where: the file, for messages.

    Raises:
        UserError: it is not one select that yields profile_id.
    """
    try:
        statements = [s for s in sqlglot.parse(sql, dialect="duckdb") if s is not None]
    except (SqlglotError, RecursionError):
        raise UserError(f"{where} is no SQL that can be read. Correct it.", 2) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise UserError(f"{where} is not one select. A segment is one select.", 2)
    tree = statements[0]
    if isinstance(tree, exp.Subquery):
        tree = tree.unnest()
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    if PERSON not in tree.named_selects and "*" not in tree.named_selects:
        raise UserError(f"{where} does not select {PERSON}, by which members are known.", 2)
    return SegmentQuery(tree)


def text(node: exp.Expression) -> str:
    """SQL as DuckDB reads it."""
    return str(node.sql(dialect="duckdb", comments=False))


def in_words(node: exp.Expression) -> str:
    """SQL for people to read; says what `text` does."""
    return NOT_NULL.sub(r"\1 IS NOT NULL", text(node))


def selects_of(query: exp.Expression) -> Iterator[exp.Select]:
    """The selects that a query unites, intersects or subtracts, in order."""
    if isinstance(query, exp.Subquery):
        yield from selects_of(query.this)
    elif isinstance(query, exp.SetOperation):
        yield from selects_of(query.this)
        yield from selects_of(query.expression)
    elif isinstance(query, exp.Select):
        yield query


def conditions_of(select: exp.Select, clause: str) -> list[exp.Expression]:
    """What a clause joins by `and`, in order; none without the clause.

    Parameters:
        select: with the clause or without.
        clause: where, having or qualify.
    """
    found = select.args.get(clause)
    if found is None:
        return []
    condition = found.this.unnest()
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def person_of(select: exp.Select, place: int) -> exp.Expression:
    """What a select gives as profile_id.

    Parameters:
        select: a part of a step.
        place: which column it is where a union has no names of its own for it.

    Raises:
        NotTakenApartError: it can't be told.
    """
    for column in select.selects:
        if column.alias_or_name == PERSON:
            return column.unalias()
    if any(column.is_star for column in select.selects):
        return exp.column(PERSON)
    if place < len(select.selects):
        return select.selects[place].unalias()
    raise NotTakenApartError(f"it selects no {PERSON}")


def tested(
    select: exp.Select, clause: str, place: int, shown: Sequence[exp.Expression] = ()
) -> str:
    """The rows that reach a clause, with what each of its conditions says of them.

    Parameters:
        select: a part of a step.
        clause: where, having or qualify.
        place: the column of profile_id in a union.
        shown: expressions whose values to give as well.

    Returns:
        A select of `c360_person`, `c360_test_0`, … per condition and `c360_value_0`, … per shown.

    Raises:
        NotTakenApartError: its conditions can't be tested on rows.
    """
    person = person_of(select, place)
    conditions = conditions_of(select, clause)
    group = select.args.get("group")
    if clause == "where" and person.find(*OF_MANY_ROWS):
        raise NotTakenApartError(f"{PERSON} is worked out of several rows")
    if clause != "where" and group and group.args.get("all"):
        raise NotTakenApartError("it groups by all that it selects")
    inner = select.copy()
    for argument in AFTER[clause]:
        inner.set(argument, None)
    inner.set(clause, None)
    kept = inner.selects
    if clause == "where":
        # A condition may name what the same select gives.
        kept = [c for c in kept if isinstance(c, exp.Alias) and not c.find(*OF_MANY_ROWS)]
    added = [
        exp.alias_(person.copy(), "c360_person"),
        *(exp.alias_(exp.paren(c.copy()), f"c360_test_{n}") for n, c in enumerate(conditions)),
        *(exp.alias_(e.copy(), f"c360_value_{n}") for n, e in enumerate(shown)),
    ]
    inner.set("expressions", [*kept, *added])
    return text(inner)
