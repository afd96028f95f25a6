"""Which files of a source table are there, which wait or are no files, what is in them as bytes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.file_states import (
    FOLDER,
    FileState,
    is_utf8,
    shown_name,
    state_of,
    why_not_a_file,
)
from orchestration.ingest.patterns import LINKED_FOLDER, MAGIC, Matches, find_matches
from orchestration.ingest.sqlite_files import is_beside, logs_of

BLOCK_BYTES = 1 << 20
HOUR_FOLDER = re.compile(r"/IncrementalData/(\d{4})/(\d{2})/(\d{2})/(\d{2})/", re.IGNORECASE)
DELETES_FOLDER = re.compile(r"(^|/)Deletes/", re.IGNORECASE)


@dataclass(frozen=True)
class SourceFile:
    """A file as it lies there.

    Attributes:
        path: where it is.
        source_file: its name in results: below the landing folder, or absolute outside of it.
        state: what it looks like from outside, with what belongs to it.
        logs: files beside a database that hold a part of its content.
    """

    path: Path
    source_file: str
    state: FileState
    logs: tuple[Path, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the file and of what belongs to it."""
        return self.state.size

    @property
    def is_deletes(self) -> bool:
        """Whether its rows say what is gone: it lies below a folder `Deletes`."""
        return bool(DELETES_FOLDER.search(self.source_file))

    def is_unchanged(self) -> bool:
        """Whether the file is still the one that was looked at."""
        try:
            logs = logs_of(self.path) if self.logs else ()
            return state_of(self.path, logs).stamp == self.state.stamp
        except OSError:
            return False


@dataclass(frozen=True)
class Listing:
    """What there is for a source table.

    Attributes:
        files: complete files, ordered by name.
        waiting: names of files that are not complete yet, with the reason.
        set_aside: names of what fits the pattern and can't be a file of it, with the reason.
        unreadable: names of folders that can't be listed, with the reason; what was known of files
            below them still holds.
    """

    files: tuple[SourceFile, ...] = ()
    waiting: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """What one pass over a file's bytes tells.

    Attributes:
        content_hash: SHA-256 of all bytes.
        line_count: number of line feeds, one more when the last line has none.
        ends_with_newline: whether the last line is complete.
        prefix_hash: SHA-256 of the first `prefix_bytes` bytes, None when not asked for.
    """

    content_hash: str
    line_count: int
    ends_with_newline: bool
    prefix_hash: str | None = None


def discover(table: SourceTable, landing_dir: Path) -> Listing:
    """What is there for a table: files in a stable order, and all else that fits its pattern.

    Nothing is opened, so that nothing can hang: a pipe answers only when somebody writes to it.

    Parameters:
        table: a declared source table that is read from files.
        landing_dir: the folder that a relative `table.path` starts from.

    Raises:
        UserError: a link leads out of the folder that the declaration names.
    """
    root, pattern = _root_and_pattern(table, landing_dir)
    matches = find_matches(root, pattern)
    files, waiting = [], {}
    set_aside = {
        shown_name(told(path, landing_dir)): LINKED_FOLDER for path in matches.not_followed
    }
    for path in matches.paths:
        if table.format == "sqlite" and is_beside(path):
            continue
        name = shown_name(told(path, landing_dir))
        if table.completeness_marker and name.endswith(table.completeness_marker):
            continue
        reason = why_not_a_file(path)
        if reason == FOLDER:
            # A folder with a file's name is worth a word; the folders on the way are not.
            if MAGIC.search(pattern) is None or (path.suffix and path.match(Path(pattern).name)):
                waiting[name] = reason
            continue
        if reason is None and not is_utf8(path):
            reason = "its name is not UTF-8; rename it"
        if reason:
            set_aside[name] = reason
            continue
        _refuse_to_leave(path, root, table)
        reason = _why_to_wait(table, path)
        if reason:
            waiting[name] = reason
            continue
        try:
            files.append(_looked_at(path, name, table.format))
        except FileNotFoundError:  # vanished between the listing and the look: it is not there
            continue
    return Listing(
        tuple(sorted(files, key=lambda file: file.source_file)),
        dict(sorted(waiting.items())),
        dict(sorted(set_aside.items())),
        _unreadable(matches, landing_dir),
    )


