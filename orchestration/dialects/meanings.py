"""Where the same text means something else in DuckDB: what a statement says is written out.

sqlglot changes words and functions; what depends on the types of columns, or on one database's
habits, is changed here.
"""

from __future__ import annotations

from datetime import date

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

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


def keep_meaning(tree: exp.Expr, dialect: str) -> exp.Expr:
    """A statement whose text means in DuckDB what it means in its own dialect.

    Parameters:
        tree: the statement, its expressions with their types where these are known.
        dialect: sqlglot's name of the one it is written in.
    """
    divides_whole = Dialect.get_or_raise(dialect).TYPED_DIVISION

    def kept(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Div) and divides_whole and _both(node, INTEGERS):
            # The engine rounds where integers are cast, and these databases cut off.
            return exp.IntDiv(this=node.this, expression=node.expression)
        if isinstance(node, exp.Add) and dialect in ADDS_TEXTS and _any(node, TEXTS):
            return exp.DPipe(this=node.this, expression=node.expression)
        if isinstance(node, exp.Concat) and dialect in NULL_CONCAT:
            first, *others = node.expressions
            for other in others:
                first = exp.DPipe(this=first, expression=other)
            return exp.paren(first, copy=False)
        if isinstance(node, exp.RegexpReplace) and dialect in REPLACES_ALL:
            if not node.args.get("modifiers"):
                node.set("modifiers", exp.Literal.string("g"))
            return node
        if isinstance(node, exp.Anonymous) and node.name.upper() in DEVIATIONS:
            return DEVIATIONS[node.name.upper()](this=node.expressions[0])
        if isinstance(node, COMPARED):
            _compare_dates(node)
        if isinstance(node, exp.Case | exp.If | exp.Coalesce):
            _agree(node)
        return node

    return tree.transform(kept, copy=False)


def _both(node: exp.Binary, kinds: set[exp.DataType.Type]) -> bool:
    return bool(node.this.is_type(*kinds) and node.expression.is_type(*kinds))


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
