"""Staging and conformed of a small company, refreshed or built whole over the same landing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb

from orchestration.ingest.declarations import declared_source_tables
from orchestration.ingest.load import LoadedTable, load_tables
from orchestration.ingest.readers import Outcome, Target
from orchestration.ingest.sql import quoted
from orchestration.ingest.state import accept_gone_files, physical
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import connect_writer
from tests.own_data import project_copy
from tests.parsed import once, parsed, taken_over
from tests.refresh.deliveries import Company
from tests.refresh.source_rows import SERVER, Row

LAYERS = ("staging", "conformed")
WITHOUT = ("row_conservation",)
"""What reads tables that others than dbt write."""


class Lab:
    """A data folder and a project of some layers whose today is told.

    Parameters:
        folder: where both are made.
        layers: the first layers, which the project is cut down to.
        without: models that it has not.
        prepare: changes the project before it is parsed.
    """

    def __init__(
        self,
        folder: Path,
        layers: Sequence[str] = LAYERS,
        without: Sequence[str] = WITHOUT,
        prepare: Callable[[Settings], None] = lambda _: None,
    ) -> None:
        project = project_copy(folder / "project")
        # What these layers do not read would only be parsed.
        for layer in (project / "models").iterdir():
            if layer.name not in layers:
                shutil.rmtree(layer)
        shutil.rmtree(project / "tests")
        for name in without:
            for path in (project / "models").rglob(f"{name}.*"):
                path.unlink()
        self.settings = Settings(folder / "data", folder / "landing", project)
        taken_over(once("given_day", _with_given_day), self.settings)
        prepare(self.settings)
        _give_day(project)
        for model in (project / "models").rglob("*.sql"):
            # A delivery reaches most of so few people, and refreshed rows are to be looked at.
            text = model.read_text()
            model.write_text(text.replace("'built_whole_above': 0.3", "'built_whole_above': 0.95"))
        _put_on_server(project / "models" / "staging" / "email_marketing", SERVER)
        self.manifest = load_manifest(self.settings)
        self.tables = declared_source_tables(self.manifest)
        self.models = {
            node["name"]: node
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model"
        }
        self.whole: dict[str, str] = {}

    @property
    def refreshed(self) -> list[str]:
        """The models that can be refreshed."""
        return [n for n, node in self.models.items() if _is_refreshed(node)]

    def load(self, company: Company, today: date) -> None:
        """Bring landing up to date with the company."""

        def read(
            con: duckdb.DuckDBPyConnection, target: Target, since: str | None, unmarked: bool
        ) -> tuple[Outcome, str | None]:
            return _read_server(con, target, company.server, since, unmarked)

        with (
            connect_writer(self.settings) as con,
            mock.patch("orchestration.ingest.server_loads.read_postgresql", read),
        ):
            accept_gone_files(con)
            loaded: Sequence[LoadedTable] = load_tables(con, self.settings, self.tables)
            con.execute(
                f"create or replace table operations.given_day as select '{today}'::date as today"
            )
        assert [table.failures for table in loaded if table.failures] == []

    def build(
        self,
        refreshed: Sequence[str] = (),
        policy: bool = False,
        layers: Sequence[str] = LAYERS,
    ) -> None:
        """Run the layers' models; those in `refreshed` are not built whole."""
        selected = [f"customer_360.{layer}" for layer in (*layers, *["policy"][: int(policy)])]
        without = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
        with self.in_environment(C360_REFRESH=" ".join(refreshed)):
            results = list(run_dbt(self.settings, ["build", "--select", *selected, *without]))
        close_connections()
        failed = [(r.unique_id, r.message) for r in results if r.status != "success"]
        assert not failed, failed
        if not refreshed:
            compiled = self.settings.dbt_target_dir / "compiled" / "customer_360"
            self.whole |= {
                name: (compiled / node["original_file_path"]).read_text()
                for name, node in self.models.items()
                if node["fqn"][1] in layers
            }

    @contextmanager
    def in_environment(self, **variables: str) -> Iterator[None]:
        """Have dbt work in this lab, also after another one has parsed its project."""
        variables |= {"C360_DATA_DIR": str(self.settings.data_dir)}
        with mock.patch.dict(os.environ, variables):
            yield

    def differences(self, layers: Sequence[str] = LAYERS) -> dict[str, tuple[list[Any], list[Any]]]:
        """Per table with any: rows that only the refreshed one has, and only the whole one.

        The whole ones are what dbt has compiled when it built them, over the same landing.
        """
        found = {}
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.execute("begin")
            standing = {
                n: f"{self.models[n]['schema']}.{n}"
                for n in self._in_order(layers)
                # What no rebuild drops does not follow from landing.
                if self.models[n]["config"].get("full_refresh") is not False
            }
            for name, table in standing.items():
                con.execute(f"create temp table kept_{name} as from {table}")
            for name, table in standing.items():
                kind = "view" if self.models[name]["config"]["materialized"] == "view" else "table"
                con.execute(f"create or replace {kind} {table} as {self.whole[name]}")
            for name, table in standing.items():
                only = [
                    con.execute(f"from (from {x} except all from {y}) limit 5").fetchall()
                    for x, y in ((f"kept_{name}", table), (table, f"kept_{name}"))
                ]
                if any(only):
                    found[name] = (only[0], only[1])
            con.execute("rollback")
        return found

    def remember_nothing(self) -> None:
        """The memory of denials as a run finds it, so that whole builds read it as refreshes do."""
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.execute("create schema if not exists profile")
            con.execute(
                "create table profile.denial_history (source_system text, consent_id text, "
                "source_record_id text, contact_namespace text, contact_value text, purpose text, "
                "channel text, topic text, code text, recorded_at timestamp, point_namespace text, "
                "point_value text, is_own boolean, noted_at timestamp, stated_id text, "
                "source_file text)"
            )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            return con.execute(sql).fetchall()

    def _in_order(self, layers: Sequence[str]) -> list[str]:
        ordered: list[str] = []

        def visit(unique_id: str) -> None:
            node = self.manifest["nodes"][unique_id]
            if node["resource_type"] != "model" or node["name"] in ordered:
                return
            for parent in node["depends_on"]["nodes"]:
                if parent.startswith("model."):
                    visit(parent)
            ordered.append(node["name"])

        for node in self.models.values():
            visit(node["unique_id"])
        return [name for name in ordered if self.models[name]["fqn"][1] in layers]


