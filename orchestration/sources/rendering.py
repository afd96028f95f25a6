"""Staging SQL as the database sees it, without starting dbt: the project's macros and Jinja.

Adding a source measures on the data what the generated checks would set aside, before anything is
written. dbt takes seconds to parse a project; the macros of staging need none of what it adds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from orchestration.ingest.sql import quoted
from orchestration.sources.templates import refuse_unknown_code

MACRO_FILES = (
    "engine.sql", "clock.sql", "staging.sql", "source_formats.sql", "source_texts.sql",
    "declared_columns.sql", "refresh.sql", "landed.sql",
    "normalise/*.sql",
)  # fmt: skip


class _Adapter:
    """What `adapter.dispatch` finds: the macro for DuckDB."""

    def __init__(self) -> None:
        self.macros: Any = None

    @staticmethod
    def quote(name: str) -> str:
        return quoted(name)

    def dispatch(self, name: str, *_: Any) -> Callable[..., str]:
        return getattr(self.macros, f"duckdb__{name}")  # type: ignore[no-any-return]


class _Dbt:
    """The few functions of dbt's own that staging uses."""

    @staticmethod
    def dateadd(part: str, count: int, start: str) -> str:
        return f"({start} + interval ({count}) {part})"

    @staticmethod
    def date_trunc(part: str, value: str) -> str:
        return f"date_trunc('{part}', {value})"


@cache
def readers(project_dir: Path, formats: tuple[str, ...]) -> dict[str, str]:
    """What staging reads as a number or an instant, as SQL over a text `v`, by its name.

    Parameters:
        project_dir: the dbt project whose macros are used.
        formats: formats of dates.
    """
    calls = {f: f"duckdb__parsed_timestamp('v', '{f}')" for f in formats}
    calls |= {mark: f"as_decimal('v', '{mark}')" for mark in ".,"}
    calls["email"] = "duckdb__as_email('v')"
    text = "\x1f".join(f"{{{{ {call} }}}}" for call in calls.values())
    return dict(zip(calls, render(project_dir, text, {}).split("\x1f"), strict=True))


def render(project_dir: Path, sql: str, relations: dict[str, str]) -> str:
    """SQL of a staging model for DuckDB.

    Parameters:
        project_dir: the dbt project whose macros are used.
        sql: the model's text.
        relations: the relation of each source table, as SQL says it.
    """
    refuse_unknown_code(sql, project_dir, "that is measured")
    folder = project_dir / "macros"
    files = [path for pattern in MACRO_FILES for path in sorted(folder.glob(pattern))]
    environment, macros = _macros("\n".join(path.read_text() for path in files))
    names = {**macros, "source": lambda _, table: relations[table]}
    return environment.from_string(sql, globals=names).render().lstrip()


@lru_cache(maxsize=4)
def _macros(text: str) -> tuple[SandboxedEnvironment, dict[str, Any]]:
    """The macros of a text by name, and what renders templates that call them.

    Compiling all of staging's macros takes a third of a second, and adding a source renders many
    texts.
    """
    adapter = _Adapter()
    environment = SandboxedEnvironment(extensions=["jinja2.ext.do"], undefined=StrictUndefined)
    environment.globals.update(
        adapter=adapter,
        dbt=_Dbt,
        # A source is measured as it is today, whatever day is replayed.
        env_var=lambda _, default: default,
        # What columns declare is not measured: no value of it sets a row aside.
        execute=False,
        config=lambda **_: "",
        graph=None,
        **{"return": lambda value: value},
    )
    adapter.macros = environment.from_string(text).module
    return environment, {
        name: macro for name, macro in vars(adapter.macros).items() if not name.startswith("__")
    }
