"""A project whose fact and dimension remember, and what must be remembered in a few lines."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

WINDOW = 6
FIRST = date(2026, 1, 1)
NAMES = ("a", "b", "c")
Rows = set[tuple[Any, ...]]

RUN = """
import json, os, sys
import duckdb
from dbt.cli.main import dbtRunner
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from orchestration.daily import keep_days

options = ["--profiles-dir", ".", "--no-use-colors", "--quiet"]
projects, found = {}, []
for step in json.load(open("steps.json")):
    with duckdb.connect("warehouse.duckdb") as con:
        con.execute("create or replace table given_day as select ?::date as day", [step["day"]])
        con.execute("create or replace table sizes (name varchar, n int, more int)")
        if step["rows"]:
            con.executemany("insert into sizes values (?, ?, ?)", step["rows"])
    if step["discards"] and os.path.exists("insights_build.duckdb"):
        os.remove("insights_build.duckdb")
    os.environ["C360_AS_OF"] = step["day"] if step["replays"] else ""
    os.environ["BREAKS"] = step["breaks"]
    text = step["columns"]
    if text not in projects:
        parse = ["parse", *options, "--project-dir", text, "--target-path", text + "/target"]
        projects[text] = dbtRunner(manifest=dbtRunner().invoke(parse).result)
    run = ["run", *options, "--project-dir", text, "--target-path", text + "/target"]
    done = projects[text].invoke([*run, *["--full-refresh"][: step["rebuilds"]]])
    DuckDBConnectionManager.close_all_connections()
    messages = [r.message or "" for r in done.result if str(r.status) == "error"]
    published = {}
    with duckdb.connect("warehouse.duckdb") as con:
        if step["passes"] and done.success:
            keep_days(con)
    if os.path.exists("insights_build.duckdb"):
        with duckdb.connect("insights_build.duckdb", read_only=True) as con:
            for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
                rows = con.execute(f"select columns(*)::varchar from {table}").fetchall()
                names = [column for column, *_ in con.execute(f"describe {table}").fetchall()]
                published[table] = [dict(zip(names, row)) for row in rows]
    found.append({"messages": messages, "published": published})
json.dump(found, open("found.json", "w"))
"""

FACT = """
{{{{ config(
    materialized='daily_snapshot', when_carried={{'found': "'before'"}},
    post_hook="{{{{ 'select error(1)' if env_var('BREAKS', '') == 'publishing' else '' }}}}"
) }}}}
select as_of_on as date_key, name, n, 'today' as found{more}
from {{{{ ref('refresh_period') }}}} cross join {{{{ source('given', 'sizes') }}}}
where {{{{ 'error(1)' if env_var('BREAKS', '') == 'working' else 'true' }}}}
"""
DIMENSION = """
{{ config(materialized='lasting_dimension', key=['name'], when_gone={'state': "'removed'"}) }}
select name, 'of ' || n as title, 'active' as state from {{ source('given', 'sizes') }}
"""
PLAIN = {"one": "", "two": ", more"}


@dataclass
class Step:
    """One refresh: its day and rows, and how it is run."""

    day: date
    rows: list[tuple[str, int, int]]
    columns: str = "one"
    replays: bool = False
    passes: bool = True
    rebuilds: bool = False
    discards: bool = False
    breaks: str = ""


@dataclass
class Remembered:
    """The oracle: what is kept of each day, what the names were last, and what is published."""

    kept: dict[date, list[tuple[str, int, int | None]]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    columns: str = "one"
    fact: Rows = field(default_factory=set)
    dimension: Rows = field(default_factory=set)

    def run(self, step: Step) -> None:
        """What a refresh makes of it."""
        rows = [(n, i, more if step.columns == "two" else None) for n, i, more in step.rows]
        if step.discards:
            self.fact, self.dimension = set(), set()
        self.titles |= {name: f"of {n}" for name, n, _ in rows}
        there = {name for name, *_ in rows}
        self.dimension = {
            (name, title, "active" if name in there else "removed")
            for name, title in self.titles.items()
        }
        if step.breaks:
            return
        days = {day: said for day, said in self.kept.items() if day < step.day}
        days[step.day] = rows
        self.fact = set()
        for day in (step.day - timedelta(days=ago) for ago in range(WINDOW)):
            # A day that nobody was looking at is as the last one was.
            recorded = max((known for known in days if known <= day), default=None)
            for name, n, more in days[recorded] if recorded else []:
                found = "today" if recorded == day else "before"
                also = [more and str(more)] if step.columns == "two" else []
                self.fact.add((str(day), name, str(n), found, *also))
        if step.passes:
            later = {d: said for d, said in self.kept.items() if d > step.day and step.replays}
            self.kept = days | later


def make(folder: Path) -> None:
    """The project, once with a column less and once with all."""
    for name, more in PLAIN.items():
        project = folder / name
        (project / "models").mkdir(parents=True)
        (project / "macros").mkdir()
        for macro in (
            "daily_snapshots",
            "remembered_days",
            "clock",
            "keys",
            "engine",
            "generate_schema_name",
        ):
            shutil.copy(DBT_PROJECT_DIR / "macros" / f"{macro}.sql", project / "macros")
        (project / "dbt_project.yml").write_text(
            "name: days\nprofile: days\nconfig-version: 2\n"
            "flags: {send_anonymous_usage_stats: false,"
            " warn_error_options: {silence: [UnsupportedConstraintMaterialization]}}\n"
            f"vars: {{published_days: {WINDOW}}}\n"
            "models: {days: {+contract: {enforced: true}, +database: insights, +schema: main}}\n"
        )
        column = "{name: more, data_type: int}" if more else ""
        (project / "models" / "models.yml").write_text(f"""
