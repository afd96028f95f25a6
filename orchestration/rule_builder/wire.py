"""What a rule says as JSON and back; numbers and days keep how they were written.

JSON has no days, and its numbers are not decimal. So a number is `{"number": "12.50"}`, a day
`{"day": "2026-01-31"}`; texts, true and false, lists and mappings are as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from orchestration.errors import UserError
from orchestration.segments.reading import DAY as DAY_TEXT
from orchestration.segments.reading import DECIMAL, INTEGER, MAX_DEPTH, Path_, clause_name, shown

NUMBER, DAY = "number", "day"


def to_wire(said: Any) -> Any:
    """What a rule says, for JSON.

    Parameters:
        said: see `said_of`.
    """
    if isinstance(said, Mapping):
        return {key: to_wire(value) for key, value in said.items()}
    if isinstance(said, list):
        return [to_wire(value) for value in said]
    if isinstance(said, bool | str) or said is None:
        return said
    if isinstance(said, date):
        return {DAY: said.isoformat()}
    return {NUMBER: format(said, "f") if isinstance(said, Decimal) else str(said)}


def from_wire(sent: Any) -> tuple[Any, list[str]]:
    """What a page has sent, as `rule_text` takes it.

    Parameters:
        sent: what JSON was read to.

    Returns:
        What it says, numbers and days that are none as texts; and what is wrong with those.

    Raises:
        UserError: it holds too many levels, or half a character.
    """
    faults: list[str] = []
    return _read(sent, (), faults), faults


def _read(sent: Any, path: Path_, faults: list[str]) -> Any:
    if len(path) > MAX_DEPTH:
        raise UserError(f"nested deeper than {MAX_DEPTH} levels. Make a segment of a part.", 2)
    if isinstance(sent, Mapping):
        if list(sent) == [NUMBER]:
            return _number(sent[NUMBER], path, faults)
        if list(sent) == [DAY]:
            return _day(sent[DAY], path, faults)
        return {_text(k): _read(v, (*path, shown(k)), faults) for k, v in sent.items()}
    if isinstance(sent, list):
        return [_read(value, (*path, place), faults) for place, value in enumerate(sent)]
    if isinstance(sent, str):
        return _text(sent)
    if not isinstance(sent, bool):
        faults.append(f"{clause_name(path)}: is neither text, number, day nor true or false")
        return str(sent)
    return sent


def _text(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError("A text holds half a character. Write it again.", 2) from None
    return text


def is_number(text: str) -> bool:
    """Whether a text is a number as rule files have them."""
    return bool(INTEGER.fullmatch(text) or DECIMAL.fullmatch(text))


def _number(text: object, path: Path_, faults: list[str]) -> int | Decimal | str:
    if isinstance(text, str) and is_number(text):
        return Decimal(text) if "." in text else int(text)
    faults.append(
        f"{clause_name(path)}: '{shown(text)}' is no number. Write at most 15 digits, and up to 6 "
        "after a point"
        if text
        else f"{clause_name(path)}: has no number yet"
    )
    return _text(str(text))


def _day(text: object, path: Path_, faults: list[str]) -> date | str:
    if isinstance(text, str) and DAY_TEXT.fullmatch(text):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text)
    faults.append(
        f"{clause_name(path)}: '{shown(text)}' is no day. Write it as 2026-01-31"
        if text
        else f"{clause_name(path)}: has no day yet"
    )
    return _text(str(text))
