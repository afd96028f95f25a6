"""Models of value and profile as SQL over a few tables, without starting dbt.

dbt's own context is small: ref, var, config, its cross-database macros and the project's macros.
What is rendered here is what dbt renders; that both agree is held by the models' dbt unit tests.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from types import CodeType, SimpleNamespace
from typing import Any

import duckdb
import jinja2
import yaml

from orchestration.settings import DBT_PROJECT_DIR

STARTED_AT = datetime(1999, 12, 31, 23, 59, 59)
"""When the run began, in whatever is rendered."""
MACROS = (
    "engine.sql",
    "normalise/numerals.sql",
    "normalise/letters.sql",
    "normalise/values.sql",
    "histories.sql",
    "clock.sql",
    "union_staged.sql",
    "staging.sql",
    "refresh.sql",
    "reached_strategy.sql",
    "reached_in_conformed.sql",
    "measures.sql",
    "named_measures.sql",
    "decile_history.sql",
)


class _This(str):
    """A model's own table."""

    schema = "main"

    @property
    def identifier(self) -> str:
        return str(self)


class _Config:
    """A model's configuration, of which only the hooks count here."""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {}

    def __call__(self, **said: Any) -> str:
        self.said = said
        return ""

    def get(self, _: str) -> None:
        return None


class CompilerError(Exception):
    """What a macro raises when it is called wrongly."""


def project_vars() -> dict[str, Any]:
    """The vars of dbt_project.yml, to be changed by a test and passed to `render`."""
    content = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text())
    variables: dict[str, Any] = content["vars"]
    return variables


@cache
def _project_vars() -> Mapping[str, Any]:
    return project_vars()


def macros(
    variables: Mapping[str, Any] | None = None, history: Mapping[str, str] | None = None
) -> Any:
    """The macros of the project that measures need, each a function that gives SQL.

    Parameters:
        variables: instead of the project's vars.
        history: tables that are there before the run, by identifier.
    """
    return _context(variables or project_vars(), history or {})["macros"]


def pre_hook(model: str) -> str:
    """The statement that the migrations model `model` runs before it adds to its table."""
    return _pre_hook(model, os.environ.get("C360_AS_OF"))


@cache
def _pre_hook(model: str, _: str | None) -> str:
    context = _context(project_vars(), {}, model, incremental=True)
    return str(context["macros"].forget_this_refresh())


def render(
    model: str,
    variables: Mapping[str, Any] | None = None,
    history: Mapping[str, str] | None = None,
    incremental: bool = False,
    listed: Mapping[str, Sequence[str]] | None = None,
    refreshed: bool = False,
) -> str:
    """The SQL of a model; every ref is the table of that name.

    Parameters:
        model: path below `models`, without suffix, such as `value/deciles`.
        variables: instead of the project's vars.
        history: tables that are there before the run, by identifier.
        incremental: whether the model's own table is there.
        listed: the columns that the YAML of staging models lists, for optional ones.
        refreshed: as a refresh runs it, over what the tables `operations.delta_...` reach.
    """
    # A day to replay is part of the text.
    day = os.environ.get("C360_AS_OF")
    given = json.dumps([variables or _project_vars(), dict(history or {}), dict(listed or {}), day])
    return _rendered(model, given, incremental, refreshed)[0]


def hooks(model: str, kind: str) -> list[str]:
    """The statements that a model's configuration has before or after it, where its table is there.

    Parameters:
        model: path below `models`, without suffix.
        kind: `pre_hook` or `post_hook`.
    """
    given = json.dumps([_project_vars(), {}, {}, os.environ.get("C360_AS_OF")])
    return _rendered_hooks(model, kind, given)


@cache
def _rendered_hooks(model: str, kind: str, given: str) -> list[str]:
    said = _rendered(model, given, True, False)[1].get(kind, [])
    this = model.split("/")[-1]
    environment = _context(_project_vars(), {}, this, incremental=True)["environment"]
    texts = [said] if isinstance(said, str) else said
    return [environment.from_string(text).render() for text in texts]


