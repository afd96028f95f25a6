"""Where lineage is kept: tables in `operations`, which the views of models/segments/lineage show.

A model's lineage is kept with what it was worked out from, and worked out again when that changes.
What decides a model's rows decides all of its columns; it is kept once, under the column `*`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import duckdb

from orchestration.lineage.compiled import catalog, compile_models, compiled_sql, rules_version
from orchestration.lineage.edges import ROWS, Output
from orchestration.lineage.models import (
    Catalog,
    ModelLineage,
    declared,
    from_sql,
    of_components,
    table_name,
    unread,
)
from orchestration.lineage.origins import DECISION, VALUE, Lineage, Name, Step
from orchestration.settings import Settings
from orchestration.warehouse import Connect, attached

MODELS = "operations.lineage_models"
COLUMNS = "operations.lineage_columns"
EDGES = "operations.lineage_edges"
ORIGINS = "operations.lineage_origins"
TABLES = {
    MODELS: "model string, made_from string",
    COLUMNS: "model string, column_name string, column_index bigint, is_certain boolean, "
    "is_certain_throughout boolean, reason string",
    EDGES: "model string, column_name string, from_table string, from_column string, kind string",
    ORIGINS: "model string, column_name string, from_table string, from_column string, kind string",
}
DECLARED = "lineage"
"""What a Python model's YAML says under `config.meta`, see `models.declared`."""
AS_THE_SQL = ("table", "view", "incremental")
"""Materialisations whose table holds what the SQL gives, and nothing else."""
COMPONENTS = "connected_components"


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where there are none."""
    con.execute("create schema if not exists operations")
    for name, columns in TABLES.items():
        con.execute(f"create table if not exists {name} ({columns})")


def keep_lineage(
    connect: Connect, settings: Settings, manifest: Mapping[str, Any], names: Collection[str]
) -> None:
    """Work the lineage of models out where it is not known of them as they are, and keep it.

    Parameters:
        connect: gives connections to the warehouse.
        settings: paths.
        manifest: dbt's manifest.json.
        names: of models whose tables are there.
    """
    models = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"] in names
    ]
    with connect() as con:
        prepare(con)
        known = dict(con.execute(f"select model, made_from from {MODELS}").fetchall())
    without = [
        node["name"]
        for node in models
        if node["language"] == "sql"
        and name_of(node) not in known
        and compiled_sql(settings, node) is None
    ]
    compile_models(settings, without)
    with connect() as con, attached(con, settings.insights_build_path, "insights"):
        _keep(con, settings, manifest, models, known)


def _keep(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    manifest: Mapping[str, Any],
    models: Sequence[Mapping[str, Any]],
    known: Mapping[str, str],
) -> None:
    database = catalog(con)
    changed: list[tuple[ModelLineage, str]] = []
    for node in models:
        name, inputs = name_of(node), _inputs(manifest, node)
        sql = compiled_sql(settings, node)
        if sql is None and name in known and node["language"] == "sql":
            # Refreshed, so its whole text is as it was.
            continue
        made_from = _made_from(node, sql, [name, *inputs], database)
        if known.get(name) != made_from:
            changed.append((_lineage(node, sql, inputs, database), made_from))
    there = {name_of(n) for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    gone = sorted(set(known) - there)
    if changed or gone:
        _write(con, changed, gone)


def _lineage(
    node: Mapping[str, Any], sql: str | None, inputs: Sequence[str], database: Catalog
) -> ModelLineage:
    name = name_of(node)
    columns = database.columns.get(name, ())
    if node["language"] == "python":
        said = node["config"].get("meta", {}).get(DECLARED, {})
        return declared(name, columns, said, inputs, database)
    if sql is None:
        return unread(name, columns, inputs, database, "its SQL could not be compiled")
    made = node["config"]["materialized"]
    if made == COMPONENTS:
        return of_components(name, columns, sql, inputs, database)
    if made not in AS_THE_SQL:
        reason = f"what the materialisation {made} makes of its SQL is not known"
        return unread(name, columns, inputs, database, reason)
    return from_sql(name, columns, sql, inputs, database)


def _made_from(
    node: Mapping[str, Any], sql: str | None, tables: Sequence[str], database: Catalog
) -> str:
    config = node["config"]
    parts = [
        rules_version(),
        config["materialized"],
        config.get("meta", {}).get(DECLARED),
        sql,
        [[name, list(database.columns.get(name, ()))] for name in tables],
        sorted(database.macros),
    ]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def _write(
    con: duckdb.DuckDBPyConnection,
    changed: Sequence[tuple[ModelLineage, str]],
    gone: Sequence[str],
) -> None:
    found = [lineage for lineage, _ in changed]
    left = [*gone, *(lineage.model for lineage in found)]
    con.execute("begin")
    for name in (MODELS, COLUMNS, EDGES):
        con.execute(f"delete from {name} where model in (select unnest(?))", [left])
    _insert(con, MODELS, sorted((lineage.model, made_from) for lineage, made_from in changed))
    _insert(con, COLUMNS, [row for lineage in found for row in _column_rows(lineage)])
    _insert(con, EDGES, sorted(row for lineage in found for row in _edge_rows(lineage)))
    origins = read_lineage(con).origins()
    con.execute(f"delete from {ORIGINS}")
    rows = [
        (*name, *read, kind)
        for name, one in origins.items()
        for kind, reads in ((VALUE, one.values), (DECISION, one.decisions))
        for read in reads
    ]
    _insert(con, ORIGINS, sorted(rows))
    doubted = sorted(name for name, one in origins.items() if not one.is_certain)
    con.execute(
        f"update {COLUMNS} set is_certain_throughout = (model, column_name) not in "
        "(select (unnest($models), unnest($columns)))",
        {"models": [n.table for n in doubted], "columns": [n.column for n in doubted]},
    )
    con.execute("commit")


def _all_outputs(lineage: ModelLineage) -> tuple[Output, ...]:
    return (Output(ROWS, lineage.rows), *lineage.outputs)


def _column_rows(lineage: ModelLineage) -> Iterable[tuple[str, str, int, bool, bool, str | None]]:
    for place, (name, reads) in enumerate(_all_outputs(lineage)):
        reason = reads.unknown or lineage.rows.unknown
        yield lineage.model, name, place, not reason, not reason, reason or None


def _edge_rows(lineage: ModelLineage) -> Iterable[tuple[str, str, str, str, str]]:
    for name, reads in _all_outputs(lineage):
        yield from ((lineage.model, name, *edge) for edge in reads.edges)


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        con.execute(
            f"insert into {table} select {', '.join(['unnest(?)'] * len(columns))}", columns
        )


def read_lineage(con: duckdb.DuckDBPyConnection) -> Lineage:
    """All that is kept, to be followed from column to column."""
    columns = con.execute(
        f"select model, column_name, is_certain from {COLUMNS} order by model, column_index"
    ).fetchall()
    steps = con.execute(
        f"select model, column_name, from_table, from_column, kind from {EDGES} order by all"
    ).fetchall()
    return Lineage(
        (Step(Name(m, c), Name(table, column), kind) for m, c, table, column, kind in steps),
        {Name(model, column): is_certain for model, column, is_certain in columns},
    )


def name_of(node: Mapping[str, Any]) -> str:
    """How a node's or source's table is called here: schema and name."""
    return table_name(node["schema"], node.get("identifier") or node.get("alias") or node["name"])


def _inputs(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> list[str]:
    known = {**manifest["nodes"], **manifest["sources"]}
    return sorted({name_of(known[read]) for read in node["depends_on"]["nodes"] if read in known})
