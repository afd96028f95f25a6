"""From the build file to what BI opens: the file, and the doors beside it.

dbt has written the reporting model into a file of its own, and the last gate its proof. Publishing
keeps a copy of that file as a version, makes sure the copy is what the proof vouches for, and
links it over the published one. An open reader keeps the version it has; who connects next sees the
new one; nobody ever sees half of either.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import UserError
from orchestration.locking import WriterLock
from orchestration.private_files import open_to_readers
from orchestration.proof import AGAIN, Proof, hash_of, is_as_sealed, read_proof, sync, write_proof
from orchestration.publish.config import Publication
from orchestration.publish.doors import DoorState, open_doors
from orchestration.publish.parquet_door import shown_version
from orchestration.publish.versions import (
    COPIES,
    NOT_AS_SEALED,
    Version,
    clear_leftovers,
    current_version,
    keep,
    kept_versions,
    open_version,
    prune,
)
from orchestration.settings import Settings
from orchestration.warehouse import require_free_space


@dataclass(frozen=True)
class Published:
    """What was published.

    Attributes:
        path: the file that BI tools open.
        tables: rows by table.
        file_bytes: its size.
        run_id: the run whose gates it passed.
        version: the version's name.
        doors: what each door beside the file shows.
        was_there: the file was published before, and nothing had to be copied.
    """

    path: Path
    tables: dict[str, int]
    file_bytes: int
    run_id: str
    version: str
    doors: tuple[DoorState, ...] = ()
    was_there: bool = False

    @property
    def faults(self) -> list[str]:
        """A sentence for each door that does not show this version."""
        return [door.sentence for door in self.doors if door.fault]


def publish(settings: Settings) -> Published:
    """Show the proved reporting model through every door.

    The caller holds the writer lock and has closed every connection to the warehouse.

    Parameters:
        settings: paths.

    Raises:
        UserError: there is no build, it has no proof, it is not what the proof vouches for, the
            disk is full, or a variable can't be followed. What a door beside the file is missing is
            no error; it is in what is returned.
    """
    publication = Publication.from_env()
    build = settings.insights_build_path
    if not build.exists():
        raise UserError(f"Nothing to publish: {build} does not exist. {AGAIN}", exit_code=3)
    proof = read_proof(settings.proof_path)
    if proof is None:
        raise UserError(
            f"{build} has not passed every gate since it was last touched (there is no proof "
            f"beside it), so it is not published. What is published stays as it was. {AGAIN}"
        )
    if not is_as_sealed(settings):
        raise UserError(NOT_AS_SEALED.format(build, proof.run_id) + AGAIN)
    _prepare(settings)
    was_there = _is_published(settings, proof)
    version = keep(settings, build, proof, was_there)
    return _show(settings, publication, version, was_there)


def publish_again(settings: Settings) -> Published:
    """Publish the build that has passed every gate once more.

    Raises:
        UserError: another run writes, or the build has not passed every gate.
    """
    with WriterLock(settings.data_dir, timeout_seconds=0):
        return publish(settings)


def roll_back(settings: Settings, name: str | None = None) -> Published:
    """Show an earlier version through every door; the next run publishes the newest again.

    Parameters:
        settings: paths.
        name: the version, or the beginning of its name; by default the one before the current.

    Raises:
        UserError: there is no such version, it was changed since, or another run writes.
    """
    publication = Publication.from_env()
    with WriterLock(settings.data_dir, timeout_seconds=0):
        version = _chosen(settings, name)
        if not version.is_whole():
            raise UserError(
                NOT_AS_SEALED.format(version.file, version.proof.run_id)
                + "`c360 publish list` names the other versions."
            )
        _prepare(settings)
        require_free_space(settings, COPIES * version.proof.file_bytes, "publishing")
        return _show(settings, publication, version, was_there=False)


def _prepare(settings: Settings) -> None:
    folder = settings.published_path.parent
    folder.mkdir(parents=True, exist_ok=True)
    open_to_readers(settings.data_dir, folder)
    clear_leftovers(settings)


def _show(
    settings: Settings, publication: Publication, version: Version, was_there: bool
) -> Published:
    """Show a kept version: the file first, then the doors beside it."""
    open_version(settings, version.folder)
    target, proof = settings.published_path, version.proof
    if not was_there:
        part = target.parent / f".{target.name}.{os.getpid()}"
        _link(version.file, part)
        # A log that a writing reader left would be replayed into, or refused by, the new version.
        target.with_name(target.name + ".wal").unlink(missing_ok=True)
        open_to_readers(settings.data_dir, part)
        part.replace(target)
        # Where both are links to one file already, replacing one by the other does nothing.
        part.unlink(missing_ok=True)
        sync(target.parent)
        write_proof(settings.published_proof_path, proof)
        open_to_readers(settings.data_dir, settings.published_proof_path)
    doors = open_doors(settings, publication, version)
    shown = {version.name, shown_version(settings)}
    prune(settings, publication.kept, shown)
    return Published(
        target,
        proof.tables,
        target.stat().st_size,
        proof.run_id,
        version.name,
        tuple(doors),
        was_there,
    )


def _link(source: Path, target: Path) -> None:
    """Link a file, or copy it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        sync(target)


def _chosen(settings: Settings, name: str | None) -> Version:
    versions = kept_versions(settings)
    if name is not None:
        found = [version for version in versions if name and version.name.startswith(name)]
        missing = f"There is no version {name[:40]!r}, or more than one begins so."
    else:
        current = current_version(settings, versions)
        before = versions[versions.index(current) + 1 :] if current else versions
        found = before[:1]
        missing = "No version is kept that is older than the current one."
    if len(found) != 1:
        raise UserError(f"{missing} `c360 publish list` names those that are kept.", 3)
    return found[0]


def _is_published(settings: Settings, proof: Proof) -> bool:
    """Whether readers have that build already; then they need not change to another file."""
    target = settings.published_path
    return (
        read_proof(settings.published_proof_path) == proof
        and target.exists()
        and not target.with_name(target.name + ".wal").exists()
        and hash_of(target) == proof.sha256
    )
