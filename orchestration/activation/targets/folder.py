"""A folder of this machine as a destination of files."""

from __future__ import annotations

import os
from pathlib import Path


class Folder:
    """A folder that somebody fetches from.

    Parameters:
        path: of the folder; made where there is none, readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def holds(self, name: str) -> bool:
        """Whether a file of that name is there."""
        return (self._path / name).exists()

    def place(self, file: Path, name: str) -> None:
        """Move a file there, and see to it that it stays after a power cut."""
        self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.chmod(0o600)
        file.replace(self._path / name)
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sweep(self, run_id: str) -> None:
        """Remove what a killed run left."""
        for file in self._path.glob(f"*{run_id}*"):
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is open."""
