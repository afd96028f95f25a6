"""`c360 segment sql`: a segment's SQL in the words of another engine, or why that can't be."""

from __future__ import annotations

from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from orchestration.errors import UserError
from orchestration.segment_tools.preview import asked_about
from orchestration.settings import Settings

DIALECTS = ("spark", "snowflake", "bigquery", "postgres", "duckdb")
FUNCTIONS = frozenset(
    (
        "Abs", "And", "Any", "Avg", "Case", "Cast", "Ceil", "Coalesce", "Count", "CountIf",
        "CumeDist", "CurrentDate", "DenseRank", "Exists", "FirstValue", "Floor", "If", "Lag",
        "LastValue", "Lead", "Length", "Lower", "Max", "Min", "Mod", "Ntile", "Nullif", "Or",
        "PercentRank", "Rank", "RowNumber", "StartsWith", "Sum", "Trim", "Upper", "Xor",
    )
)  # fmt: skip
"""Functions, as the parser calls them, whose meaning is the same in all of these dialects."""
SKIPPING_NULLS = frozenset({"ConcatWs", "Greatest", "Least"})
"""Functions that leave nulls out, as DuckDB has it; elsewhere one null makes all of it null."""
ALSO = {"spark": SKIPPING_NULLS, "postgres": SKIPPING_NULLS}
TYPES = frozenset({"BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "TEXT", "TIMESTAMP", "VARCHAR"})
"""Types that a value is converted to in the same way; of whole numbers some round and some cut."""
PARTS = frozenset(
    (
        "Add", "Alias", "Between", "Boolean", "Column", "CTE", "Distinct", "DPipe", "EQ", "Escape",
        "Except", "Filter", "From", "Group", "GT", "GTE", "Having", "Identifier", "ILike", "In",
        "Intersect", "Interval", "Is", "Join", "Like", "Limit", "Literal", "LT", "LTE", "Mul",
        "Neg", "NEQ", "Not", "Null", "NullSafeEQ", "NullSafeNEQ", "Order", "Ordered", "Paren",
        "Qualify", "Select", "Star", "Sub", "Subquery", "Table", "TableAlias", "Tuple", "Union",
        "Var", "Where", "Window", "WindowSpec", "With",
    )
)  # fmt: skip
"""Clauses and operators that all of them have; not division, which of whole numbers differs."""
HINTED = ("duckdb", "postgres")
"""Dialects in which a CTE says whether it is materialized; what it means is the same without."""
VARIANTS = ("by_name", "method", "using", "percent", "recursive", "except_", "replace", "rename")
"""What makes another thing of a clause that all of them have."""


def segment_sql(settings: Settings, name: str, dialect: str, sql: Path | None = None) -> str:
    """The compiled SQL of a segment, with models as schema.table.

    Parameters:
        settings: paths.
        name: of the segment.
        dialect: one of `DIALECTS`.
        sql: a file whose SQL is taken in its place.

    Raises:
        UserError: the dialect is not known, or has no words for a part of it.
    """
    if dialect not in DIALECTS:
        raise UserError(f"--dialect is one of {', '.join(DIALECTS)}, and not '{dialect}'.", 2)
    return translated(asked_about(settings, name, sql).query.tree, name, dialect)


def translated(tree: exp.Query, name: str, dialect: str) -> str:
    """A parsed statement in another dialect.

    Parameters:
        tree: as DuckDB reads it.
        name: of the segment, for messages.
        dialect: one of `DIALECTS`.

    Raises:
        UserError: it holds what can't be said in that dialect, or not for sure.
    """
    if dialect != "duckdb" and (unsure := _unsure(tree, dialect)):
        raise UserError(
            f"{name} can't be written for {dialect}: {', '.join(unsure)} may mean something else "
            "there. Write these parts in other words, or take --dialect duckdb.",
            2,
        )
    if dialect not in HINTED:
        tree = tree.copy()
        for cte in tree.find_all(exp.CTE):
            cte.set("materialized", None)
    try:
        text = str(tree.sql(dialect=dialect, pretty=True, unsupported_level=ErrorLevel.RAISE))
        sqlglot.parse_one(text, dialect=dialect)
    except UnsupportedError as error:
        why = "; ".join(str(error).splitlines())
        raise UserError(
            f"{name} can't be written for {dialect}: {why}. Write that part in other words, or "
            "take --dialect duckdb.",
            2,
        ) from None
    except SqlglotError:
        raise UserError(
            f"{name} can't be written for {dialect}: the result could not be read back. Write it "
            "in simpler steps, or take --dialect duckdb.",
            2,
        ) from None
    return text


def _unsure(tree: exp.Expression, dialect: str) -> list[str]:
    """The functions and types that are not known to mean the same everywhere, once each."""
    known = FUNCTIONS | ALSO.get(dialect, frozenset())
    found: dict[str, None] = {}
    for node in tree.walk():
        if isinstance(node, exp.DataType):
            if node.this.name not in TYPES:
                found[f"the type {node.sql(dialect='duckdb')}"] = None
        elif isinstance(node, exp.Anonymous):
            found[f"{node.name.lower()}()"] = None
        elif isinstance(node, exp.Func) and type(node).__name__ not in known:
            found[f"{node.sql_name().lower()}()"] = None
        elif not isinstance(node, exp.Func) and type(node).__name__ not in PARTS:
            found[type(node).__name__.lower()] = None
        elif variant := next((v for v in VARIANTS if node.args.get(v)), None):
            found[f"{type(node).__name__.lower()} {variant.strip('_').replace('_', ' ')}"] = None
    return list(found)
