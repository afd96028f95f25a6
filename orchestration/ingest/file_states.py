"""What tells, without reading a file, that it is not the one that was looked at before.

Size and time of change can be given back by whoever may write the file. The time at which its
entry changed (ctime) is the kernel's, and the number of its entry (inode) is another one when the
file was replaced. A change within one tick of that clock leaves no trace, so what was very young
when it was looked at is looked at again, as git does with its index.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

TICK_NS = 2_000_000_000
"""The coarsest clock of a file system in use (FAT), nanoseconds."""
FOLDER = "it is a folder, not a file"
KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True)
class FileState:
    """A file as it lies there, seen from outside.

    Attributes:
        size: bytes of the file and of what belongs to it.
        modified_ns: time of the last change of its content as the file says it, nanoseconds.
        stamp: inode, ctime, size and mtime of the file and of what belongs to it.
        is_young: it changed so lately that a further change might leave no trace in the stamp.
    """

    size: int
    modified_ns: int
    stamp: str
    is_young: bool

    @property
    def kept_stamp(self) -> str:
        """The stamp that may be relied on later; empty for a young file."""
        return "" if self.is_young else self.stamp


def state_of(path: Path, belongings: tuple[Path, ...] = ()) -> FileState:
    """Look at a file without opening it.

    Parameters:
        path: the file; links are followed.
        belongings: files beside it whose content is part of it.

    Raises:
        OSError: it is not there, or its folder is closed to us.
    """
    looked_ns = time.time_ns()
    entries = [path.stat()]
    for beside in belongings:
        try:
            entries.append(beside.stat())
        except FileNotFoundError:
            continue
    first = entries[0]
    return FileState(
        size=sum(entry.st_size for entry in entries),
        modified_ns=first.st_mtime_ns,
        stamp="|".join(
            f"{entry.st_ino}:{entry.st_ctime_ns}:{entry.st_size}:{entry.st_mtime_ns}"
            for entry in entries
        ),
        is_young=max(entry.st_ctime_ns for entry in entries) > looked_ns - TICK_NS,
    )


def why_not_a_file(path: Path) -> str | None:
    """Why something with a file's name can't be read as one; None for a file or nothing at all.

    Parameters:
        path: it is looked at and never opened, because opening a pipe waits for its writer.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "it is a link to something that is not there" if path.is_symlink() else None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "it is a link that leads in a circle"
        return f"it can't be looked at ({error.strerror or type(error).__name__})"
    if stat.S_ISDIR(mode):
        return FOLDER
    return next((f"it is {name}, not a file" for is_kind, name in KINDS if is_kind(mode)), None)


def shown_name(path: str | Path) -> str:
    """A file's name as text that can be printed and stored: bytes that are no UTF-8 as `\\xff`."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def is_utf8(path: Path) -> bool:
    """Whether a file's name is text."""
    return shown_name(path) == str(path)
