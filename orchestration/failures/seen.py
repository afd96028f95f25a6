"""What is known of an error, whether it is at hand or only its class and message are left."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass

from orchestration.errors import without_values

ERRNO = re.compile(r"\[Errno (\d+)\]")
QUOTED = re.compile(r"""["']((?:/|[A-Za-z0-9_.-]+/)[^"'\n]*)["']""")
ON_THE_DISK = {
    "Permission denied": errno.EACCES,
    "Operation not permitted": errno.EPERM,
    "Read-only file system": errno.EROFS,
    "No space left": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "File too large": errno.EFBIG,
    "Too many open files": errno.EMFILE,
    "File name too long": errno.ENAMETOOLONG,
    "Input/output error": errno.EIO,
    "disk I/O error": errno.EIO,
    "Is a directory": errno.EISDIR,
    "Not a directory": errno.ENOTDIR,
    "database or disk is full": errno.ENOSPC,
    "readonly database": errno.EACCES,
    "unable to open database file": errno.EACCES,
}
"""How libraries say what the system has told them."""


@dataclass(frozen=True)
class Seen:
    """What is known of an error.

    Attributes:
        names: its class and those it derives from.
        text: its message.
        number: the system's error number, 0 when there is none.
        path: the file it is about, empty when it does not say.
        line: the line in that file, 0 when it does not say.
    """

    names: frozenset[str]
    text: str
    number: int = 0
    path: str = ""
    line: int = 0

    @classmethod
    def of(cls, error: BaseException) -> Seen:
        """What is known of an exception."""
        names = frozenset(kind.__name__ for kind in type(error).__mro__)
        seen = cls.of_text(type(error).__name__, str(error))
        path, number, line = seen.path, seen.number, 0
        if isinstance(error, OSError):
            number = error.errno or number
            named = error.filename2 or error.filename
            path = os.fsdecode(named) if isinstance(named, str | bytes) else path
        elif mark := getattr(error, "problem_mark", None):
            path, line = str(mark.name), mark.line + 1
        return cls(names, seen.text, number, path, line)

    @classmethod
    def of_text(cls, name: str, text: str) -> Seen:
        """What is known of an error of which only its class and its message are left."""
        found = ERRNO.search(text)
        number = int(found[1]) if found else 0
        if not number:
            number = next((n for words, n in ON_THE_DISK.items() if words in text), 0)
        quoted = QUOTED.findall(text)
        # DuckDB quotes the path as JSON does where it stands in an error within an error.
        return cls(frozenset({name}), text, number, quoted[-1].rstrip("\\") if quoted else "")

    def is_a(self, *names: str) -> bool:
        """Whether the error is of one of these classes."""
        return not self.names.isdisjoint(names)

    @property
    def first_line(self) -> str:
        """The beginning of the message, without quoted values of rows."""
        return without_values(self.text.strip().splitlines()[0] if self.text.strip() else "")
