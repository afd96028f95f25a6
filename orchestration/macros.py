"""The project's macros of staging as SQL for DuckDB, without starting dbt.

dbt takes seconds to parse a project; what staging reads as a number, a date or a key is asked
before that, where a source is added and where a file is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

MACRO_FILES = (
    "engine.sql", "clock.sql", "staging.sql", "source_formats.sql", "source_texts.sql",
    "declared_columns.sql", "statements.sql", "refresh.sql", "landed.sql", "normalise/*.sql",
)  # fmt: skip


class _Adapter:
    """What `adapter.dispatch` finds: the macro for DuckDB."""

    def __init__(self) -> None:
        self.macros: Any = None

    def dispatch(self, name: str, *_: Any) -> Callable[..., str]:
        return getattr(self.macros, f"duckdb__{name}")  # type: ignore[no-any-return]

    @staticmethod
    def quote(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


class _Dbt:
    """The few functions of dbt's own that staging uses."""

    @staticmethod
    def dateadd(part: str, count: int, start: str) -> str:
        return f"({start} + interval ({count}) {part})"

    @staticmethod
    def date_trunc(part: str, value: str) -> str:
        return f"date_trunc('{part}', {value})"


def rendered(project_dir: Path, text: str, names: dict[str, Any]) -> str:
    """A text with calls of the macros as SQL. The text is code: it must be the project's own.

    Parameters:
        project_dir: the dbt project whose macros are used.
        text: the template.
        names: what it may refer to besides the macros.
    """
    folder = project_dir / "macros"
    files = [path for pattern in MACRO_FILES for path in sorted(folder.glob(pattern))]
    environment, macros = _macros("\n".join(path.read_text() for path in files))
    return environment.from_string(text, globals={**macros, **names}).render().lstrip()


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
