"""The lineage that a run has kept: of every model, in the warehouse, in Dagster, on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import dagster as dg
import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.lineage import store
from orchestration.lineage.compiled import compiled_sql
from orchestration.lineage.edges import DECISION_KINDS, VALUE_KINDS
from orchestration.lineage.look import look_up
from orchestration.lineage.metadata import COLUMN_LINEAGE, ColumnLineage
from orchestration.lineage.models import from_sql
from orchestration.transform.decisions import SKIP, Decisions
from orchestration.transform.node_states import nodes_of
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import attached
from tests.conftest import Company

IN_PYTHON = "it is made in Python, and its YAML does not say of what"
NOT_CERTAIN = {
    "identity.match_parameters": {IN_PYTHON},
    "identity.replay_verdicts": {IN_PYTHON},
    "identity.scored_pairs": {IN_PYTHON},
    "value.clv_parameters": {IN_PYTHON},
    "value.clv_scores": {IN_PYTHON},
    "value.clv_uncertainty": {IN_PYTHON},
}
"""Models of which a column is not certain, and why. What is added makes labels travel wider."""


@pytest.fixture(scope="module")
def con(finished_company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(finished_company.settings.warehouse_path), read_only=True) as con:
        yield con


@pytest.fixture(scope="module")
def manifest(finished_company: Company) -> Mapping[str, Any]:
    return load_manifest(finished_company.settings)


def test_every_column_of_every_model_has_its_lineage(
    finished_company: Company, con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> None:
    models = {store.name_of(n) for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    with attached(con, finished_company.settings.insights_build_path, "insights"):
        there = set(
            con.execute(
                "select if(schema_name = 'main', 'insights', schema_name) || '.' || table_name, "
                "lower(column_name) from duckdb_columns() where not internal"
            ).fetchall()
        )
    kept = con.execute(f"select model, column_name from {store.COLUMNS} where column_name <> '*'")
    assert set(kept.fetchall()) == {row for row in there if row[0] in models}
    assert len(models) > 150


def test_what_is_not_certain_is_short_and_has_a_reason(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        f"select model, list(distinct reason) from {store.COLUMNS} where not is_certain "
        "group by all"
    ).fetchall()
    assert {model: set(reasons) for model, reasons in found} == NOT_CERTAIN
    [(different,)] = con.execute(
        f"select count(*) from {store.COLUMNS} where is_certain = (reason is not null)"
    ).fetchall()
    assert different == 0


def test_the_edges_of_a_segment(con: duckdb.DuckDBPyConnection) -> None:
    """A rule's columns decide each of its columns, whichever of them leaves the house."""
    found = con.execute(
        "select column_name, from_column, kind from segments.column_lineage "
        "where model = 'segments.top_three_deciles' and from_table = 'value.deciles' "
        "and from_column <> '*'"
    ).fetchall()
    rule = {("category_type", "filter"), ("decile", "filter")}
    rule |= {("look_back", "filter"), ("metric", "filter")}
    expected = {(column, *edge) for column in ("profile_id", "reason") for edge in rule}
    expected |= {("profile_id", "profile_id", "identity")}
    expected |= {("reason", c, "transformation") for c in ("category", "decile")}
    assert set(found) == expected


def test_origins_stand_in_landing_and_policy(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select source_table || '.' || source_column, is_certain from segments.column_origins "
        "where model = 'conformed.orders' and column_name = 'gross_amount' and kind = 'value'"
    ).fetchall()
    assert found == [("landing.web_shop__orders.total_amount", True)]
    [(by_points,)] = con.execute(
        "select count(*) from segments.column_origins where kind = 'decision' "
        "and model = 'segments.loyalty_points_over_1000' and column_name = 'profile_id' "
        "and source_table = 'landing.loyalty__points_ledger' and source_column = 'points'"
    ).fetchall()
    assert by_points == 1
    tables = con.execute(
        "select distinct split_part(source_table, '.', 1) from segments.column_origins"
    )
    assert {name for (name,) in tables.fetchall()} <= {"landing", "policy", "operations"}


