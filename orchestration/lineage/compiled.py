"""What lineage is worked out from: compiled SQL as dbt has left it, and the database's columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lineage.expressions import Functions
from orchestration.lineage.models import Catalog, table_name
from orchestration.settings import Settings
from orchestration.transform.dbt import run_dbt

OF_A_REFRESH = re.compile(r"\btemp\.(reached|landed)_")
"""The temporary tables of macros/refresh.sql: the text reads only what has changed."""


def compiled_sql(settings: Settings, node: Mapping[str, Any]) -> str | None:
    """The SQL of a model as it was last compiled for a whole build, None where that is not there.

    Parameters:
        settings: paths.
        node: the model, in dbt's manifest.
    """
    project = settings.dbt_target_dir / "compiled" / node["package_name"]
    try:
        sql = (project / node["original_file_path"]).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return None if OF_A_REFRESH.search(sql) else sql


def compile_models(settings: Settings, names: Collection[str]) -> None:
    """Have dbt compile models for a whole build; nobody may have the warehouse open.

    Parameters:
        settings: paths.
        names: of the models.
    """
    if names:
        # What can't be compiled stays without SQL, and its lineage unknown.
        list(run_dbt(settings, ["compile", "--select", *sorted(names)]))


def catalog(con: duckdb.DuckDBPyConnection) -> Catalog:
    """What is known of the warehouse and of the reporting model attached to it.

    Parameters:
        con: a connection to the warehouse.
    """
    [(own,)] = con.execute("select current_database()").fetchall()
    columns: dict[str, list[str]] = {}
    for schema, table, column in con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where not internal and database_name in (?, 'insights') "
        "order by schema_name, table_name, column_index",
        [own],
    ).fetchall():
        columns.setdefault(table_name(schema, table), []).append(column)
    macros = con.execute("select function_name from duckdb_functions() where not internal")
    return Catalog(columns, _functions(), frozenset(n for (n,) in macros.fetchall()), own)


@cache
def _functions() -> Functions:
    """Those of DuckDB itself, which are the same in every database."""
    with duckdb.connect() as con:
        found = con.execute(
            "select function_name, function_type from duckdb_functions()"
        ).fetchall()
    return Functions(
        frozenset(name for name, kind in found if kind in ("scalar", "macro")),
        frozenset(name for name, kind in found if kind == "aggregate"),
    )


@cache
def rules_version() -> str:
    """Names what lineage is worked out by: this package and the parser."""
    digest = sha256(version("sqlglot").encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]
