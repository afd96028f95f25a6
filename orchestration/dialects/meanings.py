"""Where the same text means something else in DuckDB: what a statement says is written out.

sqlglot changes words and functions; what depends on the types of columns, or on one database's
habits, is changed here.
"""

from __future__ import annotations

from datetime import date
from functools import reduce

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from orchestration.errors import UserError

UNKNOWN = exp.DataType.Type.UNKNOWN
TEXTS = exp.DataType.TEXT_TYPES
INTEGERS = exp.DataType.INTEGER_TYPES
NUMBERS = exp.DataType.NUMERIC_TYPES
DATES = {exp.DataType.Type.DATE, *exp.DataType.TEMPORAL_TYPES}
COMPARED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)

DEVIATIONS = {
    "STDEVP": exp.StddevPop,
    "STDEV": exp.StddevSamp,
    "VARP": exp.VariancePop,
    "VAR": exp.Variance,
}
"""Transact-SQL's names, which the documented statements write in whatever dialect."""
ADDS_TEXTS = ("tsql",)
"""Dialects whose + joins texts."""
NULL_CONCAT = ("redshift",)
"""Dialects whose concat of a null is null; DuckDB's leaves the null out."""
REPLACES_ALL = ("redshift",)
"""Dialects whose regexp_replace replaces every match; DuckDB's replaces the first."""
PLAIN_DECIMAL = {"spark": (10, 0), "databricks": (10, 0), "redshift": (18, 0), "tsql": (18, 0)}
"""Digits, and those after the point, of a decimal that gives none; DuckDB's has (18, 3)."""
WIDE_DECIMAL = (38, 9)
"""Of the other dialects, where it has room for any number."""


def keep_meaning(tree: exp.Expr, dialect: str) -> exp.Expr:
    """A statement whose text means in DuckDB what it means in its own dialect.

    Parameters:
        tree: the statement, its expressions with their types where these are known.
        dialect: sqlglot's name of the one it is written in.
    """
    # From the leaves to the root, so that what is replaced has been looked at.
    for node in reversed(list(tree.walk())):
        kept = _kept(node, dialect)
        if kept is not node:
            kept.type = node.type
            node.replace(kept)
    return tree


def rename_functions(tree: exp.Expr) -> None:
    """Give functions that the documented statements know in every dialect their usual names."""
    for node in list(tree.find_all(exp.Anonymous)):
        if node.name.upper() in DEVIATIONS and len(node.expressions) == 1:
            node.replace(DEVIATIONS[node.name.upper()](this=node.expressions[0]))


def _kept(node: exp.Expr, dialect: str) -> exp.Expr:
    if isinstance(node, exp.Div) and Dialect.get_or_raise(dialect).TYPED_DIVISION:
        return _divided(node)
    elif isinstance(node, exp.Add) and dialect in ADDS_TEXTS and _any(node, TEXTS):
        return exp.paren(exp.DPipe(this=node.this, expression=node.expression), copy=False)
    elif isinstance(node, exp.Concat) and dialect in NULL_CONCAT:
        return exp.paren(
            reduce(lambda a, b: exp.DPipe(this=a, expression=b), node.expressions), copy=False
        )
    elif isinstance(node, exp.RegexpReplace) and dialect in REPLACES_ALL:
        if not node.args.get("modifiers"):
            node.set("modifiers", exp.Literal.string("g"))
    elif isinstance(node, exp.DataType):
        _size(node, dialect)
    elif isinstance(node, COMPARED):
        _compare_dates(node)
    elif isinstance(node, exp.Case | exp.If | exp.Coalesce):
        _agree(node)
    return node


def _divided(node: exp.Div) -> exp.Expr:
    """A division that cuts off where both sides are whole numbers.

    Raises:
        UserError: it can't be told whether they are.
    """
    kinds = [part.type.this if part.type else UNKNOWN for part in (node.this, node.expression)]
    if all(kind in INTEGERS for kind in kinds):
        # sqlglot would divide as double, which has not all digits of a large number.
        return exp.paren(exp.IntDiv(this=node.this, expression=node.expression), copy=False)
    if all(kind in INTEGERS or kind == UNKNOWN for kind in kinds):
        raise UserError(
            f"Whether whole numbers are divided in {node.sql()} can't be told, and then the rest "
            "is cut off. Cast one side to what it is, e.g. to double precision or int.",
            2,
        )
    return node


def _size(kind: exp.DataType, dialect: str) -> None:
    """Give a number the room that it has there."""
    if kind.is_type("float"):
        # Eight bytes nearly everywhere; four in DuckDB.
        kind.set("this", exp.DataType.Type.DOUBLE)
        kind.set("expressions", None)
    elif kind.is_type("decimal") and not kind.expressions:
        sizes = PLAIN_DECIMAL.get(dialect, WIDE_DECIMAL)
        kind.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(n)) for n in sizes])
    elif any(size.name.upper() == "MAX" for size in kind.expressions):
        kind.set("expressions", None)


def _any(node: exp.Binary, kinds: set[exp.DataType.Type]) -> bool:
    return bool(node.this.is_type(*kinds) or node.expression.is_type(*kinds))


def _compare_dates(node: exp.Expr) -> None:
    """A date beside a text that is no literal: DuckDB wants the text cast, others cast it."""
    parts = {name: part for name, part in node.args.items() if isinstance(part, exp.Expr)}
    if not any(part.is_type(*DATES) for part in parts.values()):
        return
    for name, part in parts.items():
        if part.is_type(*TEXTS) and not isinstance(part, exp.Literal):
            node.set(name, exp.cast(part, "date"))


def _agree(node: exp.Expr) -> None:
    """Branches of a text that is no date or number, and of one: all are texts.

    DuckDB takes the literal for one of the other's kind, and fails on it.
    """
    values = _values(node)
    words = [value for value in values if isinstance(value, exp.Literal) and value.is_string]
    others = [value for value in values if value.is_type(*DATES, *NUMBERS)]
    if any(_is_no(word, other) for word in words for other in others):
        for other in others:
            other.replace(exp.cast(other.copy(), "text"))


def _values(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Case):
        found = [branch.args.get("true") for branch in node.args["ifs"]]
        found.append(node.args.get("default"))
    elif isinstance(node, exp.If):
        found = [node.args.get("true"), node.args.get("false")]
    else:
        found = [node.this, *node.expressions]
    return [value for value in found if value is not None]


def _is_no(word: exp.Literal, other: exp.Expr) -> bool:
    """Whether a text can't be read as what stands beside it."""
    try:
        if other.is_type(*DATES):
            date.fromisoformat(word.name[:10])
        else:
            float(word.name)
    except ValueError:
        return True
    return False
