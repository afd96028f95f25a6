"""Destinations of files: a folder that somebody fetches from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from orchestration.activation.destinations.common import BaseDestination, Name


class FilesDestination(BaseDestination):
    """Files of a segment, or of what changed, wherever they are put.

    Attributes:
        format: of the files.
        formula_guard: put an apostrophe before texts that a spreadsheet takes for a formula.
    """

    takes_files: ClassVar[bool] = True
    refuses: ClassVar[Mapping[str, str]] = {}
    format: Literal["csv", "parquet", "ndjson"] = "csv"
    formula_guard: bool = False


class FileDestination(FilesDestination):
    """A folder of this machine.

    Attributes:
        folder: below `outbox` in the data folder.
    """

    kind: Literal["file"]
    folder: Name
