"""Connected components by the project's own macro, without dbt."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
from jinja2 import Environment

MACRO = Path(__file__).parents[1] / "dbt_project" / "macros" / "contraction.sql"


def contract(con: duckdb.DuckDBPyConnection, links: str, work: str = "components") -> str:
    """Leave the components of a graph in a temporary table.

    Parameters:
        con: a connection.
        links: a query that yields node_a and node_b, bigint hashes.
        work: what the names of the tables begin with.

    Returns:
        The table's name; it has the columns node and target, the smallest node.

    Raises:
        RuntimeError: links are left after the macro's rounds; nodes that are no hashes do that.
    """

    def run_query(sql: str) -> Any:
        rows = con.execute(sql).fetchall()
        return SimpleNamespace(columns=[SimpleNamespace(values=lambda: [row[0] for row in rows])])

    def refuse(message: str) -> None:
        raise RuntimeError(message)

    macros = Environment(extensions=["jinja2.ext.do"]).from_string(
        MACRO.read_text(),
        {"run_query": run_query, "exceptions": {"raise_compiler_error": refuse}},
    )
    macros.module.contract(links, work)  # type: ignore[attr-defined]
    return f"{work}_labels"
