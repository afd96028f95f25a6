"""A source that was added to a copy of the project, and what its staging models say of its rows.

The landing view is made here, from the sources YAML and DuckDB's reader, so that the test needs no
load: it shares the declaration with `c360 source add`, which is what is tested, and nothing else.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.console import Console

from orchestration.settings import Settings
from orchestration.sources.add import add_source
from orchestration.sources.rendering import render
from tests.own_data import project_copy


@dataclass
class Added:
    """A source after `c360 source add`."""

    settings: Settings
    name: str
    models: list[str]
    shown: str
    connections: dict[str, duckdb.DuckDBPyConnection] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.settings.dbt_project_dir / "models" / "staging" / self.name

    @property
    def source(self) -> dict[str, Any]:
        text = (self.folder / f"_{self.name}__sources.yml").read_text()
        return yaml.safe_load(text)["sources"][0]

    def table(self, name: str) -> dict[str, Any]:
        return next(t for t in self.source["tables"] if t["name"] == name)

    def meta(self, name: str) -> dict[str, Any]:
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
        """A connection with the table `staged`: the model over its whole source table."""
        if model in self.connections:
            return self.connections[model]
        con = self.connections[model] = duckdb.connect()
        con.execute("set timezone = 'UTC'")
        relations = {}
        for table in self.source["tables"]:
            if f"source('{self.name}', '{table['name']}')" in self.sql(model):
                _land(con, table, self.settings.landing_dir)
                relations[table["name"]] = table["name"]
        sql = render(self.settings.dbt_project_dir, self.sql(model), relations)
        con.execute(f"create table staged as {sql}")
        return con

    def sql(self, model: str) -> str:
        return (self.folder / f"stg_{self.name}__{model}.sql").read_text()

    def reasons(self, model: str) -> dict[str | None, int]:
        """Rows of a model by reject_reason; None is accepted."""
        con = self.staged(model)
        return dict(con.execute("select reject_reason, count(*) from staged group by 1").fetchall())

    def rows(self, model: str, columns: str, where: str = "reject_reason is null") -> list[tuple]:
        con = self.staged(model)
        return con.execute(f"select {columns} from staged where {where} order by all").fetchall()


def add(root: Path, name: str, location: str | Path, **options: Any) -> Added:
    """Add a source to a copy of the project below `root`; a second call adds to the same copy."""
    project = root / "dbt_project"
    if not project.exists():
        project_copy(project)
    settings = Settings(root / "data", root / "landing", project)
    console = Console(file=io.StringIO(), width=200)
    models = add_source(settings, name, str(location), yes=True, console=console, **options)
    return Added(settings, name, models, console.file.getvalue())  # type: ignore[attr-defined]


def _land(con: duckdb.DuckDBPyConnection, table: dict[str, Any], landing: Path) -> None:
    meta = table["config"]["meta"]
    options = meta.get("options", {})
    path = str(landing / meta["path"]) if meta.get("path") else ""
    names = {c["name"]: c.get("config", {}).get("meta", {}).get("source_name", c["name"])
             for c in table["columns"]}  # fmt: skip
    if meta["format"] == "parquet":
        scan = f"read_parquet('{path}', filename=true)"
    elif options.get("delimiter") == "whitespace":
        cells = ", ".join(
            f"parts[{i + 1}] as \"{n}\"" for i, n in enumerate(names.values())
        )
        scan = (
            f"(select {cells}, filename from (select filename, regexp_split_to_array(trim(c), '\\s+')"
            f" as parts from read_csv('{path}', header=false, delim='\x1f', quote='', "
            "columns={'c': 'VARCHAR'}, filename=true)))"
        )
    else:
        struct = ", ".join(f"'{n.replace(chr(39), chr(39) * 2)}': 'VARCHAR'" for n in names.values())
        files = con.execute("select file from glob(?)", [path]).fetchall()
        listed = []
        for (file,) in files:
            if options.get("encoding", "utf-8") != "utf-8":
                decoded = Path(file).with_suffix(".utf8")
                decoded.write_text(Path(file).read_text(encoding=options["encoding"]))
                file = str(decoded)
            listed.append(f"'{file}'")
        scan = (
            f"read_csv([{', '.join(listed)}], header={options.get('header', True)}, "
            f"delim='{options.get('delimiter', ',')}', quote='{options.get('quote', chr(34))}', "
            f"columns={{{struct}}}, filename=true, auto_detect=false)"
        )
    listed_columns = ", ".join(f'"{source}" as {name}' for name, source in names.items())
    con.execute(
        f"create table {table['name']} as select {listed_columns}, filename as source_file, "
        "row_number() over (partition by filename) as source_row, "
        f"filename like '%/Deletes/%' as is_deleted from {scan}"
    )
