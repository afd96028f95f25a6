"""Where lineage is kept: tables in `operations`, which the views of models/segments/lineage show.

A model's lineage is kept with what it was worked out from, and worked out again when that changes.
What decides a model's rows decides all of its columns; it is kept once, under the column `*`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import duckdb

from orchestration.lineage.compiled import catalog, compile_models, compiled_sql, rules_version
from orchestration.lineage.edges import ROWS, Edge, Output, Reads
from orchestration.lineage.models import (
    Catalog,
    ModelLineage,
    declared,
    from_sql,
    of_components,
    table_name,
    unread,
)
from orchestration.lineage.origins import Lineage, Name, Step
from orchestration.settings import Settings
from orchestration.warehouse import Connect, attached

MODELS = "operations.lineage_models"
COLUMNS = "operations.lineage_columns"
EDGES = "operations.lineage_edges"
ORIGINS = "operations.lineage_origins"
TABLES = {
    MODELS: "model string, made_from string",
    COLUMNS: "model string, column_name string, column_index bigint, is_certain boolean, "
    "is_certain_throughout boolean, reason string, made_of bigint, decided_by bigint",
    EDGES: "model string, column_name string, from_table string, from_column string, kind string",
    ORIGINS: "origins_id bigint, from_table string, from_column string",
}
ROWS_GIVEN = """select unnest(from_json(?, '[["VARCHAR"]]')) as row"""
"""Rows as one text: a list of Python's takes DuckDB ten times as long to read."""
DECLARED = "lineage"
"""What a Python model's YAML says under `config.meta`, see `models.declared`."""
REMEMBERING = ("daily_snapshot", "lasting_dimension")
"""Materialisations whose table also holds what the SQL gave on earlier days."""
AS_THE_SQL = ("table", "view", "incremental", *REMEMBERING)
"""Materialisations whose table holds what the SQL gives, or gave, and nothing else."""
COMPONENTS = "connected_components"
REFRESHED = "reached"
"""The incremental strategy whose table is what a whole build would make. Other incremental tables
are a memory, whose rows may be of SQL that has changed since."""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where there are none."""
    con.execute("create schema if not exists operations")
    for name, columns in TABLES.items():
        con.execute(f"create table if not exists {name} ({columns})")


def keep_lineage(
    connect: Connect,
    settings: Settings,
    manifest: Mapping[str, Any],
    names: Collection[str],
    made: Collection[str],
) -> None:
    """Work the lineage of models out where it is not known of them as they are, and keep it.

    Parameters:
        connect: gives connections to the warehouse.
        settings: paths.
        manifest: dbt's manifest.json.
        names: of models whose tables are there.
        made: of these, those that this run has made.
    """
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    with connect() as con:
        prepare(con)
        known = dict(con.execute(f"select model, made_from from {MODELS}").fetchall())
    gone = sorted(set(known).difference(map(name_of, models)))
    asked = [
        node
        for node in models
        if node["name"] in names
        and (node["name"] in made or not known.get(name_of(node), "").startswith(rules_version()))
    ]
    if not asked and not gone:
        return
    without = [
        node["name"]
        for node in asked
        if node["language"] == "sql"
        and name_of(node) not in known
        and compiled_sql(settings, node) is None
    ]
    compile_models(settings, without)
    with connect() as con, attached(con, settings.insights_build_path, "insights"):
        changed = list(_changed(catalog(con), settings, manifest, asked, known))
        if changed or gone:
            memories = {
                name_of(node)
                for node in asked
                if node["config"]["materialized"] in REMEMBERING
                or (
                    node["config"]["materialized"] == "incremental"
                    and node["config"]["incremental_strategy"] != REFRESHED
                )
            }
            _write(con, [(_with_kept(con, a, memories), b) for a, b in changed], gone)


def outdated(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Mapping[str, Any]
) -> set[str]:
    """Models of the warehouse whose table may be of another text than the lineage that is kept.

    That is what dbt has made by hand, and what a run had made that was killed before it came to
    lineage.

    Parameters:
        con: to the warehouse, which has lineage.
        settings: paths.
        manifest: dbt's manifest.json.
    """
    known = dict(con.execute(f"select model, made_from from {MODELS}").fetchall())
    if not known:
        return set()
    states = {u for (u,) in con.execute("select unique_id from operations.node_states").fetchall()}
    database, found = catalog(con), set()
    for unique_id, node in manifest["nodes"].items():
        name = name_of(node)
        if node["resource_type"] != "model" or name not in known or node["database"] == "insights":
            continue
        sql, inputs = compiled_sql(settings, node), _inputs(manifest, node)
        is_same = (sql is None and node["language"] == "sql") or known[name].split()[-1] == (
            _made_from(node, sql, [name, *inputs], database).split()[-1]
        )
        if unique_id not in states or not is_same:
            found.add(name)
    return found


def _changed(
    database: Catalog,
    settings: Settings,
    manifest: Mapping[str, Any],
    models: Sequence[Mapping[str, Any]],
    known: Mapping[str, str],
) -> Iterator[tuple[ModelLineage, str]]:
    """The lineage that is not known yet, with what it was worked out from."""
    for node in models:
        name, inputs = name_of(node), _inputs(manifest, node)
        sql = compiled_sql(settings, node)
        if sql is None and name in known and node["language"] == "sql":
            # Refreshed, so its whole text is as it was.
            continue
        made_from = _made_from(node, sql, [name, *inputs], database)
        if known.get(name) != made_from:
            yield _lineage(node, sql, inputs, database), made_from


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
        config["materialized"],
        config.get("meta", {}).get(DECLARED),
        sql,
        [[name, list(database.columns.get(name, ()))] for name in tables],
        # Layers that come later bring more.
        [name for name in sorted(database.macros) if name in (sql or "")],
    ]
    digest = sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{rules_version()} {digest[:20]}"


def _with_kept(
    con: duckdb.DuckDBPyConnection, lineage: ModelLineage, memories: Collection[str]
) -> ModelLineage:
    """With the edges that are kept of a memory: its older rows follow from them."""
    if lineage.model not in memories:
        return lineage
    kept: dict[str, set[Edge]] = {}
    for column, *edge in con.execute(
        f"select column_name, from_table, from_column, kind from {EDGES} where model = ?",
        [lineage.model],
    ).fetchall():
        kept.setdefault(column, set()).add(Edge(*edge))

    def both(column: str, reads: Reads) -> Reads:
        return reads | Reads(frozenset(kept.get(column, ())))

    outputs = tuple(Output(name, both(name, reads)) for name, reads in lineage.outputs)
    return ModelLineage(lineage.model, outputs, both(ROWS, lineage.rows))


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
    _write_origins(con)
    con.execute("commit")


def _write_origins(con: duckdb.DuckDBPyConnection) -> None:
    """What columns follow from: each set of origins once, however many columns have it."""
    origins = read_lineage(con).origins()
    sets = {one.values for one in origins.values()} | {one.decisions for one in origins.values()}
    numbers = {one: n for n, one in enumerate(sorted(sets, key=sorted))}
    con.execute(f"delete from {ORIGINS}")
    _insert(con, ORIGINS, [(n, *name) for one, n in numbers.items() for name in sorted(one)])
    found = [
        (*name, numbers[one.values], numbers[one.decisions], one.is_certain)
        for name, one in origins.items()
    ]
    con.execute(
        f"update {COLUMNS} as known set made_of = cast(found.row[3] as bigint), "
        "decided_by = cast(found.row[4] as bigint), "
        "is_certain_throughout = cast(found.row[5] as boolean) "
        f"from ({ROWS_GIVEN}) as found "
        "where known.model = found.row[1] and known.column_name = found.row[2]",
        [json.dumps(found)],
    )


def _all_outputs(lineage: ModelLineage) -> tuple[Output, ...]:
    return (Output(ROWS, lineage.rows), *lineage.outputs)


def _column_rows(lineage: ModelLineage) -> Iterator[tuple[Any, ...]]:
    for place, (name, reads) in enumerate(_all_outputs(lineage)):
        reason = reads.unknown or lineage.rows.unknown
        yield lineage.model, name, place, not reason, None, reason or None, None, None


def _edge_rows(lineage: ModelLineage) -> Iterator[tuple[str, str, str, str, str]]:
    for name, reads in _all_outputs(lineage):
        yield from ((lineage.model, name, *edge) for edge in reads.edges)


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        columns = ", ".join(f"row[{n}]" for n in range(1, len(rows[0]) + 1))
        con.execute(f"insert into {table} select {columns} from ({ROWS_GIVEN})", [json.dumps(rows)])


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
