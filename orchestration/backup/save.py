"""Copying an installation."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from orchestration.activation.ledger import SyncLock
from orchestration.backup.files import ASIDE, OF_THE_PLACE, Progress, copy, digest_of, require_room
from orchestration.backup.manifest import FORMAT, MANIFEST, BackedUp, Manifest, versions
from orchestration.errors import UserError
from orchestration.locking import WriterLock
from orchestration.proof import sync
from orchestration.settings import Settings

MADE_AGAIN = (
    *(
        "activation_transit",
        "build",
        "customers",
        "dbt_target",
        "preview",
        "simulate",
        "tmp",
        "warehouse.duckdb.tmp",
    ),
    # Other shapes of what is published, and of what was.
    *("published/doors.json", "published/parquet", "published/versions"),
)
"""What a run makes by itself."""


def back_up(
    settings: Settings, target: Path, progress: Progress, on_wait: Callable[[str], None]
) -> Manifest:
    """Copy an installation, waiting for a run that is writing it.

    Parameters:
        settings: of the installation.
        target: a folder that is not there yet or empty, outside of the data folder.
        progress: called with (file, bytes done, bytes in all).
        on_wait: told whom it waits for.

    Raises:
        UserError: there is nothing to back up, the target is in use, or too small.
    """
    source, target = settings.data_dir, target.resolve()
    if not settings.warehouse_path.exists():
        raise UserError(f"There is no warehouse in {source} to back up. Run `c360 run` first.", 3)
    if target.is_relative_to(source):
        raise UserError(
            f"{target} lies in the data folder that is to be backed up. Give a folder elsewhere, "
            "on another disk if there is one.",
            2,
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(
            f"{target} is not empty. Give a new folder for each backup, such as one named by the "
            "day, and remove old ones when newer ones are good.",
            2,
        )
    with WriterLock(source, on_wait=on_wait), SyncLock(source, waits=True):
        folders, files, left_out = _walk(source)
        total = sum(path.stat().st_size for path in files)
        require_room(target, total)
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in folders:
            (target / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        copied: list[BackedUp] = []
        for path in files:
            name = path.relative_to(source).as_posix()
            progress(name, sum(file.bytes for file in copied), total)
            copied.append(_back_up_file(path, target / name, name))
        modes = {folder: stat.S_IMODE((source / folder).stat().st_mode) for folder in folders}
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(FORMAT, made_at, versions(), copied, modes, left_out)
    part = target / f"{MANIFEST}.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    sync(part)
    part.replace(target / MANIFEST)
    sync(target)
    return manifest


def _walk(source: Path) -> tuple[list[str], list[Path], list[str]]:
    """Folders, files and what is neither, below a data folder, in a fixed order."""
    folders: list[str] = []
    files: list[Path] = []
    left_out: list[str] = []
    for path in _below(source, source):
        name = path.relative_to(source).as_posix()
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            folders.append(name)
        elif not stat.S_ISREG(mode):
            left_out.append(name)
        elif not name.endswith((".lock", ".part", "-wal", "-shm", "-journal")):
            files.append(path)
    return folders, files, left_out


def _below(source: Path, folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        name = path.relative_to(source).as_posix()
        if name in MADE_AGAIN or name in OF_THE_PLACE or name.startswith(ASIDE):
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(source, path)


def _back_up_file(source: Path, target: Path, name: str) -> BackedUp:
    found = source.stat()
    if name.startswith("dagster/") and name.endswith(".db"):
        # Dagster's page and daemon write these whenever they like; SQLite copies them as of now.
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as kept:
            live.backup(kept)
        target.chmod(0o600)
        sync(target)
        size, digest = digest_of(target)
    else:
        size, digest = copy(source, target)
    return BackedUp(name, size, digest, stat.S_IMODE(found.st_mode), found.st_mtime_ns)
