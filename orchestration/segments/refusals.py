"""What is told about a file whose words are others than it may have: file, line, fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from orchestration.errors import UserError
from orchestration.segments.reading import Document, Path_, shown

MOST_TOLD = 5


def refusal(
    document: Document, error: ValidationError, docs: str, words: Mapping[str, str] | None = None
) -> UserError:
    """The error to raise for a document that a model does not take.

    Parameters:
        document: the file as it was read.
        error: pydantic's.
        docs: a sentence that says where the words are explained.
        words: what is said of further types of pydantic's errors.
    """
    return refused(
        [_fault(document, dict(one), words or {}) for one in error.errors(include_url=False)], docs
    )


def refused(faults: Sequence[str], docs: str) -> UserError:
    """The error to raise for faults that were found, the first of them told.

    Parameters:
        faults: each with its place.
        docs: a sentence that says where the words are explained.
    """
    told = "; ".join(dict.fromkeys(faults[:MOST_TOLD]))
    more = f" And {len(faults) - MOST_TOLD} more." if len(faults) > MOST_TOLD else ""
    return UserError(f"{told}.{more} {docs}", 2)


def _fault(document: Document, found: Mapping[str, Any], words: Mapping[str, str]) -> str:
    last = str(found["loc"][-1]) if found["loc"] else ""
    place = document.place(path_in(document, found["loc"]))
    message = str(found["msg"]).removeprefix("Value error, ")
    said = {
        "extra_forbidden": f"'{shown(last)}' is no word of this file",
        "missing": f"'{shown(last)}' is missing",
        **words,
    }
    return f"{place}: {said.get(found['type'], shown(message, 200))}"


def path_in(document: Document, location: Sequence[str | int]) -> Path_:
    """The place of a fault in the file; what a model adds to its path is left out."""
    path: Path_ = ()
    for part in location:
        if (*path, part) in document.lines:
            path = (*path, part)
    return path
