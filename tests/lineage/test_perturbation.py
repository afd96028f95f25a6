"""Lineage of the project's own models against what they do with changed rows.

Of one input of a model one column gets other values, its SQL runs again, and no column may change
that is not said to read it; nor may rows come or go, unless it decides rows.

pytest -m slow tests/lineage/test_perturbation.py     (three columns of each model's inputs)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import duckdb
import pytest

from orchestration.lineage.compiled import catalog, compiled_sql
from orchestration.lineage.edges import ROWS
from orchestration.lineage.models import Catalog, ModelLineage, from_sql
from orchestration.lineage.store import AS_THE_SQL, name_of
from orchestration.settings import LAYERS, Settings
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company

CHEAP = ("segments", "insights")
"""Layers whose models take no time."""
SAMPLE = 15
PER_MODEL = 3
PERMUTED = (
    "select * replace (case when hash(rowid, 1) % 5 = 0 then null "
    "else lag({column}) over (order by hash(rowid, 2)) end as {column}) from {table}"
)


@dataclass
class Counts:
    """What was asked, so that a test which asks nothing is no proof."""

    asked: int = 0
    with_changes: int = 0
    with_rows: int = 0
    refused: int = 0
    unsteady: set[str] = field(default_factory=set)


@dataclass
class Lab:
    """A warehouse to read, with a database beside it for what is changed."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    manifest: Mapping[str, Any]
    known: Catalog

    def models(
        self, layers: Collection[str]
    ) -> Iterator[tuple[Mapping[str, Any], str, ModelLineage]]:
        for node in self.manifest["nodes"].values():
            if node["resource_type"] != "model" or node["fqn"][1] not in layers:
                continue
            made = node["config"]["materialized"]
            sql = compiled_sql(self.settings, node) if made in AS_THE_SQL else None
            if sql and node["language"] == "sql":
                columns = self.known.columns[name_of(node)]
                yield node, sql, from_sql(name_of(node), columns, sql, [], self.known)

    def result(self, sql: str, into: str) -> None:
        self.con.execute(f"create or replace temp table {into} as {sql}")

    def differs(self, one: str, other: str, columns: list[str]) -> bool:
        shown = ", ".join(f'"{column}"' for column in columns)
        rows = f"select {shown} from"
        [(found,)] = self.con.execute(
            f"select exists ({rows} {one} except all {rows} {other}) "
            f"or exists ({rows} {other} except all {rows} {one})"
        ).fetchall()
        return bool(found)

    def count(self, table: str) -> int:
        return int(self.con.execute(f"select count(*) from {table}").fetchall()[0][0])


@pytest.fixture(scope="module")
def lab(finished_company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    settings = finished_company.settings
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(f"attach '{settings.warehouse_path}' as warehouse (read_only)")
        con.execute(f"attach '{settings.insights_build_path}' as insights (read_only)")
        con.execute("attach ':memory:' as changed")
        con.execute("set timezone = 'UTC'")
        yield Lab(con, settings, load_manifest(settings), _catalog(con))


def _catalog(con: duckdb.DuckDBPyConnection) -> Catalog:
    con.execute("use warehouse")
    known = catalog(con)
    con.execute("use memory")
    return known


Case = tuple[str, str, str, ModelLineage]
"""Model, SQL, a column of what it reads as `schema.table.column`, and its lineage."""


def asked(lab: Lab, layers: Collection[str]) -> list[Case]:
    """All that could be changed of what models of some layers read."""
    found: list[Case] = []
    for node, sql, lineage in lab.models(layers):
        tables = sorted({e.table for e in lineage.rows.edges if e.column == ROWS})
        for table in tables:
            found += [
                (name_of(node), sql, f"{table}.{column}", lineage)
                for column in lab.known.columns[table]
            ]
    return found


def written(table: str) -> str:
    schema, name = table.split(".")
    return (
        f'"insights"."main"."{name}"'
        if schema == "insights"
        else f'"warehouse"."{schema}"."{name}"'
    )


def faults(lab: Lab, cases: list[Case], counts: Counts) -> list[str]:
    found = []
    last = ""
    for model, sql, changed, lineage in cases:
        table, column = changed.rsplit(".", 1)
        if written(table) not in sql or model in counts.unsteady:
            continue
        if model != last:
            last = model
            lab.result(sql, "before")
            lab.result(sql, "again")
            if lab.differs("before", "again", list(lab.known.columns[model])):
                counts.unsteady.add(model)
                continue
        name = table.split(".")[1]
        permuted = PERMUTED.format(column=f'"{column}"', table="numbered")
        lab.con.execute(
            f"create or replace table changed.{name} as with numbered as (select *, "
            f"row_number() over () as rowid from {written(table)}) "
            f"select * exclude (rowid) from ({permuted})"
        )
        try:
            lab.result(sql.replace(written(table), f"changed.main.{name}"), "after")
        except duckdb.Error:
            # Such as a model that refuses two rows where there is to be one.
            counts.refused += 1
            continue
        counts.asked += 1
        made = list(lab.known.columns[model])
        reads = {
            c for c in made for e in lineage.of(c.lower()).edges if e[:2] == (table, column.lower())
        }
        left = [c for c in made if c not in reads]
        counts.with_changes += lab.differs("before", "after", made)
        if left and lab.differs("before", "after", left):
            found.append(f"{changed} changes one of {left} of {model}")
        is_decision = any(e[:2] == (table, column.lower()) for e in lineage.rows.edges)
        if lab.count("before") != lab.count("after"):
            counts.with_rows += 1
            if not is_decision:
                found.append(f"{changed} decides rows of {model}")
    return found


def test_a_sample_of_columns_moves_only_what_reads_them(lab: Lab) -> None:
    cheap = [case for case in asked(lab, CHEAP) if not case[0].startswith("segments.column_")]
    counts = Counts()
    assert faults(lab, sampled(cheap, SAMPLE, seed=3), counts) == []
    assert counts.asked > SAMPLE / 2 and counts.with_changes > SAMPLE / 8


@pytest.mark.slow
def test_columns_of_every_model_move_only_what_reads_them(lab: Lab) -> None:
    by_model: dict[str, list[Case]] = {}
    for case in asked(lab, LAYERS):
        by_model.setdefault(case[0], []).append(case)
    cases = [one for its in by_model.values() for one in sampled(its, PER_MODEL, seed=4)]
    counts = Counts()
    found = faults(lab, cases, counts)
    print(json.dumps({**vars(counts), "unsteady": sorted(counts.unsteady)}, indent=1))
    assert found == []
    assert counts.with_changes > 100 and counts.with_rows > 30 and len(counts.unsteady) < 5


def sampled(cases: list[Case], number: int, seed: int) -> list[Case]:
    return sorted(Random(seed).sample(cases, min(number, len(cases))), key=lambda case: case[:3])
