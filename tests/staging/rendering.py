"""The staging macros as SQL, without starting dbt."""

from __future__ import annotations

import os
import re
from types import SimpleNamespace
from typing import Any

import jinja2

from orchestration.settings import DBT_PROJECT_DIR


class _Adapter:
    def __init__(self) -> None:
        self.macros: Any = None

    def dispatch(self, name: str) -> Any:
        return getattr(self.macros, f"duckdb__{name}")


def staging_macros() -> Any:
    """A namespace with the macros that staging needs, each a function that gives SQL."""
    folder = DBT_PROJECT_DIR / "macros"
    text = "\n".join(
        (folder / name).read_text() for name in ("engine.sql", "clock.sql", "staging.sql")
    )
    adapter = _Adapter()
    # The text becomes SQL, not a page; dbt's `return` gives what it is given.
    environment = jinja2.Environment(autoescape=False)
    environment.globals.update(
        {
            "adapter": adapter,
            "return": lambda value: value,
            "env_var": os.environ.get,
            "modules": SimpleNamespace(re=re),
            "dbt": SimpleNamespace(
                dateadd=lambda part, number, start: f"({start} + ({number}) * interval 1 {part})"
            ),
        }
    )
    adapter.macros = environment.from_string(text).module
    return adapter.macros
