"""Which files of a source table are there, which of them wait, and what is in them as bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable

BLOCK_BYTES = 1 << 20
GLOB_MAGIC = re.compile(r"[*?\[]")
HOUR_FOLDER = re.compile(r"/IncrementalData/(\d{4})/(\d{2})/(\d{2})/(\d{2})/", re.IGNORECASE)
DELETES_FOLDER = re.compile(r"(^|/)Deletes/", re.IGNORECASE)


@dataclass(frozen=True)
class SourceFile:
    """A file as it lies there.

    Attributes:
        path: where it is.
        source_file: its name in results: below the landing folder, or absolute outside of it.
        size: bytes.
        modified_ns: time of its last change, nanoseconds since 1970.
    """

    path: Path
    source_file: str
    size: int
    modified_ns: int

    @property
    def is_deletes(self) -> bool:
        """Whether its rows say what is gone: it lies below a folder `Deletes`."""
        return bool(DELETES_FOLDER.search(self.source_file))

    def is_unchanged(self) -> bool:
        """Whether the file is still the one that was looked at."""
        try:
            stat = self.path.stat()
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (self.size, self.modified_ns)


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


def discover(table: SourceTable, landing_dir: Path) -> tuple[list[SourceFile], dict[str, str]]:
    """The files of a table in a stable order, and those that have to wait, with the reason.

    Parameters:
        table: a declared source table that is read from files.
        landing_dir: the folder that a relative `table.path` starts from.

    Raises:
        UserError: a link leads out of the folder that the declaration names.
    """
    root, pattern = _root_and_pattern(table, landing_dir)
    files, waiting = [], {}
    resolved_root = root.resolve()
    for path in _matches(root, pattern):
        if not path.resolve().is_relative_to(resolved_root):
            raise UserError(
                f"{path} leads out of {root}, which the run refuses to read for source "
                f"{table.source}. Copy the file into the folder instead."
            )
        name = _source_file(path, landing_dir)
        if table.completeness_marker and name.endswith(table.completeness_marker):
            continue
        reason = "it is a folder, not a file" if path.is_dir() else _why_to_wait(table, path)
        if reason:
            waiting[name] = reason
            continue
        try:
            stat = path.stat()
        except FileNotFoundError:  # vanished between the listing and the look: it is not there
            continue
        files.append(SourceFile(path, name, stat.st_size, stat.st_mtime_ns))
    return sorted(files, key=lambda file: file.source_file), waiting


def _root_and_pattern(table: SourceTable, landing_dir: Path) -> tuple[Path, str]:
    path = Path(table.path)
    if not path.is_absolute():
        return landing_dir, table.path
    fixed = []
    for part in path.parts:
        if GLOB_MAGIC.search(part):
            break
        fixed.append(part)
    if len(fixed) == len(path.parts):
        return path.parent, path.name
    return Path(*fixed), str(Path(*path.parts[len(fixed) :]))


def _matches(root: Path, pattern: str) -> Iterator[Path]:
    if not GLOB_MAGIC.search(pattern) or (root / pattern).exists():
        # A name that is taken as it is may hold brackets of its own.
        yield from [root / pattern] if (root / pattern).exists() else []
        return
    for path in root.glob(pattern):
        # A folder with a file's name is worth a word; the folders on the way are not.
        if path.is_file() or (path.suffix and path.is_dir() and path.match(Path(pattern).name)):
            yield path


def _source_file(path: Path, landing_dir: Path) -> str:
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
    """Hash a file and count its lines in one pass.

    Parameters:
        file: the file.
        prefix_bytes: also hash this many bytes from the start, to see whether the file has grown.

    Raises:
        OSError: the file can't be read.
    """
    whole, prefix = hashlib.sha256(), hashlib.sha256()
    remaining = prefix_bytes or 0
    lines, last = 0, b"\n"
    with file.path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            whole.update(block)
            lines += block.count(b"\n")
            last = block[-1:]
            if remaining > 0:
                prefix.update(block[:remaining])
                remaining -= len(block)
    complete = last == b"\n"
    return Contents(
        whole.hexdigest(),
        lines + (not complete),
        complete,
        prefix.hexdigest() if prefix_bytes is not None and remaining <= 0 else None,
    )
