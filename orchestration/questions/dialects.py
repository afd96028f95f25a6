"""A question's select in the SQL of another engine.

Parameters become literals there, null where nothing is chosen, because engines do not agree on
what a variable is: so what is printed runs as it stands, with the defaults that the select says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from orchestration.errors import UserError
from orchestration.questions.asking import Value
from orchestration.questions.files import Parameter, Question, select_of

DIALECTS = ("duckdb", "snowflake", "bigquery", "postgres", "spark", "tsql", "redshift")
TYPES = {"text": "varchar", "integer": "bigint", "number": "double", "date": "date"}
WITHOUT_FILTER = ("redshift",)
"""Engines without `filter (where ...)` for which sqlglot leaves it as it is."""


def printed(question: Question, dialect: str, values: Mapping[str, Value]) -> str:
    """The question's header and its select as an engine reads it.

    Parameters:
        question: what is asked.
        dialect: one of `DIALECTS`.
        values: by parameter; a parameter without one is null, which the select takes as unset.

    Raises:
        UserError: the dialect is unknown, or the select has no words in it.
    """
    if dialect not in DIALECTS:
        raise UserError(
            f"--dialect {dialect} is unknown. Use {', '.join(DIALECTS[:-1])} or {DIALECTS[-1]}.", 2
        )
    if dialect == "duckdb" and not values:
        return question.sql.rstrip()
    select = select_of(question.sql)
    header = question.sql[: len(question.sql) - len(select)]
    try:
        tree = parsed(select).transform(_with_literals, question.header.parameters, values)
        if dialect == "postgres":
            tree = tree.transform(_with_arrays)
        if dialect in WITHOUT_FILTER:
            tree = tree.transform(_without_filter)
        sql: str = tree.sql(dialect, pretty=True, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"The question {question.name} can't be said in {dialect}: {reason}") from (
            None
        )
    return header + sql


@cache
def parsed(select: str) -> exp.Expression:
    """A select of DuckDB as a tree, which nobody changes.

    Parameters:
        select: its text.

    Raises:
        SqlglotError: it is none.
    """
    return sqlglot.parse_one(select, dialect="duckdb")


def _with_literals(
    node: exp.Expression, parameters: Mapping[str, Parameter], values: Mapping[str, Value]
) -> exp.Expression:
    if not (isinstance(node, exp.Anonymous) and node.name.lower() == "getvariable"):
        return node
    name = node.expressions[0].name
    value = values.get(name)
    literal: exp.Expression = exp.null()
    if isinstance(value, int | Decimal):
        literal = sqlglot.parse_one(str(value), dialect="duckdb")
    elif value is not None:
        text = value.isoformat() if isinstance(value, date) else value
        literal = exp.Literal.string(text)
    return exp.cast(literal, TYPES[parameters[name].type], dialect="duckdb")


def _without_filter(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Filter):
        return node
    aggregate, condition = node.this, node.expression.this
    counted = aggregate.this
    if isinstance(counted, exp.Star):
        counted = exp.Literal.number(1)
    aggregate.set("this", exp.Case().when(condition, counted))
    return aggregate


def _with_arrays(node: exp.Expression) -> exp.Expression:
    """The value of the least or greatest row, in an engine that has neither min_by nor max_by."""
    filtered = isinstance(node, exp.Filter)
    aggregate = node.this if filtered else node
    if not isinstance(aggregate, exp.ArgMin | exp.ArgMax):
        return node
    value, by = aggregate.this, aggregate.expression
    known = [exp.Not(this=exp.Is(this=value, expression=exp.null()))]
    # A row of values is never null, whatever is in it.
    if not isinstance(by, exp.Tuple):
        known.append(exp.Not(this=exp.Is(this=by, expression=exp.null())))
    if filtered:
        known.append(node.expression.this)
    order = "desc" if isinstance(aggregate, exp.ArgMax) else "asc"
    first = sqlglot.parse_one(
        f"(array_agg(_value order by _by {order}) filter (where _known))[1]", dialect="postgres"
    )
    parts = {"_value": value, "_by": by, "_known": exp.and_(*known)}
    return first.transform(
        lambda each: parts.get(each.name, each) if isinstance(each, exp.Column) else each
    )
