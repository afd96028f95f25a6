"""Files that are copied and proved in one pass."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from orchestration.errors import UserError

CHUNK = 4 * 1024**2
ASIDE = "before_restore_"
OF_THE_PLACE = ("benchmarks", "logs", "restoring")
"""What of a data folder belongs to the place and not to the data."""

Progress = Callable[[str, int, int], None]


def copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file to a place that is free, on the disk when this returns.

    Returns:
        Its size in bytes and the SHA-256 of what was copied.
    """
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reader, target.open("xb") as writer:
        os.fchmod(writer.fileno(), 0o600)
        while chunk := reader.read(CHUNK):
            digest.update(chunk)
            writer.write(chunk)
            size += len(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return size, digest.hexdigest()


def digest_of(path: Path) -> tuple[int, str]:
    """A file's size in bytes and its SHA-256."""
    with path.open("rb") as reader:
        return path.stat().st_size, hashlib.file_digest(reader, "sha256").hexdigest()


def require_room(folder: Path, needed: int) -> None:
    """Refuse to begin a copy that would fill the disk.

    Parameters:
        folder: where the copy goes; it need not be there yet.
        needed: bytes to be copied.

    Raises:
        UserError: less is free.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed * 1.05:
        raise UserError(
            f"The disk of {folder} has {free / 1e9:.1f} GB free, and {needed / 1e9:.1f} GB are to "
            "be copied there. Free some space, or give a folder on another disk."
        )
