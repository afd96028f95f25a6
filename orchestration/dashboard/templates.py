"""Questions to the published model: the files in `sql_templates/`, asked one connection each.

A template is one complete select. What the reader chooses reaches it as a DuckDB variable,
`getvariable('name')`, which is null when nothing is chosen: so every template runs as it stands,
in `c360 query` or any other client, and no value ever becomes part of the SQL text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd

from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.warehouse import connect_published

TEMPLATES_DIR = PROJECT_ROOT / "sql_templates"
VARIABLE = re.compile(r"getvariable\('(\w+)'\)")
MESSAGE = "message"
"""The attribute of a data frame that carries what went wrong in place of rows."""


@dataclass(frozen=True)
class Template:
    """A question in SQL.

    Attributes:
        name: the file name without .sql.
        sql: its text.
        variables: what it can be asked for in particular.
    """

    name: str
    sql: str
    variables: frozenset[str]


@cache
def read_template(name: str, folder: Path = TEMPLATES_DIR) -> Template:
    """Read a template.

    Parameters:
        name: the file name without .sql.
        folder: where templates are.

    Raises:
        UserError: there is no such file.
    """
    path = folder / f"{name}.sql"
    if not path.is_file():
        raise UserError(
            f"There is no SQL template {path}. Write it, or name one that exists: "
            f"{', '.join(sorted(file.stem for file in folder.glob('*.sql')))}."
        )
    sql = path.read_text(encoding="utf-8")
    return Template(name, sql, frozenset(VARIABLE.findall(sql)))


def ask(
    settings: Settings, template: Template, values: Mapping[str, str | None] | None = None
) -> pd.DataFrame:
    """Ask the published model as it is now.

    The file is opened for this question only: a version published meanwhile answers the next one,
    and publishing never waits for a reader.

    Parameters:
        settings: paths.
        template: the question.
        values: by variable; None leaves a variable unset.

    Raises:
        UserError: nothing is published, or what is published can't answer.
    """
    try:
        with connect_published(settings) as con:
            for variable, value in (values or {}).items():
                if variable in template.variables and value is not None:
                    con.execute(f"set variable {variable} = ?", [value])
            return con.execute(template.sql).df()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"The published model can't answer sql_templates/{template.name}.sql: {reason} "
            "Publish again with this version of the project: `c360 run`."
        ) from None


def data_function(settings: Settings, template: Template) -> Callable[..., pd.DataFrame]:
    """A function that the dashboard calls whenever it draws an item.

    It never raises for what the reader can mend: the message then stands in the frame's
    attributes, and the item shows it in place of a drawing.

    Parameters:
        settings: paths.
        template: the question.
    """

    def load(**values: str | None) -> pd.DataFrame:
        try:
            frame = ask(settings, template, values)
        except UserError as error:
            log().warning("dashboard: %s", error)
            frame = pd.DataFrame()
            frame.attrs[MESSAGE] = str(error)
        else:
            if frame.empty:
                frame.attrs[MESSAGE] = "There is no data for this."
        return frame

    return load
