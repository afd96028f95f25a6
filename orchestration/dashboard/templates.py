"""What the dashboard asks the published model: question files, one connection each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb
import pandas as pd

from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.questions.files import QUESTIONS_DIR as TEMPLATES_DIR
from orchestration.questions.files import Question as Template
from orchestration.questions.files import read_question as read_template
from orchestration.settings import Settings
from orchestration.warehouse import connect_published

__all__ = ["MESSAGE", "TEMPLATES_DIR", "Template", "ask", "data_function", "read_template"]

MESSAGE = "message"
"""The attribute of a data frame that carries what went wrong in place of rows."""


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
