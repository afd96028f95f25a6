"""Who may read what the product writes: its owner, and of the published file a group of readers.

Everything in the data folder is made with a umask that leaves others nothing. The published folder
is opened by `open_to_readers`, in one mode that the environment may widen:

- `C360_PUBLISHED_MODE`: 0400 (the owner only), 0440 (a group as well, the default) or 0444
  (everybody on this machine).
- `C360_PUBLISHED_GROUP`: that group; without it, the owner's own.
"""

from __future__ import annotations

import contextlib
import grp
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import UserError

UMASK = 0o077
MODE = "C360_PUBLISHED_MODE"
GROUP = "C360_PUBLISHED_GROUP"
MODES = {"0400": 0o400, "0440": 0o440, "0444": 0o444}
OPENED = ("published", "runs")
"""What readers of the published file may see as well: how the runs ended, without personal data."""
DELIVERED = "landing"
"""Where other programs may put files by the rights of a group, which stay as they are."""

_of_the_user: int | None = None


@dataclass(frozen=True)
class Readers:
    """Who may read what is published.

    Attributes:
        mode: of the file; the folder lets the same people in.
        group: the id of the group that it is given to, None for the owner's own.
    """

    mode: int
    group: int | None

    @classmethod
    def from_env(cls) -> Readers:
        """Read `C360_PUBLISHED_MODE` and `C360_PUBLISHED_GROUP`; empty counts as not set.

        Raises:
            UserError: the mode is another one, or there is no such group.
        """
        mode = os.environ.get(MODE, "").strip() or "0440"
        if "0" + mode.lstrip("0o") not in MODES:
            raise UserError(
                f"{MODE} is {mode[:20]!r}. Set 0400 (only you read what is published), 0440 (a "
                "group as well) or 0444 (everybody on this machine), or unset it.",
                2,
            )
        return cls(MODES["0" + mode.lstrip("0o")], _group(os.environ.get(GROUP, "").strip()))

    @property
    def folder_mode(self) -> int:
        """Who may read the file may enter its folder; a file made in it belongs to the group."""
        return stat.S_IWUSR | self.mode | (self.mode & 0o444) >> 2 | stat.S_ISGID

    @property
    def need_a_way(self) -> bool:
        """Whether others than the owner are meant to come through the data folder."""
        return self.group is not None or bool(self.mode & stat.S_IROTH)


def _group(name: str) -> int | None:
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise UserError(
            f"{GROUP} is {name[:40]!r}, and this machine has no such group. Name one that "
            "`getent group` lists, or unset it.",
            2,
        ) from None


def write_privately() -> None:
    """From now on this process and its children make files that nobody else can read."""
    global _of_the_user
    before = os.umask(UMASK)
    if _of_the_user is None:
        _of_the_user = before


@contextlib.contextmanager
def project_files() -> Iterator[None]:
    """Files made meanwhile are part of the project: a team shares them, by the user's own umask."""
    private = os.umask(UMASK if _of_the_user is None else _of_the_user)
    try:
        yield
    finally:
        os.umask(private)


def close_to_others(data_dir: Path) -> None:
    """Take from others what an earlier version, or another umask, has left open in a data folder.

    What lies in it by another owner, what readers may see, links, and the rights of a group on the
    landing folder stay. So does the mode of the folder itself, which says what is in it at most.

    Parameters:
        data_dir: the data folder; nothing happens when it is missing or not ours.
    """
    with contextlib.suppress(OSError):
        for entry in os.scandir(data_dir):
            if entry.name in OPENED or entry.is_symlink():
                continue
            found = entry.stat()
            mode = stat.S_IMODE(found.st_mode)
            closed = mode & ~(stat.S_IRWXO if entry.name == DELIVERED else UMASK)
            if found.st_uid == os.geteuid() and closed != mode:
                with contextlib.suppress(OSError):
                    Path(entry.path).chmod(closed)


def open_to_readers(data_dir: Path, path: Path) -> None:
    """Let the readers of what is published read a file or enter a folder of the data folder.

    Parameters:
        data_dir: the data folder. Where readers are declared it may be passed through by name;
            everything else in it stays closed.
        path: a file or folder of ours, right below the data folder or one deeper. Nobody may
            write a file afterwards, so it must be complete.

    Raises:
        UserError: we are no member of the group, or the variables are wrong.
    """
    readers = Readers.from_env()
    if readers.group is not None:
        try:
            os.chown(path, -1, readers.group)
        except PermissionError:
            raise UserError(
                f"{path} can't be given to the group {os.environ[GROUP]}, which {GROUP} names: you "
                "are no member of it. Join it, or name another group."
            ) from None
    path.chmod(readers.folder_mode if path.is_dir() else readers.mode)
    if readers.need_a_way:
        found = data_dir.stat()
        if found.st_uid == os.geteuid():
            data_dir.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXGRP | stat.S_IXOTH)
