"""One statement of another dialect as DuckDB's SQL, or a sentence that says where it can't be."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, UnsupportedError
from sqlglot.tokens import TokenType

from orchestration.dialects.meanings import keep_meaning, rename_functions
from orchestration.dialects.typed import Tables, annotate, find_table, read_tables, tables_read
from orchestration.errors import UserError
from orchestration.segments.catalogue import nearest

DIALECTS = ("redshift", "postgres", "spark", "databricks", "snowflake", "bigquery", "tsql")
"""Those that are read, by sqlglot's names; each is in the tests."""
LONGEST, DEEPEST = 100_000, 100
"""Characters, and brackets within brackets, that are read in bearable time."""
OPENING = (TokenType.L_PAREN, TokenType.CASE)
CLOSING = (TokenType.R_PAREN, TokenType.END)
PLACEHOLDER = re.compile(r"\$\s?\{\s*\w+\s*\}|\$[A-Za-z_]\w*(?![\w$])")


@dataclass(frozen=True)
class Translated:
    """A statement in DuckDB's SQL.

    Attributes:
        sql: its text.
        tree: as it was written.
    """

    sql: str
    tree: exp.Expr

    def place(self, name: str) -> str:
        """Where a column or function of that name was written, in words; empty when nowhere."""
        for node in self.tree.walk():
            if node.name.lower() == name.lower() and "line" in node.meta:
                return f" (line {node.meta['line']}, column {_column(node)})"
        return ""


def require_dialect(dialect: str) -> None:
    """Refuse a dialect that is not read.

    Raises:
        UserError: it is none of `DIALECTS`.
    """
    if dialect not in DIALECTS:
        raise UserError(f"--dialect {dialect} is unknown. Use {', '.join(DIALECTS)}.", 2)


def translate(con: duckdb.DuckDBPyConnection, text: str, dialect: str) -> Translated:
    """Put one statement into DuckDB's SQL.

    Parameters:
        con: what it will be asked of, for the types of the columns.
        text: of the statement.
        dialect: one of `DIALECTS`.

    Raises:
        UserError: it can't be read, is none or several or no question, names a table that is not
            there, has placeholders without values, or says what DuckDB can't.
    """
    require_dialect(dialect)
    _refuse_placeholders(text)
    tree = _parsed(text, dialect)
    tables = read_tables(con)
    _refuse_unknown(tree, tables)
    original = tree.copy()
    rename_functions(tree)
    annotate(tree, tables, dialect)
    try:
        kept = keep_meaning(tree, dialect)
        sql = kept.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
    except UnsupportedError as error:
        raise UserError(
            f"DuckDB's SQL has no words for a part of that {dialect} statement: {error}. Write "
            "that part in another way.",
            2,
        ) from None
    except (SqlglotError, ValueError, TypeError, AttributeError, RecursionError):
        raise UserError(
            f"That {dialect} statement can't be put into DuckDB's SQL. Write it in simpler steps, "
            "or ask in DuckDB's SQL, without --dialect.",
            2,
        ) from None
    return Translated(sql, original)


def _refuse_depth(text: str, dialect: str) -> None:
    if len(text) > LONGEST:
        raise UserError(
            f"The statement has {len(text):,} characters, and {LONGEST:,} are read of another "
            "dialect. Ask in smaller parts.",
            2,
        )
    depth = 0
    for token in sqlglot.tokenize(text, read=dialect):
        depth += (token.token_type in OPENING) - (token.token_type in CLOSING)
        if depth > DEEPEST:
            raise UserError(
                f"Line {token.line}: more than {DEEPEST} brackets stand within each other. Write "
                "it in steps, which `with` joins.",
                2,
            )


def _parsed(text: str, dialect: str) -> exp.Expr:
    try:
        _refuse_depth(text, dialect)
        found = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        near = str(first.get("highlight") or "").strip()
        raise UserError(
            f"Line {first.get('line', 1)}, column {first.get('col', 1)}: that can't be read as "
            f"{dialect}{f' (at {near})' if near else ''}. Is it another dialect? --dialect takes "
            f"{', '.join(DIALECTS)}.",
            2,
        ) from None
    except (SqlglotError, ValueError, TypeError, AttributeError, RecursionError):
        raise UserError(
            f"That can't be read as {dialect}: a quote or bracket may be open, or it is another "
            f"dialect. --dialect takes {', '.join(DIALECTS)}.",
            2,
        ) from None
    found = [one for one in found if not isinstance(one, exp.Semicolon)]
    if len(found) != 1:
        counted = f"These are {len(found)} statements" if found else "There is no statement"
        raise UserError(f"{counted}, and one is answered at a time.", 2)
    if not isinstance(found[0], exp.Query):
        raise UserError(
            f"{found[0].key.lower()} is no question. What is asked is read-only: ask with select.",
            2,
        )
    return found[0]


def _refuse_placeholders(text: str) -> None:
    if found := list(dict.fromkeys(PLACEHOLDER.findall(text))):
        raise UserError(
            f"The statement has {', '.join(found)} where values belong. Put the values in their "
            "places.",
            2,
        )


def _refuse_unknown(tree: exp.Expr, tables: Tables) -> None:
    known = {key[2] for key in tables}
    for table in tables_read(tree):
        if find_table(table, tables) is None:
            written = ".".join(filter(None, (table.catalog, table.db, table.name)))
            raise UserError(
                f"Line {table.this.meta.get('line', 1)}, column {_column(table.this)}: there is no "
                f"table {written}{nearest(table.name.lower(), known)}.",
                2,
            )


def _column(node: exp.Expr) -> int:
    """Where a word begins in its line; sqlglot says where it ends."""
    meta = node.meta
    return int(meta.get("col", 1)) - int(meta.get("end", 0)) + int(meta.get("start", 0))
