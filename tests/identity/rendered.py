"""The SQL of a model, without dbt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2

from orchestration.settings import DBT_PROJECT_DIR


class _Adapter:
    def __init__(self) -> None:
        self.macros: Any = None

    def dispatch(self, name: str) -> Any:
        return getattr(self.macros, f"duckdb__{name}")


class _Dbt:
    @staticmethod
    def datediff(first: str, second: str, part: str) -> str:
        return f"datediff('{part}', {first}, {second})"

    @staticmethod
    def dateadd(part: str, count: str, first: str) -> str:
        return f"date_add({first}, interval ({count}) {part})"


def model_sql(
    name: str, relations: Mapping[str, str], layer: str = "identity", **context: Any
) -> str:
    """The SQL of a model, its references looked up in `relations`.

    Parameters:
        name: of the model.
        relations: by the name that the model refers to.
        layer: the folder of the model.
        context: further names that the model uses, and what they are.
    """
    folder = DBT_PROJECT_DIR / "macros"
    files = [folder / "engine.sql", *sorted((folder / "normalise").glob("*.sql"))]
    macros = "\n".join(p.read_text() for p in (*files, folder / "match_columns.sql"))
    adapter = _Adapter()
    environment = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])
    environment.globals.update(
        {
            "adapter": adapter,
            "return": lambda value: value,
            "ref": lambda n: relations[n],
            "dbt": _Dbt(),
            "var": lambda _: "",
            # As in a build.
            "config": lambda **_: "",
            "reached": lambda caller: "",
            "part": lambda relation, *_, **__: relation,
            **context,
        }
    )
    adapter.macros = environment.from_string(macros).module
    body = (DBT_PROJECT_DIR / "models" / layer / f"{name}.sql").read_text()
    return environment.from_string(macros + "\n" + body).render()
