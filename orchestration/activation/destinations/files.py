"""Destinations of files: a folder that somebody fetches from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from orchestration.activation.destinations.common import BaseDestination, Name, Text


def _different(headers: dict[str, str]) -> dict[str, str]:
    if len({header.lower() for header in headers.values()}) < len(headers):
        raise ValueError("two columns have the same header")
    return headers


class FilesDestination(BaseDestination):
    """Files of a segment, or of what changed, wherever they are put.

    Attributes:
        format: of the files.
        headers: what columns are called in the files, where it is not their name.
        formula_guard: put an apostrophe before texts that a spreadsheet takes for a formula.
    """

    takes_files: ClassVar[bool] = True
    refuses: ClassVar[Mapping[str, str]] = {}
    format: Literal["csv", "parquet", "ndjson"] = "csv"
    headers: Annotated[dict[Name, Text], AfterValidator(_different)] = Field(default_factory=dict)
    formula_guard: bool = False


class FileDestination(FilesDestination):
    """A folder of this machine.

    Attributes:
        folder: below `outbox` in the data folder.
    """

    kind: Literal["file"]
    folder: Name
