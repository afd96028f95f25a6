"""What destinations of files say of the files, and a folder as one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from orchestration.activation.destinations.common import BaseDestination, Name, Text


def _different(headers: dict[str, str]) -> dict[str, str]:
    if len({header.lower() for header in headers.values()}) < len(headers):
        raise ValueError("two columns have the same header")
    return headers


NAME = re.compile(r"(?:[A-Za-z0-9_.-]|\{(?:sync|run|date|part)\})+")
MANIFEST = ".manifest.json"
PUBLIC_KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


class FilesDestination(BaseDestination):
    """Files of a segment, or of what changed, wherever they are put.

    Attributes:
        format: of the files.
        compression: none or gzip; Parquet is compressed by itself.
        split_rows: most rows of a file; what has more leaves in parts.
        name: of the files without their ending, with {sync}, {run}, {date} and {part}.
        encrypt_for: the receiver's OpenPGP public key, as text.
        headers: what columns are called in the files, where it is not their name.
        formula_guard: put an apostrophe before texts that a spreadsheet takes for a formula.
    """

    takes_files: ClassVar[bool] = True
    refuses: ClassVar[Mapping[str, str]] = {}
    format: Literal["csv", "parquet", "ndjson"] = "csv"
    compression: Literal["none", "gzip"] = "none"
    split_rows: Annotated[int, Field(ge=1)] | None = None
    name: Annotated[str, Field(max_length=120)] | None = None
    encrypt_for: Annotated[str, Field(max_length=32_000)] | None = None
    headers: Annotated[dict[Name, Text], AfterValidator(_different)] = Field(default_factory=dict)
    formula_guard: bool = False

    @field_validator("name")
    @classmethod
    def _name_of_one_file(cls, name: str | None) -> str | None:
        if name and (not NAME.fullmatch(name) or name.startswith((".", "-"))):
            raise ValueError(
                "name has letters, digits, _ . - and the words {sync}, {run}, {date}, {part}, and "
                "begins with neither . nor -"
            )
        if name and "{run}" not in name:
            raise ValueError("name needs {run}: a later file would take an earlier one's place")
        return name

    @field_validator("encrypt_for")
    @classmethod
    def _public_key(cls, text: str | None) -> str | None:
        if text is None:
            return None
        from orchestration.activation.targets.encryption import fault_of_key

        fault = fault_of_key(text) if text.lstrip().startswith(PUBLIC_KEY) else "is none"
        if fault:
            raise ValueError(
                f"encrypt_for {fault}. It is the receiver's public key, a text that begins with "
                f"{PUBLIC_KEY}"
            )
        return text

    @model_validator(mode="after")
    def _parts_and_compression(self) -> FilesDestination:
        if self.split_rows and self.name and "{part}" not in self.name:
            raise ValueError("with split_rows, name needs {part}")
        if self.format == "parquet" and self.compression != "none":
            raise ValueError("Parquet is compressed by itself: leave compression out")
        return self

    def file_name(self, sync: str, run_id: str, part: int) -> str:
        """What a file is called.

        Parameters:
            sync: its name.
            run_id: of the run, which begins with the day.
            part: from 1.
        """
        template = self.name or ("{sync}-{run}-{part}" if self.split_rows else "{sync}-{run}")
        stem = template.format(sync=sync, run=run_id, date=run_id[:8], part=f"{part:04}")
        endings = [self.format, *(["gz"] if self.compression == "gzip" else [])]
        return ".".join([stem, *endings, *(["pgp"] if self.encrypt_for else [])])


def manifest_name(sync: str, run_id: str) -> str:
    """What a run's manifest is called, however its files are."""
    return f"{sync}-{run_id}{MANIFEST}"


class FileDestination(FilesDestination):
    """A folder of this machine.

    Attributes:
        folder: below `outbox` in the data folder.
    """

    platform: ClassVar[str] = "Files"
    kind: Literal["file"]
    folder: Name
