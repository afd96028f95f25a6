"""Ways to break a data folder: damaged files, other rights, things of another kind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

Arrange = Callable[[Path, Path], None]
RIGHTS = "permission"


def written(*parts: str, content: bytes = b"") -> Arrange:
    """A file of the data folder holds something else."""

    def arrange(data: Path, folder: Path) -> None:
        path = data.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        path.write_bytes(content)

    return arrange


def closed(*parts: str) -> Arrange:
    """A file of the data folder may not be opened."""

    def arrange(data: Path, folder: Path) -> None:
        data.joinpath(*parts).touch()
        data.joinpath(*parts).chmod(0)

    return arrange


def cut(size: int, *parts: str) -> Arrange:
    """A file of the data folder ends early."""
    return lambda data, folder: os.truncate(data.joinpath(*parts), size)


def mode(number: int, *parts: str) -> Arrange:
    """A folder of the data folder, made where it is missing, has another mode."""

    def arrange(data: Path, folder: Path) -> None:
        path = data.joinpath(*parts)
        if not path.exists():
            path.mkdir(parents=True)
        path.chmod(number)

    return arrange


def a_folder(*parts: str) -> Arrange:
    """There is a folder where a file belongs."""

    def arrange(data: Path, folder: Path) -> None:
        path = data.joinpath(*parts)
        path.unlink(missing_ok=True)
        path.mkdir(parents=True)

    return arrange


def a_link(target: str, *parts: str) -> Arrange:
    """There is a link where a file or folder belongs."""

    def arrange(data: Path, folder: Path) -> None:
        path = data.joinpath(*parts)
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    return arrange
