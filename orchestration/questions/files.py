"""What a question file is: a header in YAML, written as comments, and one select.

What the reader chooses reaches the select as a DuckDB variable, `getvariable('name')`, which is
null when nothing is chosen: so every file runs as it stands, in `c360 query` or any other client,
and no value ever becomes part of the SQL text.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT

QUESTIONS_DIR = PROJECT_ROOT / "sql_templates"
VARIABLE = re.compile(r"getvariable\('(\w+)'\)")
PAGE = "docs/questions.md says how a question file is written."

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class Parameter(BaseModel):
    """A choice of who asks.

    Attributes:
        type: of the value: text, integer, number or date (such as 2026-10-31).
        default: what counts when nothing is chosen, where that is one value; the select says the
            same in a `coalesce`.
        options: the values there are: a list, or the name of a question that returns option_value
            and option_label; nothing for any value of the type.
        about: what it chooses, and what happens without it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["text", "integer", "number", "date"]
    default: str | int | float | datetime.date | None = None
    options: Name | tuple[str, ...] | None = None
    about: Text


class Header(BaseModel):
    """What stands on top of a question file.

    Attributes:
        title: a few words, for lists and cards.
        question: one sentence that ends with a question mark.
        grain: what a row is, and the order of the rows.
        note: how to read the numbers, where that needs saying.
        chart: how to draw the rows.
        parameters: choices by name; each is read in the select as getvariable('name').
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text
    question: Text
    grain: Text
    note: str = ""
    chart: Text
    parameters: Mapping[Name, Parameter] = {}

    @field_validator("question")
    @classmethod
    def _asks(cls, question: str) -> str:
        if not question.rstrip().endswith("?"):
            raise ValueError("a question ends with a question mark")
        return question


@dataclass(frozen=True)
class Question:
    """A question in SQL.

    Attributes:
        name: the file's name without .sql.
        sql: its whole text, header and select.
        header: what the header says.
        variables: what the select can be asked for in particular.
    """

    name: str
    sql: str
    header: Header
    variables: frozenset[str] = field(default_factory=frozenset)


@cache
def read_question(name: str, folder: Path = QUESTIONS_DIR) -> Question:
    """Read and check a question file.

    Parameters:
        name: the file's name without .sql.
        folder: where question files are.

    Raises:
        UserError: there is no such file, or it is none of a question; every fault is told.
    """
    path = folder / f"{name}.sql"
    if name not in names(folder):
        raise UserError(
            f"There is no SQL template {path}. Write it, or name one that exists: "
            f"{', '.join(names(folder))}."
        )
    try:
        sql = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not in UTF-8. Save it as UTF-8.") from None
    return question_of(name, sql, str(path))


def question_of(name: str, sql: str, where: str) -> Question:
    """A question from its text.

    Parameters:
        name: what it is called.
        sql: header and select.
        where: the text stands, for messages.

    Raises:
        UserError: the header is wrong; every fault is told.
    """
    header = _header(sql, where)
    used = frozenset(VARIABLE.findall(sql))
    faults = [
        f"the select reads getvariable('{variable}'), which the header does not declare in "
        "parameters"
        for variable in sorted(used - header.parameters.keys())
    ] + [
        f"parameters.{parameter} is declared, and the select never reads getvariable('{parameter}')"
        for parameter in sorted(header.parameters.keys() - used)
    ]
    if faults:
        raise UserError(f"{where}: {'; '.join(faults)}. {PAGE}")
    return Question(name, sql, header, used)


def names(folder: Path = QUESTIONS_DIR) -> list[str]:
    """The names of all question files, sorted.

    Parameters:
        folder: where they are.
    """
    return sorted(file.stem for file in folder.glob("*.sql"))


def select_of(sql: str) -> str:
    """The text without its header.

    Parameters:
        sql: header and select.
    """
    lines = sql.splitlines(keepends=True)
    begin = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return "".join(lines[begin:])


def _header(sql: str, where: str) -> Header:
    lines = sql[: len(sql) - len(select_of(sql))].splitlines()
    try:
        found = yaml.safe_load("\n".join(re.sub(r"^--\s?", "", line) for line in lines))
        if not isinstance(found, dict):
            raise UserError(
                f"{where} has no header: it begins with comments that say title, question, grain "
                f"and chart. {PAGE}"
            )
        return Header.model_validate(found)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise UserError(f"{where}: the header is not valid YAML: {told}. {PAGE}") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise UserError(f"{where}, in the header: {faults}. {PAGE}") from None