models:
  - name: fact_size
    columns:
      - {{name: date_key, data_type: date, constraints: [{{type: not_null}}]}}
      - {{name: name, data_type: string, constraints: [{{type: not_null}}]}}
      - {{name: n, data_type: int}}
      - {{name: found, data_type: string}}
      {"- " + column if column else ""}
  - name: dim_name
    columns:
      - {{name: name, data_type: string}}
      - {{name: title, data_type: string}}
      - {{name: state, data_type: string}}
sources:
  - {{name: given, database: warehouse, schema: main, tables: [{{name: sizes}}]}}
""")
        models = project / "models"
        (models / "fact_size.sql").write_text(FACT.format(more=more))
        (models / "dim_name.sql").write_text(DIMENSION)
        (models / "refresh_period.sql").write_text(
            "{{ config(materialized='view', database='warehouse', contract={'enforced': false}) }} "
            "select day as as_of_on from warehouse.main.given_day\n"
        )
    (folder / "profiles.yml").write_text(
        "days: {target: t, outputs: {t: {type: duckdb, path: warehouse.duckdb, threads: 1, "
        "database: warehouse, schema: main, "
        "attach: [{path: insights_build.duckdb, alias: insights}]}}}\n"
    )


def run(folder: Path, steps: list[Step]) -> list[dict[str, Any]]:
    """What is published after each step, and what dbt said of what failed."""
    said = [{**vars(step), "day": str(step.day)} for step in steps]
    (folder / "steps.json").write_text(json.dumps(said))
    for name in ("warehouse.duckdb", "insights_build.duckdb"):
        (folder / name).unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=folder,
        check=True,
        timeout=600,
        env={"PYTHONPATH": str(PROJECT_ROOT), "PATH": ""},
    )
    found: list[dict[str, Any]] = json.loads((folder / "found.json").read_text())
    return found


def some_steps(dice: random.Random, count: int) -> list[Step]:
    """Whatever can happen on days: new, again, replayed, skipped, rebuilt, refused, broken."""
    day, steps = FIRST, []
    for _ in range(count):
        replays = dice.random() < 0.2
        kind = dice.random()
        if kind < 0.6:
            day += timedelta(days=dice.choice([1, 1, 1, 2, 5]))
        elif kind < 0.7:
            day -= timedelta(days=dice.choice([1, 2]))
        names = [name for name in NAMES if dice.random() < 0.7]
        steps.append(
            Step(
                day - timedelta(days=dice.choice([0, 1, 3]) if replays else 0),
                [(name, dice.randrange(100), dice.randrange(1, 9)) for name in names],
                dice.choice(["one", "two"]),
                replays,
                dice.random() < 0.8,
                dice.random() < 0.2,
                dice.random() < 0.2,
                dice.choice(["", "", "", "", "", "working", "publishing"]),
            )
        )
    return steps
