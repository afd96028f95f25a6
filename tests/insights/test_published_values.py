"""Nothing personal is in the published file: by where a column comes from and by every value."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.layers_reader import hidden_columns
from orchestration.lineage.store import EDGES
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company

AS_THEY_ARE = ("identity", "transformation")


def _personal_columns(company: Company, con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Table and column of everything with a label of personal data in the warehouse."""
    standing: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = 'warehouse' order by column_index"
    ).fetchall():
        standing.setdefault((schema, table), []).append(column)
    manifest = load_manifest(company.settings)
    found = []
    for node in manifest["nodes"].values():
        columns = standing.get((node.get("schema"), node["name"]))
        if columns and node["resource_type"] == "model":
            hidden: set[str] = hidden_columns(manifest, node, columns)
            found += [(f"{node['schema']}.{node['name']}", c) for c in sorted(hidden)]
    return found


def _open(company: Company) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set threads = 2")
    for path, name in (
        (company.settings.warehouse_path, "warehouse"),
        (company.settings.published_path, "insights"),
    ):
        con.execute(f"attach '{path}' as {name} (read_only)")
    return con


def _texts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = con.execute(
        "select table_name, column_name from duckdb_columns() "
        "where database_name = 'insights' and schema_name = 'main' "
        "and data_type = 'VARCHAR'"
    ).fetchall()
    return rows


def _both(con: duckdb.DuckDBPyConnection, company: Company) -> list[Any]:
    """Texts that are published and personal, each with a place of both."""
    published = " union all ".join(
        f"select '{t}.{c}' as place, {c} as word from insights.{t}" for t, c in _texts(con)
    )
    personal = " union all ".join(
        f"select '{t}.{c}' as place, cast({c} as varchar) as word from warehouse.{t}"
        for t, c in _personal_columns(company, con)
    )
    # Ids of people, records and orders have no label, and belong there no more.
    ids = " union all ".join(
        f"select '{t}.{c}' as place, cast({c} as varchar) as word from warehouse.{t}"
        for t, c in (
            ("profile.profiles", "profile_id"),
            ("identity.identity_map", "source_record_id"),
            ("conformed.orders", "order_id"),
        )
    )
    return con.execute(
        f"select word, min(said.place), min(known.place) from ({published}) as said "
        f"inner join ({personal} union all {ids}) as known using (word) "
        # A look-back is the number of many a house, and tiers are among the values of attributes.
        "where length(word) > 2 and word <> 'unknown' and word not in "
        "(select loyalty_tier from warehouse.profile.profiles where loyalty_tier is not null) "
        "group by word order by word"
    ).fetchall()


def test_no_published_text_is_somebody(finished_company: Company) -> None:
    with _open(finished_company) as con:
        assert len(_texts(con)) > 30
        assert len(_personal_columns(finished_company, con)) > 50
        assert not _both(con, finished_company)


def test_no_published_column_is_made_of_a_personal_one(finished_company: Company) -> None:
    """By a chain of columns as they are or functions of them; counts and sums are others."""
    with _open(finished_company) as con:
        personal = _personal_columns(finished_company, con)
        con.execute("create temp table personal (from_table varchar, from_column varchar)")
        con.executemany("insert into personal values (?, ?)", personal)
        chains = con.execute(
            f"""
            with recursive made as (
                select model as table_name, column_name, from_table, from_column
                from warehouse.{EDGES}
                where model like 'insights.%' and kind in {AS_THEY_ARE}
                union
                select made.table_name, made.column_name, edges.from_table, edges.from_column
                from made
                inner join warehouse.{EDGES} as edges
                    on edges.model = made.from_table and edges.column_name = made.from_column
                where edges.kind in {AS_THEY_ARE}
            )
            select made.* from made
            semi join personal using (from_table, from_column)
            order by all
            """
        ).fetchall()
        reached = con.execute(
            f"select count(*) from warehouse.{EDGES} where model like 'insights.%'"
        ).fetchall()
    assert reached[0][0] > 300
    assert not chains
