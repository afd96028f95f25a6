"""The tables of a version as PostgreSQL has them: types, rows, keys, comments, rights."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import literal, quoted
from orchestration.publish.model import Key, TableFacts, read_model
from orchestration.publish.versions import Version

TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(38,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "DATE": "date",
    # Instants are UTC everywhere in the model.
    "TIMESTAMP": "timestamptz",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}


def create_tables(cursor: Any, version: Version, schema: str) -> None:
    """Make the tables of a version in an empty schema, with rows, keys and comments.

    Parameters:
        cursor: of ADBC's connection, within a transaction.
        version: the version.
        schema: the schema.

    Raises:
        UserError: a column has a type that has no counterpart.
    """
    model = read_model(version.folder / "model.json")
    shapes: dict[str, list[str]] = {}
    with duckdb.connect(str(version.file), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        for table in sorted(version.proof.tables):
            shapes[table] = _create(cursor, con, table, schema)
    _add_keys(cursor, schema, shapes, model)
    for table, columns in shapes.items():
        facts = model.get(table, TableFacts())
        place = f"{quoted(schema)}.{quoted(table)}"
        if facts.description:
            cursor.execute(f"comment on table {place} is {literal(facts.description)}")
        for column in columns:
            if text := facts.columns.get(column):
                cursor.execute(f"comment on column {place}.{quoted(column)} is {literal(text)}")


def _create(cursor: Any, con: duckdb.DuckDBPyConnection, table: str, schema: str) -> list[str]:
    columns = con.execute(
        "select column_name, data_type, is_nullable from duckdb_columns() "
        "where schema_name = 'main' and database_name = current_database() and table_name = ? "
        "order by column_index",
        [table],
    ).fetchall()
    shape = ", ".join(
        f"{quoted(name)} {_type_of(table, name, kind)}{'' if nullable else ' not null'}"
        for name, kind, nullable in columns
    )
    cursor.execute(f"create table {quoted(schema)}.{quoted(table)} ({shape})")
    chosen = ", ".join(
        f"{quoted(name)} at time zone 'UTC' as {quoted(name)}"
        if kind == "TIMESTAMP"
        else f"{quoted(name)}::decimal(38,0) as {quoted(name)}"
        if kind == "HUGEINT"
        else quoted(name)
        for name, kind, _ in columns
    )
    rows = con.sql(f"select {chosen} from {quoted(table)}").to_arrow_reader(100_000)
    cursor.adbc_ingest(table, rows, mode="append", db_schema_name=schema)
    return [name for name, _, _ in columns]


def _type_of(table: str, column: str, kind: str) -> str:
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind):
        return f"numeric({found[1]},{found[2]})"
    if kind not in TYPES:
        raise UserError(
            f"{table}.{column} is of the type {kind}, which the PostgreSQL door does not know. "
            "Cast it in the model to text, a number, a date or a timestamp."
        )
    return TYPES[kind]


def _add_keys(
    cursor: Any, schema: str, shapes: dict[str, list[str]], model: dict[str, TableFacts]
) -> None:
    """Primary and unique keys first, because foreign keys lead to them."""
    keys = [(table, key) for table in shapes for key in model.get(table, TableFacts()).keys]
    for table, key in sorted(keys, key=lambda entry: entry[1].kind == "foreign_key"):
        place = f"{quoted(schema)}.{quoted(table)}"
        if set(key.columns) <= set(shapes[table]) and (text := _clause(schema, shapes, key)):
            cursor.execute(f"alter table {place} add {text}")


def _clause(schema: str, shapes: dict[str, list[str]], key: Key) -> str:
    columns = ", ".join(quoted(column) for column in key.columns)
    if key.kind != "foreign_key":
        return f"{key.kind.replace('_', ' ')} ({columns})"
    to_columns = key.to_columns or key.columns
    if key.to not in shapes or not set(to_columns) <= set(shapes[key.to]):
        return ""
    there = ", ".join(quoted(column) for column in to_columns)
    return f"foreign key ({columns}) references {quoted(schema)}.{quoted(key.to)} ({there})"
