"""Cells that say nothing by themselves: order fields on one line only, customers who are nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.ingest.sql import literal, quoted
from orchestration.sources import expressions
from orchestration.sources.drafts import Column, Doubt, Table
from orchestration.sources.names import tokens, words
from orchestration.sources.rendering import render
from orchestration.sources.roles import Role, key_column

PLACEHOLDERS = r"0+|-\d+|9{5,}|\{?[0-]{32,}\}?|(?i)\{?[f-]{32,}\}?"
WORDS = r"[^\d'\"{}\\%]{1,40}"
"""A word where others have numbers: walk-in, #N/A, no customer. Signs are left out that SQL or a
template would read as its own."""
WORDLIKE = 0.1
"""Share of the distinct values that may be without digits, where they are to have some."""
OFTEN = 2
KINDS = 20


def see_groups(con: duckdb.DuckDBPyConnection, table: Table, role: Role) -> None:
    """Find what is said of an order on one of its lines only, as Shopify does.

    Parameters:
        con: the connection that holds the sample.
        table: a table; its columns' `one_per` is filled.
        role: what it is about.
    """
    if not role.is_lines or role.order is None:
        return
    order = quoted(role.order.name)
    for column in (role.customer, role.instant, table.meaning("currency"), table.meaning("status")):
        if column is None or column is role.order or column.filled == column.rows:
            continue
        value = f"nullif(trim({quoted(column.name)}), '')"
        [(lacking, orders, several)] = con.execute(
            f"select coalesce(sum(rows - filled) filter (filled > 0), 0), count(*), "
            f"count(*) filter (others > 1) from (select count(*) as rows, "
            f"count({value}) as filled, count(distinct {value}) as others "
            f"from {quoted(table.sample)} group by {order})"
        ).fetchall()
        if lacking and several <= 0.01 * orders:
            column.one_per = role.order.name


def see_returns(
    con: duckdb.DuckDBPyConnection, table: Table, role: Role, project_dir: Path
) -> None:
    """Find the column that calls some rows returns: a kind of document, or a flag.

    Parameters:
        con: the connection that holds the sample.
        table: a table; its columns' `is_return` is filled.
        role: what it is about.
        project_dir: the dbt project, whose macros say what is a return.
    """
    if not role.is_sale:
        return
    for column in table.columns:
        if not 1 < column.distinct <= KINDS or "meaning" in column.said:
            continue
        said = render(project_dir, expressions.says_return(column), {})
        [(some, every)] = con.execute(
            f"select bool_or({said}), bool_and({said}) from {quoted(table.sample)}"
        ).fetchall()
        column.is_return = some and not every
        if expressions.names_kind(column):
            _ask_kinds(con, table, column, said)


def _ask_kinds(con: duckdb.DuckDBPyConnection, table: Table, column: Column, said: str) -> None:
    """Ask which kinds of document are returns, where one is of a name that nobody knows."""
    value = f"lower(trim({quoted(column.name)}))"
    rows = con.execute(
        f"select distinct {value} from {quoted(table.sample)} where {value} <> '' and not {said} "
        "order by 1"
    ).fetchall()
    sold = words("sold")
    unknown = [v for (v,) in rows if v not in column.codes and "".join(tokens(v)) not in sold]
    if unknown:
        named = ", ".join(v[:20] for v in unknown[:5])
        table.doubts.append(
            Doubt(
                table.name, column.title,
                f"it is the kind of a document, and {named} may be sales or what was given back.",
                f"--format '{column.title}=VALUE:sale' or '{column.title}=VALUE:return' for each.",
            )
        )  # fmt: skip


def see_nobody(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    role: Role,
    tables: Sequence[Table],
    project_dir: Path,
) -> None:
    """Find customer numbers that stand for nobody: a 0 that the customers' table does not know.

    So does a word that comes again and again where nearly all others have digits.

    Parameters:
        con: the connection that holds the sample.
        table: a table; its customer column's `nobody` is filled.
        role: what it is about.
        tables: all tables of the source.
        project_dir: the dbt project, whose macros say how an identifier is read.
    """
    column = role.customer
    if column is None or role.is_customers:
        return
    value = render(project_dir, expressions.identifier(column), {})
    known = "false"
    other = next((t for t in tables if t.name == column.references), None)
    if other is not None and (key := key_column(other)):
        numbers = render(project_dir, expressions.identifier(key), {})
        known = f"v in (select {numbers} from {quoted(other.sample)})"
    # Without a table of customers, a number that comes much more often than others is no customer.
    least = 1 if other is not None else f"{OFTEN} * (select avg(n) from counted)"
    rows = con.execute(
        f"""with counted as (
            select {value} as v, count(*) as n, not regexp_matches(v, '\\d') as is_word
            from {quoted(table.sample)} where {value} <> '' group by {value}
        ), words as (
            select count(*) filter (is_word) <= greatest(1, {WORDLIKE} * count(*)) as are_few
            from counted
        )
        select distinct lower(v) from counted, words
        where not {known} and (n >= {least} or v = '-1') and (
            regexp_full_match(v, {literal(PLACEHOLDERS)})
            or (are_few and n > 1 and regexp_full_match(v, {literal(WORDS)}))
        ) order by 1"""
    ).fetchall()
    column.nobody = tuple(str(row[0]) for row in rows)