@cache
def _rendered(
    model: str, given: str, incremental: bool, refreshed: bool
) -> tuple[str, dict[str, Any]]:
    variables, history, listed, _ = json.loads(given)
    context = _context(variables, history, model.split("/")[-1], listed, incremental, refreshed)
    text = (DBT_PROJECT_DIR / "models" / f"{model}.sql").read_text()
    environment: jinja2.Environment = context["environment"]
    rendered = environment.from_string(text).render()
    config = environment.globals["config"]
    assert isinstance(config, _Config)
    return rendered, config.said


def _environment() -> jinja2.Environment:
    # The text becomes SQL, not a page.
    return jinja2.Environment(
        autoescape=False, extensions=["jinja2.ext.do"], undefined=jinja2.ChainableUndefined
    )


@cache
def _code_of_macros() -> CodeType:
    """The macros, compiled once: that takes most of a rendering's time."""
    text = "\n".join((DBT_PROJECT_DIR / "macros" / name).read_text() for name in MACROS)
    return _environment().compile(text)


def _context(
    variables: Mapping[str, Any],
    history: Mapping[str, str],
    this: str = "model",
    listed: Mapping[str, Sequence[str]] | None = None,
    incremental: bool = False,
    refreshed: bool = False,
) -> dict[str, Any]:
    environment = _environment()
    holder: dict[str, Any] = {"environment": environment}

    def dispatch(name: str) -> Any:
        return getattr(holder["macros"], f"duckdb__{name}")

    def get_relation(identifier: str, **_: str) -> str | None:
        return history.get(identifier)

    def refuse(message: str) -> None:
        raise CompilerError(message)

    environment.globals.update(
        {
            "adapter": SimpleNamespace(dispatch=dispatch, get_relation=get_relation),
            "return": lambda value: holder.update(returned=value) or value,
            "ref": lambda name: f"main.{name}",
            "var": lambda name, default=None: variables.get(name, default),
            "config": _Config(),
            "env_var": os.environ.get,
            "modules": SimpleNamespace(re=re),
            "graph": SimpleNamespace(
                nodes={
                    name: {"name": name, "resource_type": "model", "columns": columns}
                    for name, columns in (listed or {}).items()
                }
            ),
            "execute": True,
            "run_started_at": STARTED_AT,
            "target": SimpleNamespace(database="memory"),
            "this": _This(this),
            # In a unit test keys are reached without a connection of dbt's.
            "model": SimpleNamespace(resource_type="unit_test" if refreshed else "model"),
            "is_incremental": lambda: incremental,
            "load_relation": lambda relation: relation if incremental else None,
            "exceptions": SimpleNamespace(raise_compiler_error=refuse),
            "dbt": SimpleNamespace(
                dateadd=lambda part, number, start: f"({start} + ({number}) * interval 1 {part})",
                datediff=lambda first, second, part: f"date_diff('{part}', {first}, {second})",
                escape_single_quotes=lambda text: text.replace("'", "''"),
                date_trunc=lambda part, value: f"date_trunc('{part}', {value})",
            ),
        }
    )
    known = environment.make_globals(None)
    template = environment.template_class.from_code(environment, _code_of_macros(), known)
    holder["macros"] = template.module
    public = {
        n: _returning(m, holder) for n, m in vars(holder["macros"]).items() if not n.startswith("_")
    }
    environment.globals.update(public)
    return holder


def _returning(macro: Any, holder: dict[str, Any]) -> Any:
    """A macro as dbt calls it: what it returns is a value, and only else its text."""

    def called(*arguments: Any, **named: Any) -> Any:
        holder.pop("returned", None)
        text = macro(*arguments, **named)
        returned = holder.pop("returned", None)
        return returned if str(returned) == text.strip() else text

    return called if callable(macro) else macro


def fill(
    con: duckdb.DuckDBPyConnection, table: str, types: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Create a table with these rows.

    Parameters:
        con: where.
        table: its name.
        types: its columns and types, as in `create table`.
        rows: values in the order of the columns.
    """
    con.execute(f"create or replace table {table} ({types})")
    if rows:
        marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
        con.execute(f"insert into {table} values {marks}", [v for row in rows for v in row])
