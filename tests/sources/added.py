"""A source that was added to a copy of the project, and what its staging models say of its rows.

The rows are loaded by ingest as the generated YAML declares them, and the generated SQL runs over
its landing views: all but dbt, which takes a minute where this takes a second.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.ingest.declarations import SourceTable, declared_source_tables
from orchestration.ingest.load import load_all
from orchestration.settings import Settings
from orchestration.sources.add import add_source
from orchestration.sources.entities import read_entities
from orchestration.sources.rendering import render
from orchestration.terminal import Console
from tests.own_data import project_copy


@dataclass
class Added:
    """A source after `c360 source add`."""

    settings: Settings
    name: str
    models: list[str]
    shown: str
    connection: list[duckdb.DuckDBPyConnection] = field(default_factory=list)
    built: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        return self.settings.dbt_project_dir / "models" / "staging" / self.name

    @property
    def source(self) -> Any:
        text = (self.folder / f"_{self.name}__sources.yml").read_text()
        return yaml.safe_load(text)["sources"][0]

    def table(self, name: str) -> dict[str, Any]:
        return next(t for t in self.source["tables"] if t["name"] == name)

    def meta(self, name: str) -> Any:
        return self.table(name)["config"]["meta"]

    def means(self, name: str) -> dict[str, str | None]:
        return {
            c["name"]: c.get("config", {}).get("meta", {}).get("semantic_type")
            for c in self.table(name)["columns"]
        }

    def feeds(self) -> dict[str, str]:
        """The entity of each model, by the model's name without stg_<source>__."""
        found = {}
        for model in self.models:
            content = yaml.safe_load((self.folder / f"{model}.yml").read_text())["models"][0]
            assert content["name"] == model
            short = model.removeprefix(f"stg_{self.name}__")
            found[short] = content["config"]["meta"]["entity"]
        return found

    def staged(self, model: str) -> duckdb.DuckDBPyConnection:
        """The warehouse, with the table `staged.<model>`: the model over all loaded rows."""
        if not self.connection:
            load_all(self.settings, self.declared())
            self.connection.append(duckdb.connect(str(self.settings.warehouse_path)))
            self.connection[0].execute("set timezone = 'UTC'")
            self.connection[0].execute("create schema staged")
        con = self.connection[0]
        if model not in self.built:
            relations = {t["name"]: f"landing.{t['identifier']}" for t in self.source["tables"]}
            sql = render(self.settings.dbt_project_dir, self.sql(model), relations)
            con.execute(f"create table staged.{model} as {sql}")
            self.built.add(model)
            self.check_contract(con, model)
        return con

    def check_contract(self, con: duckdb.DuckDBPyConnection, model: str) -> None:
        """The model's columns have the types of its entity's contract, and every row is there."""
        entity = read_entities(self.settings.dbt_project_dir)[self.feeds()[model]]
        found = {r[0]: r[1] for r in con.execute(f"describe staged.{model}").fetchall()}
        kinds = {"string": "VARCHAR", "int": "INTEGER"}
        for column in entity.columns:
            wanted = kinds.get(column.data_type, column.data_type.upper())
            assert found[column.name] == wanted, (model, column.name, found[column.name])
        assert list(found)[-3:] == ["source_row", "reject_reason", "reject_column"]
        rows = "select count(*), count(distinct (source_file, source_row)) from"
        staged = con.execute(f"{rows} staged.{model}").fetchall()
        table = next(
            t for t in self.source["tables"]
            if f"source('{self.name}', '{t['name']}')" in self.sql(model)
        )  # fmt: skip
        landed = con.execute(f"{rows} landing.{table['identifier']}").fetchall()
        assert staged == landed

    def declared(self) -> list[SourceTable]:
        """The tables as ingest gets them from dbt's manifest."""
        nodes = {}
        for table in self.source["tables"]:
            meta = self.source["config"]["meta"] | table["config"]["meta"]
            nodes[table["name"]] = {
                **table,
                "source_name": self.name,
                "original_file_path": f"models/staging/{self.name}/_{self.name}__sources.yml",
                "config": {"meta": meta},
                "columns": {c["name"]: c for c in table["columns"]},
            }
        return declared_source_tables({"sources": nodes})

    def sql(self, model: str) -> str:
        return (self.folder / f"stg_{self.name}__{model}.sql").read_text()

    def reasons(self, model: str) -> dict[str | None, int]:
        """Rows of a model by reject_reason; None is accepted."""
        con = self.staged(model)
        return dict(
            con.execute(f"select reject_reason, count(*) from staged.{model} group by 1").fetchall()
        )

    def rows(self, model: str, columns: str, where: str = "reject_reason is null") -> list[tuple]:
        con = self.staged(model)
        return con.execute(
            f"select {columns} from staged.{model} where {where} order by all"
        ).fetchall()


def add(root: Path, name: str, location: str | Path, **options: Any) -> Added:
    """Add a source to a copy of the project below `root`; a second call adds to the same copy."""
    project = root / "dbt_project"
    if not project.exists():
        project_copy(project)
    settings = Settings(root / f"data_{name}", root / "landing", project)
    console = Console(file=io.StringIO(), width=200)
    models = add_source(settings, name, str(location), yes=True, console=console, **options)
    return Added(settings, name, models, console.file.getvalue())  # type: ignore[attr-defined]
