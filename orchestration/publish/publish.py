"""From the build file to the file that BI opens.

dbt has written the reporting model into a file of its own, and the last gate its proof. Publishing
copies that file beside the published one, makes sure the copy is what the proof vouches for, and
renames it over. An open reader keeps the version it has; who connects next sees the new one; nobody
ever sees half of either.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import UserError
from orchestration.locking import WriterLock
from orchestration.private_files import open_to_readers
from orchestration.proof import (
    AGAIN,
    Proof,
    hash_of,
    is_as_sealed,
    read_proof,
    sync,
    write_proof,
)
from orchestration.settings import Settings


@dataclass(frozen=True)
class Published:
    """What was published.

    Attributes:
        path: the file that BI tools open.
        tables: rows by table.
        file_bytes: its size.
        run_id: the run whose gates it passed.
        was_there: it was published before, and nothing had to be copied.
    """

    path: Path
    tables: dict[str, int]
    file_bytes: int
    run_id: str
    was_there: bool = False


def publish(settings: Settings) -> Published:
    """Swap the proved reporting model in.

    The caller holds the writer lock and has closed every connection to the warehouse.

    Parameters:
        settings: paths.

    Raises:
        UserError: there is no build, it has no proof, or it is not what the proof vouches for.
    """
    build = settings.insights_build_path
    if not build.exists():
        raise UserError(f"Nothing to publish: {build} does not exist. {AGAIN}", exit_code=3)
    proof = read_proof(settings.proof_path)
    if proof is None:
        raise UserError(
            f"{build} has not passed every gate since it was last touched (there is no proof "
            f"beside it), so it is not published. What is published stays as it was. {AGAIN}"
        )
    target = settings.published_path
    target.parent.mkdir(parents=True, exist_ok=True)
    open_to_readers(settings.data_dir, target.parent)
    # A copy that a killed run left behind is nobody's any more: we hold the writer lock.
    for leftover in target.parent.glob(f".{target.name}.*"):
        leftover.unlink()
    if _is_published(settings, proof):
        return Published(target, proof.tables, proof.file_bytes, proof.run_id, was_there=True)
    part = target.parent / f".{target.name}.{os.getpid()}"
    shutil.copyfile(build, part)
    sync(part)
    if build.with_name(build.name + ".wal").exists() or hash_of(part) != proof.sha256:
        part.unlink()
        raise UserError(
            f"{build} is not what passed the gates in run {proof.run_id}: it was changed since, or "
            f"the disk returns other bytes. What is published stays as it was. {AGAIN}"
        )
    open_to_readers(settings.data_dir, part)
    # A log that a writing reader left would be replayed into, or refused by, the new version.
    target.with_name(target.name + ".wal").unlink(missing_ok=True)
    part.replace(target)
    sync(target.parent)
    write_proof(settings.published_proof_path, proof)
    open_to_readers(settings.data_dir, settings.published_proof_path)
    return Published(target, proof.tables, target.stat().st_size, proof.run_id)


def _is_published(settings: Settings, proof: Proof) -> bool:
    """Whether readers have that build already; then they need not change to another file."""
    target = settings.published_path
    return (
        read_proof(settings.published_proof_path) == proof
        and target.exists()
        and not target.with_name(target.name + ".wal").exists()
        and hash_of(target) == proof.sha256
        and is_as_sealed(settings)
    )


def publish_again(settings: Settings) -> Published:
    """Publish the build that has passed every gate once more.

    Raises:
        UserError: another run writes, or the build has not passed every gate.
    """
    with WriterLock(settings.data_dir, timeout_seconds=0):
        return publish(settings)
