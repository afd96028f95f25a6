"""What a page asks by POST: JSON of a bounded size with exactly the members that are wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

KINDS: Mapping[type, str] = {str: "a text", int: "a whole number"}


class RefusedError(Exception):
    """A request that is not answered.

    Parameters:
        status: of HTTP.
        text: what whoever asks is told.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def asked(
    request: Request, wanted: Mapping[str, type], most_bytes: int, remedy: str = ""
) -> dict[str, Any]:
    """The members of the object that a request brings.

    Parameters:
        request: with a body in JSON.
        wanted: name and type of each member; `str`, `int` or, for any value,
            `object`.
        most_bytes: beyond which nothing more is read.
        remedy: a sentence for who sends more.

    Raises:
        RefusedError: more is sent, or something else: another or a missing member, another type,
            a text with characters that are none of a text.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most_bytes:
            told = f"More than {most_bytes // 1024} KB were sent. {remedy}"
            raise RefusedError(413, told.rstrip())
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise RefusedError(400, "What was sent is no JSON.") from None
    if not isinstance(said, dict) or set(said) != set(wanted):
        names = ", ".join(wanted) or "nothing"
        raise RefusedError(400, f"What was sent is not what is asked for here: {names}.")
    for name, kind in wanted.items():
        if kind is not object and type(said[name]) is not kind:
            raise RefusedError(400, f"{name} is {KINDS[kind]}.")
        if kind is str and not said[name].isprintable():
            raise RefusedError(400, f"{name} holds a character that is none of a text.")
    return said
