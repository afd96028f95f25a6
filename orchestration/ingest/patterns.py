"""Which names below a folder fit a pattern, and which folders could not be looked into.

`Path.glob` passes over what it can't open, so files behind a lost permission would look deleted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

MAGIC = re.compile(r"[*?\[]")
LINKED_FOLDER = "it is a link to a folder, which ** does not follow"


@dataclass
class Matches:
    """What was found.

    Attributes:
        paths: names that fit, each once, in no order.
        not_followed: links to folders below a `**`, which are not looked into.
        unreadable: folders that could not be listed, with the reason.
    """

    paths: set[Path] = field(default_factory=set)
    not_followed: set[Path] = field(default_factory=set)
    unreadable: dict[Path, str] = field(default_factory=dict)


def find_matches(root: Path, pattern: str) -> Matches:
    """All names below a folder that fit a pattern, whatever they name: files, folders, pipes.

    Parameters:
        root: the folder; nothing is found when it is not there.
        pattern: parts with `*`, `?` and `[...]`; `**` stands for any number of folders, of which
            links are not followed. A name that is there as it is written is taken literally.
    """
    matches = Matches()
    if not MAGIC.search(pattern) or os.path.lexists(root / pattern):
        # A name that is taken as it is may hold brackets of its own.
        if os.path.lexists(root / pattern):
            matches.paths.add(root / pattern)
        return matches
    _walk(root, Path(pattern).parts, matches)
    return matches


def _walk(folder: Path, parts: tuple[str, ...], matches: Matches) -> None:
    part, rest = parts[0], parts[1:]
    if part == "**":
        rest = rest or ("*",)
        while rest[0] == "**" and len(rest) > 1:
            rest = rest[1:]
        for inner in _with_folders_below(folder, matches):
            _walk(inner, rest, matches)
        return
    if rest and not MAGIC.search(part):
        _walk(folder / part, rest, matches)
        return
    for entry in _entries(folder, matches):
        if not fnmatchcase(entry.name, part):
            continue
        if not rest:
            matches.paths.add(folder / entry.name)
        elif _is_folder(entry):
            _walk(folder / entry.name, rest, matches)


def _with_folders_below(folder: Path, matches: Matches) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        inner = waiting.pop()
        yield inner
        for entry in _entries(inner, matches):
            if not _is_folder(entry):
                continue
            if entry.is_symlink():
                matches.not_followed.add(inner / entry.name)
            else:
                waiting.append(inner / entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _entries(folder: Path, matches: Matches) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return list(listing)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        matches.unreadable[folder] = error.strerror or type(error).__name__
        return []
