"""What type each expression of a statement has, from the tables it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

Tables = Mapping[tuple[str, str, str], Mapping[str, str]]
"""By catalogue, schema and table, each column's type; all names in lower case."""
NODE = "node"
INSIDE = ("system", "temp")
DECIMAL_SUMS = ("redshift", "postgres")
"""Dialects that sum up bigint to a decimal."""
SEARCHED = ("main", "")
"""Schemas whose tables are found first by a bare name."""


def read_tables(con: duckdb.DuckDBPyConnection) -> Tables:
    """Every table and view that a connection reads, DuckDB's own left out."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for catalogue, schema, table, column, data_type in con.execute(
        "select database_name, schema_name, table_name, column_name, data_type "
        "from duckdb_columns() where not internal order by column_index"
    ).fetchall():
        if catalogue not in INSIDE:
            key = (catalogue.lower(), schema.lower(), table.lower())
            found.setdefault(key, {})[column.lower()] = data_type
    return found


def tables_read(tree: exp.Expr) -> Iterator[exp.Table]:
    """The tables a statement reads by name, its own steps and table functions left out."""
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                yield source


def find_table(table: exp.Table, tables: Tables) -> tuple[str, str, str] | None:
    """Which table is read by that name, None where there is none."""
    name, schema, catalogue = (part.lower() for part in (table.name, table.db, table.catalog))
    fitting = [
        key
        for key in tables
        if key[2] == name
        and (not schema or key[1] == schema or (not catalogue and key[0] == schema))
        and (not catalogue or key[0] == catalogue)
    ]
    return min(fitting, key=lambda key: (key[1] not in SEARCHED, key), default=None)


def annotate(tree: exp.Expr, tables: Tables, dialect: str) -> None:
    """Give the expressions of a statement their types, where they follow from the tables.

    The statement stays as it is: types are found on a copy in which every column says its table.

    Parameters:
        tree: the statement.
        tables: what it may read.
        dialect: of the statement.
    """
    nodes = list(tree.walk())
    for number, node in enumerate(nodes):
        node.meta[NODE] = number
    copy = tree.copy()
    schema = MappingSchema(dialect="duckdb")
    try:
        _plain_names(copy)
        for number, table in enumerate(list(tables_read(copy))):
            key = find_table(table, tables)
            if key is None:
                continue
            name = f"read_{number}"
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            for part, value in (("this", exp.to_identifier(name)), ("db", None), ("catalog", None)):
                table.set(part, value)
            schema.add_table(name, dict(tables[key]))
        qualify_columns(copy, schema)
        annotate_types(copy, schema, _metadata(dialect), dialect="duckdb")
    except (SqlglotError, RecursionError):
        # DuckDB says what is wrong with it.
        return
    for node in copy.walk():
        number = node.meta.get(NODE)
        if number is None or type(node) is not type(nodes[number]):
            continue
        nodes[number].type = node.type
        for name, part in node.args.items():
            own = nodes[number].args.get(name)
            # The name of an expression beside it has become that expression in the copy.
            if isinstance(own, exp.Expr) and isinstance(part, exp.Expr):
                own.type = part.type


def _metadata(dialect: str) -> dict[type[exp.Expr], dict[str, Any]]:
    """How types follow, where the dialect's sums of large whole numbers are decimals."""
    known = dict(Dialect.get_or_raise("duckdb").EXPRESSION_METADATA)
    known[exp.TsOrDsDiff] = {"returns": exp.DataType.Type.BIGINT}
    if dialect in DECIMAL_SUMS:
        known[exp.Sum] = {"annotator": _decimal_sum}
    return known


def _decimal_sum(annotator: Any, node: exp.Expr) -> exp.Expr:
    whole = node.this.is_type("int", "smallint", "tinyint")
    annotator._set_type(node, exp.DataType.Type.BIGINT if whole else exp.DataType.Type.DECIMAL)
    return node


def _plain_names(tree: exp.Expr) -> None:
    """Names as DuckDB compares them; a column's table is enough to find it."""
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
        identifier.set("quoted", True)
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
