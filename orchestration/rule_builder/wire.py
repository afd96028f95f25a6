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
from orchestration.segments.reading import DECIMAL, INTEGER, MAX_DEPTH, shown

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


def from_wire(sent: Any, depth: int = 0) -> Any:
    """What a page has sent, as `rule_text` takes it.

    Parameters:
        sent: what JSON was read to.
        depth: how deep it stands.

    Raises:
        UserError: it holds a number or a day that is none, a null, a bare number, or too many
            levels.
    """
    if depth > MAX_DEPTH + 1:
        raise UserError(f"nested deeper than {MAX_DEPTH} levels. Make a segment of a part.", 2)
    if isinstance(sent, Mapping):
        if list(sent) == [NUMBER]:
            return _number(sent[NUMBER])
        if list(sent) == [DAY]:
            return _day(sent[DAY])
        return {key: from_wire(value, depth + 1) for key, value in sent.items()}
    if isinstance(sent, list):
        return [from_wire(value, depth + 1) for value in sent]
    if isinstance(sent, bool | str):
        return sent
    raise UserError('a value is a text, true or false, {"number": …} or {"day": …}.', 2)


def _number(text: object) -> int | Decimal:
    if isinstance(text, str) and INTEGER.fullmatch(text):
        return int(text)
    if isinstance(text, str) and DECIMAL.fullmatch(text):
        return Decimal(text)
    raise UserError(
        f"'{shown(text)}' is no number. Write at most 15 digits, and up to 6 after a point.", 2
    )


def _day(text: object) -> date:
    if isinstance(text, str) and DAY_TEXT.fullmatch(text):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text)
    raise UserError(f"'{shown(text)}' is no day. Write it as 2026-01-31.", 2)
