"""A file with personal data, written whole or not at all, that only its owner can read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.errors import UserError


@contextmanager
def new_file(to: Path, replace: bool) -> Iterator[Path]:
    """A file to write that takes its place when all is written.

    Parameters:
        to: the place; a link there is not followed.
        replace: whether a file may be there.

    Yields:
        An empty file beside it, of mode 0600.

    Raises:
        UserError: the place is a link, a folder, taken, or in no folder that can be written.
    """
    _require_free(to, replace)
    new = to.with_name(f".{to.name}.{os.getpid()}.new")
    try:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise UserError(f"{to} can't be written ({error.strerror}). Name another place.") from None
    try:
        yield new
        with new.open("rb") as handle:
            os.fsync(handle.fileno())
        if replace:
            # A link that has come there since is replaced itself.
            new.replace(to)
        else:
            _place(new, to)
    except OSError as error:
        raise UserError(f"{to} can't be written ({error.strerror}). Name another place.") from None
    finally:
        new.unlink(missing_ok=True)


def _require_free(to: Path, replace: bool) -> None:
    if to.is_symlink():
        raise UserError(f"{to} is a link, which is not followed. Name a file.", 2)
    if to.is_dir():
        raise UserError(f"{to} is a folder. Name a file in it.", 2)
    if to.exists() and not to.is_file():
        raise UserError(f"{to} is no file. Name another place.", 2)
    if to.exists() and not replace:
        raise UserError(f"{to} is there already. Name another file, or give --replace.", 2)
    if not to.parent.is_dir():
        raise UserError(f"There is no folder {to.parent}. Make it, or name another place.", 2)


def _place(new: Path, to: Path) -> None:
    """Without --replace a file that has come there meanwhile stays."""
    try:
        os.link(new, to)
    except FileExistsError:
        raise UserError(
            f"{to} is there already. Name another file, or give --replace.", 2
        ) from None
