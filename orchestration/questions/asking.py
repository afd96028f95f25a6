"""A question asked with parameters: each value is typed, checked, and bound as a variable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.questions.files import Parameter, Question, read_question, select_of
from orchestration.terminal import literal

Value = str | int | Decimal | date
TYPES = {
    "text": "a text",
    "integer": "a whole number such as 30",
    "number": "a number such as 0.5",
    "date": "a day such as 2026-10-31",
}
MOST_TOLD = 20
"""Options that a message lists."""
BIGINT = 2**63


def values_of(question: Question, given: Sequence[str]) -> dict[str, Value]:
    """The values of parameters as they were typed in, each of its parameter's type.

    Parameters:
        question: whose parameters they are.
        given: as key=value.

    Raises:
        UserError: one is no key=value, is none of the question's, comes twice, or is not of the
            parameter's type.
    """
    values: dict[str, Value] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(
                f"--param {literal(text)} has no `=`. Write --param name=value, such as "
                "--param days=30.",
                2,
            )
        if name not in question.header.parameters:
            known = ", ".join(sorted(question.header.parameters)) or "none"
            raise UserError(
                f"The question {question.name} has no parameter {literal(name)}; it has {known}.", 2
            )
        if name in values:
            raise UserError(f"--param {name} is given twice. Give it once.", 2)
        values[name] = _typed(name, question.header.parameters[name], value)
    return values


def bind(con: duckdb.DuckDBPyConnection, values: Mapping[str, Value]) -> None:
    """Set the variables that a question reads; those without a value stay unset.

    Parameters:
        con: to the published model.
        values: by parameter, as `values_of` gives them.
    """
    for name, value in values.items():
        con.execute(f"set variable {name} = ?", [value])


def refuse_other_options(
    con: duckdb.DuckDBPyConnection, question: Question, values: Mapping[str, Value]
) -> None:
    """See that each value is one of its parameter's options, where it has any.

    Parameters:
        con: to the published model.
        question: whose parameters they are.
        values: by parameter.

    Raises:
        UserError: a value is no option; it says which there are.
    """
    for name, value in values.items():
        options = _options(con, question.header.parameters[name].options)
        if options is not None and str(value) not in options:
            more = f" and {len(options) - MOST_TOLD} more" if len(options) > MOST_TOLD else ""
            told = ", ".join(map(literal, options[:MOST_TOLD])) or "none"
            raise UserError(f"There is no {name} {literal(str(value))}; there is {told}{more}.", 2)


def _options(
    con: duckdb.DuckDBPyConnection, options: str | tuple[str, ...] | None
) -> list[str] | None:
    if options is None or isinstance(options, tuple):
        return list(options) if options else None
    rows: list[tuple[Any, ...]] = con.execute(select_of(read_question(options).sql)).fetchall()
    return [str(row[0]) for row in rows]


def _typed(name: str, parameter: Parameter, text: str) -> Value:
    try:
        if "\0" in text:
            raise ValueError
        if parameter.type == "integer":
            if not re.fullmatch(r"[+-]?[0-9]{1,19}", text) or not -BIGINT <= int(text) < BIGINT:
                raise ValueError
            return int(text)
        if parameter.type == "number":
            if not re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{1,9})?", text):
                raise ValueError
            return Decimal(text)
        if parameter.type == "date":
            return _day(text)
    except ValueError:
        raise UserError(
            f"--param {name}={literal(text)} is not {TYPES[parameter.type]}. {parameter.about}", 2
        ) from None
    return text


def _day(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError
    return date.fromisoformat(text)