def _with_given_day(folder: Path) -> Path:
    """A project whose day is given: parsed once, for nearly every model reads the clock."""
    project = project_copy(folder / "project")
    parsed(Settings(folder / "data", folder / "landing", project))
    _give_day(project)
    return project


def _give_day(project: Path) -> None:
    clock = project / "macros" / "clock.sql"
    text = clock.read_text().replace(
        "{%- else -%}current_date", "{%- else -%}(select today from operations.given_day)"
    )
    assert text != clock.read_text()
    clock.write_text(text)


def _is_refreshed(node: Mapping[str, Any]) -> bool:
    config = node["config"]
    return bool(config["unique_key"] and config["incremental_strategy"] == "reached")


def _put_on_server(folder: Path, table: str) -> None:
    sources = folder / "_email_marketing__sources.yml"
    text, count = re.subn(
        rf"meta: \{{format: csv, path: \"email_marketing/{table}[^}}]*\}}",
        "meta: {format: postgresql, url: 'postgresql://mail@nowhere/mail', watermark: occurred_at}",
        sources.read_text(),
    )
    assert count == 1
    sources.write_text(text)


def _read_server(
    con: duckdb.DuckDBPyConnection,
    target: Target,
    rows: Sequence[Row],
    since: str | None,
    unmarked: bool,
) -> tuple[Outcome, str | None]:
    """What `read_postgresql` does, over rows in memory."""
    mark = str(target.table.watermark)
    if unmarked:
        wanted = [row for row in rows if row[mark] is None]
    else:
        wanted = [row for row in rows if row[mark] is not None and str(row[mark]) >= (since or "")]
        wanted.sort(key=lambda row: str(row[mark]))
    names = [column.name for column in target.table.columns]
    if wanted:
        con.executemany(
            f"insert into {physical(target.table)} ({', '.join(map(quoted, names))}, file_id) "
            f"values ({', '.join('?' * len(names))}, ?)",
            [[*(row.get(name) for name in names), target.file_id] for row in wanted],
        )
    latest = max((str(row[mark]) for row in wanted), default=None) if not unmarked else None
    return Outcome(len(wanted), 0), latest
