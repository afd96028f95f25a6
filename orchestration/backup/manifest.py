"""What a backup holds, by its own account: every file with its checksum, and who made it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.errors import UserError

MANIFEST = "c360_backup.json"
FORMAT = 1


@dataclass(frozen=True)
class BackedUp:
    """One file of a backup.

    Attributes:
        path: below the data folder, with `/`.
        bytes: its size.
        sha256: of its content.
        mode: its rights.
        modified_ns: when it was changed, so that a source file is not taken for a new one.
    """

    path: str
    bytes: int
    sha256: str
    mode: int
    modified_ns: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes:
        format: of the backup itself.
        made_at: when, UTC, ISO 8601.
        versions: of the product and of DuckDB, which reads only files of its own or older versions.
        files: all files.
        folders: the rights of every folder, also of empty ones.
        left_out: what lay in the data folder and is no file or folder, such as links.
    """

    format: int
    made_at: str
    versions: dict[str, str]
    files: list[BackedUp] = field(default_factory=list)
    folders: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files)


def read_manifest(backup: Path) -> Manifest:
    """What a backup holds, by its own account.

    Raises:
        UserError: it is no backup, not a whole one, or made by a version that this can't read.
    """
    try:
        values: dict[str, Any] = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        _require_readable(backup, int(values["format"]), values["versions"])
        files = [BackedUp(**file) for file in values.pop("files")]
        manifest = Manifest(**values, files=files)
    except FileNotFoundError:
        raise UserError(
            f"{backup} has no {MANIFEST}, so it is no backup, or one that did not come to its end. "
            "Give the folder that `c360 backup` has written.",
            2,
        ) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{backup / MANIFEST} can't be read ({type(error).__name__}): it is cut or was changed "
            "by hand. Take another backup."
        ) from None
    for name in (*manifest.folders, *(file.path for file in manifest.files)):
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise UserError(f"{backup / MANIFEST} names {name}, outside of the data folder.")
    return manifest


def _require_readable(backup: Path, of_format: int, theirs: dict[str, str]) -> None:
    ours = versions()
    product = theirs["customer-360"]
    if of_format > FORMAT or _major(theirs["duckdb"]) > _major(ours["duckdb"]):
        raise UserError(
            f"The backup in {backup} was made by customer-360 {product} with DuckDB "
            f"{theirs['duckdb']}; this is {ours['customer-360']} with {ours['duckdb']}, which "
            "can't read it. Check out the version that made it, or a newer one (`git checkout`, "
            "`make setup`)."
        )


def made_by_another(manifest: Manifest) -> str:
    """A sentence when another version of the product made a backup, otherwise empty."""
    theirs, ours = manifest.versions["customer-360"], versions()["customer-360"]
    if theirs == ours:
        return ""
    return (
        f"It was made by customer-360 {theirs}, and this is {ours}: the next run builds every "
        "layer again."
    )


def versions() -> dict[str, str]:
    """The versions that decide whether a backup can be read: the product's and DuckDB's."""
    return {name: version(name) for name in ("customer-360", "duckdb")}


def _major(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split(".")[:2])