def test_the_views_have_each_edge_once_and_in_order(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute("from segments.column_lineage").fetchall()
    assert len(rows) == len(set(rows)) > 10_000
    assert {row[4] for row in rows} == {*VALUE_KINDS, *DECISION_KINDS}
    again = con.execute("from segments.column_lineage").fetchall()
    assert rows == again and [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_dagster_is_told_what_values_are_made_of(
    finished_company: Company, con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> None:
    lineage = ColumnLineage(finished_company.settings, manifest)
    found = lineage.metadata(con, {"top_three_deciles", "stg_web_shop__orders"})
    shown = found["top_three_deciles"][COLUMN_LINEAGE]
    deciles = dg.AssetKey(["value", "deciles"])
    assert shown.deps_by_column["profile_id"] == [dg.TableColumnDep(deciles, "profile_id")]
    assert {d.column_name for d in shown.deps_by_column["reason"]} == {"category", "decile"}
    staged = found["stg_web_shop__orders"][COLUMN_LINEAGE].deps_by_column
    orders = dg.AssetKey(["web_shop", "orders"])
    assert staged["gross_amount"] == [dg.TableColumnDep(orders, "total_amount")]


@contextmanager
def counted() -> Iterator[list[str]]:
    """Names of the models whose lineage is worked out."""
    names: list[str] = []

    def noted(name: str, *rest: Any) -> Any:
        names.append(name)
        return from_sql(name, *rest)

    with mock.patch.object(store, "from_sql", noted):
        yield names


def test_only_what_has_changed_is_worked_out_again(
    company: Company, manifest: Mapping[str, Any]
) -> None:
    settings = company.settings
    every = {n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "model"}

    def keep(made: set[str]) -> list[str]:
        with counted() as names:
            store.keep_lineage(company.warehouse, settings, manifest, every, made)
        return names

    def edges() -> list[Any]:
        with company.warehouse() as con:
            return con.execute(f"from {store.EDGES} order by all").fetchall()

    before = edges()
    assert keep(set()) == keep(every) == []
    node = manifest["nodes"]["model.customer_360.top_three_deciles"]
    project = settings.dbt_target_dir / "compiled" / node["package_name"]
    path = project / node["original_file_path"]
    whole = path.read_text()
    path.write_text(whole.replace("decile <= 3", "decile <= 3 and category <> 'x'"))
    assert keep({"top_three_deciles"}) == ["segments.top_three_deciles"]
    assert ("segments.top_three_deciles", "*", "value.deciles", "category", "filter") in edges()
    # A refresh compiles a text of its own, which says nothing of the rows that it leaves alone.
    path.write_text("with reached as (select * from temp.reached_x) select 1 as profile_id")
    assert compiled_sql(settings, node) is None and keep({"top_three_deciles"}) == []
    path.write_text(whole)
    assert keep({"top_three_deciles"}) == ["segments.top_three_deciles"]
    assert edges() == before
    # A memory still has rows that its former SQL has made.
    memory = manifest["nodes"]["model.customer_360.identity_map_history"]
    path = project / memory["original_file_path"]
    path.write_text(path.read_text() + "\nlimit 0")
    with company.warehouse() as con:
        kept = ("identity.identity_map_history", "profile_id", "policy.rankings", "buckets", "sort")
        con.execute(f"insert into {store.EDGES} values (?, ?, ?, ?, ?)", kept)
    assert keep({memory["name"]}) == ["identity.identity_map_history"]
    assert set(edges()) == {*before, kept}
    # A model that is gone has no lineage.
    left = {u: n for u, n in manifest["nodes"].items() if n["name"] != node["name"]}
    store.keep_lineage(company.warehouse, settings, {**manifest, "nodes": left}, (), ())
    assert {row[0] for row in before} - {row[0] for row in edges()} == {
        "segments.top_three_deciles"
    }


def test_views_of_lineage_are_not_made_again_for_it(
    company: Company, manifest: Mapping[str, Any]
) -> None:
    """Lineage of insights comes after segments: the next run would make the layer again."""
    with company.warehouse() as con:
        con.execute(f"delete from {store.EDGES} where kind = 'sort'")
        nodes = nodes_of(manifest, "segments")
        decided = Decisions(company.settings, manifest).decide(con, nodes)
    views = ("model.customer_360.column_lineage", "model.customer_360.column_origins")
    assert [decided[view].action for view in views] == [SKIP, SKIP]


def test_looking_up(con: duckdb.DuckDBPyConnection) -> None:
    found = look_up(con, "top_three_deciles.reason", with_feeds=True)
    [column] = found["columns"]
    edge = {"kind": "filter", "table": "value.deciles", "column": "metric"}
    assert found["table"] == "segments.top_three_deciles" and edge in column["reads"]
    assert {"kind": "value", "table": "landing.loyalty__members", "column": "tier"} in column[
        "origins"
    ]
    assert {"segments.segment_membership"} <= {one["table"] for one in column["feeds"]}
    whole = look_up(con, "value.deciles", with_feeds=False)
    assert (
        "decile" in [one["column"] for one in whole["columns"]]
        and "feeds" not in whole["columns"][0]
    )
    source = look_up(con, "landing.web_shop__orders.total_amount", with_feeds=True)
    [column] = source["columns"]
    assert column["reads"] == [] and not source["is_model"]
    assert {"kind": "value", "table": "conformed.orders", "column": "gross_amount"} in column[
        "feeds"
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("value.decilez", "value.deciles"),
        ("deciles.decyle", "decile"),
        ("value.deciles.decile.x", "Nearest"),
        ("", "no table"),
        ("*", "no table"),
    ],
)
def test_a_wrong_name_is_told_the_nearest(
    con: duckdb.DuckDBPyConnection, asked: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        look_up(con, asked, with_feeds=False)


def test_on_a_terminal_and_as_json(finished_company: Company) -> None:
    shown = finished_company.c360("lineage", "value.deciles.decile").stdout
    assert "value.ranking_buckets" in shown and "its rows" in shown
    as_json = finished_company.c360("lineage", "top_three_deciles", "--json", "--down")
    assert json.loads(as_json.stdout)["columns"][0]["feeds"]
    wrong = finished_company.c360("lineage", "[red]nope[/]")
    assert wrong.returncode == 2 and "[red]nope[/]" in wrong.stderr
