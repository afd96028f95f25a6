"""Putting a backup back: proved whole first, and never over what is there."""

from __future__ import annotations

import fcntl
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from orchestration.backup.files import ASIDE, OF_THE_PLACE, Progress, copy, require_room
from orchestration.backup.manifest import Manifest, read_manifest
from orchestration.errors import UserError
from orchestration.locking import WriterLock
from orchestration.proof import sync
from orchestration.settings import Settings

NOTHING = "Nothing was changed; take another backup."


def restore(settings: Settings, backup: Path, force: bool, progress: Progress) -> Manifest:
    """Put a backup back into the data folder of an installation.

    Parameters:
        settings: of the installation.
        backup: what `back_up` has written.
        force: move what is in the data folder into a folder `before_restore_…` in it; without it
            only an empty data folder is taken.
        progress: called with (file, bytes done, bytes in all).

    Raises:
        UserError: the backup is damaged or of another version, the data folder is in use or not
            empty, or too small. The data folder is then as it was.
    """
    target = settings.data_dir
    manifest = read_manifest(backup)
    if there := _contents(target):
        names = ", ".join(path.name for path in there[:3])
        if not force:
            raise UserError(
                f"{target} is not empty ({names}{', …' if there[3:] else ''}). Point C360_DATA_DIR "
                "to an empty folder, or have what is there moved aside with --force.",
                2,
            )
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with WriterLock(target, timeout_seconds=0):
        _require_no_page(settings)
        require_room(target, manifest.bytes)
        workspace = target / "restoring"
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir(mode=0o700)
        try:
            _bring(manifest, backup, workspace, progress)
            aside = target / f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
            for path in _contents(target):
                aside.mkdir(mode=0o700, exist_ok=True)
                path.rename(aside / path.name)
            # The warehouse last: without it nothing that is half there looks like an installation.
            for path in sorted(workspace.iterdir(), key=lambda p: p.name.startswith("warehouse")):
                shutil.rmtree(target / path.name, ignore_errors=True)
                path.rename(target / path.name)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
        sync(target)
    return manifest


def _contents(folder: Path) -> list[Path]:
    """What of a data folder would be lost, or mixed with what is put back."""
    if not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name not in OF_THE_PLACE
        and not path.name.startswith(ASIDE)
        and path.suffix != ".lock"
        and not (path.is_dir() and not any(path.iterdir()))
    ]


def _bring(manifest: Manifest, backup: Path, workspace: Path, progress: Progress) -> None:
    done = 0
    for folder in manifest.folders:
        (workspace / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in manifest.files:
        progress(file.path, done, manifest.bytes)
        path = workspace / file.path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            size, digest = copy(backup / file.path, path)
        except FileNotFoundError:
            raise UserError(f"The backup in {backup} lacks {file.path}. {NOTHING}") from None
        if (size, digest) != (file.bytes, file.sha256):
            raise UserError(
                f"{backup / file.path} is not what was backed up: its content has another "
                f"checksum. {NOTHING}"
            )
        path.chmod(file.mode)
        os.utime(path, ns=(file.modified_ns, file.modified_ns))
        done += size
    for folder, mode in sorted(manifest.folders.items(), reverse=True):
        (workspace / folder).chmod(mode)


def _require_no_page(settings: Settings) -> None:
    path = settings.dagster_home / "page.lock"
    if not path.exists():
        return
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Dagster's page of {settings.data_dir} is open and writes its history. Stop `c360 "
                "ui` (or its service), restore, and start it again."
            ) from None