def source_file(path: Path, landing_dir: Path, kind: str) -> SourceFile:
    """One file as it lies there.

    Parameters:
        path: the file.
        landing_dir: a file below it is called by its path in it.
        kind: its format.
    """
    return _looked_at(path, shown_name(told(path, landing_dir)), kind)


def _looked_at(path: Path, name: str, kind: str) -> SourceFile:
    logs = logs_of(path) if kind == "sqlite" else ()
    return SourceFile(path, name, state_of(path, logs), logs)


def _unreadable(matches: Matches, landing_dir: Path) -> dict[str, str]:
    return {
        shown_name(told(folder, landing_dir)): reason
        for folder, reason in sorted(matches.unreadable.items())
    }


def _refuse_to_leave(path: Path, root: Path, table: SourceTable) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"{path} leads out of {root}, which the run refuses to read for source "
            f"{table.source}. Copy the file into the folder instead."
        )


def _root_and_pattern(table: SourceTable, landing_dir: Path) -> tuple[Path, str]:
    path = Path(table.path)
    if not path.is_absolute():
        return landing_dir, table.path
    fixed = []
    for part in path.parts:
        if MAGIC.search(part):
            break
        fixed.append(part)
    if len(fixed) == len(path.parts):
        return path.parent, path.name
    return Path(*fixed), str(Path(*path.parts[len(fixed) :]))


def told(path: Path, landing_dir: Path) -> str:
    """A path as declarations and results say it: below the landing folder, or absolute."""
    return (
        path.relative_to(landing_dir).as_posix() if path.is_relative_to(landing_dir) else str(path)
    )


def _why_to_wait(table: SourceTable, path: Path) -> str | None:
    if table.completeness_marker:
        beside = path.with_name(path.name + table.completeness_marker)
        instead = path.with_suffix(table.completeness_marker)
        if not beside.exists() and not instead.exists():
            return f"its marker {beside.name} or {instead.name} is not there yet"
    hour = HOUR_FOLDER.search(path.as_posix())
    if hour:
        try:
            ends_at = datetime(*map(int, hour.groups()), tzinfo=UTC) + timedelta(hours=1)  # type: ignore[arg-type,misc]
        except ValueError:
            return "its folder is not an hour of the calendar"
        if ends_at > datetime.now(UTC):
            return "the hour of its folder has not ended yet"
    return None


def read_contents(file: SourceFile, prefix_bytes: int | None = None) -> Contents:
    """Hash a file with what belongs to it and count its lines in one pass.

    Parameters:
        file: the file.
        prefix_bytes: also hash this many bytes from the start, to see whether the file has grown.

    Raises:
        OSError: the file can't be read.
    """
    whole, prefix = hashlib.sha256(), hashlib.sha256()
    remaining = prefix_bytes or 0
    lines, last = 0, b"\n"
    for block in _blocks(file.path, file.size):
        whole.update(block)
        lines += block.count(b"\n")
        last = block[-1:]
        if remaining > 0:
            prefix.update(block[:remaining])
            remaining -= len(block)
    for log in file.logs:
        whole.update(log.name.removeprefix(file.path.resolve().name).encode())
        for block in _blocks(log, file.size):
            whole.update(block)
    complete = last == b"\n"
    return Contents(
        whole.hexdigest(),
        lines + (not complete),
        complete,
        prefix.hexdigest() if prefix_bytes is not None and remaining <= 0 else None,
    )


def count_lines(path: Path) -> int:
    """Number of line feeds in a file, one more when the last line has none.

    Raises:
        OSError: the file can't be read.
    """
    lines, last = 0, b"\n"
    for block in _blocks(path, path.stat().st_size):
        lines += block.count(b"\n")
        last = block[-1:]
    return lines + (last != b"\n")


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    # A pipe that took the file's place since it was looked at would keep a plain open waiting, and
    # what grows as fast as it is read would never end.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as source:
        read = 0
        while read <= size and (block := source.read(BLOCK_BYTES)):
            read += len(block)
            yield block
