"""The versions of the reporting model that are kept, each in a folder of its own.

`published/versions/<version>/` holds the file, its proof, when it was first published, and what
keys and descriptions it had; the Parquet door adds its files. What is in such a folder never
changes. `published/insights.duckdb` is a hard link to the file of one of them.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.private_files import Readers, open_to_readers
from orchestration.proof import AGAIN, Proof, hash_of, read_proof, sync, write_proof
from orchestration.publish.model import write_model
from orchestration.settings import Settings
from orchestration.warehouse import require_free_space

COPIES = 2
"""What may be written of a version: its file and as much in Parquet."""
GRACE = timedelta(minutes=15)
"""So long a version stays after the next one, for who has just opened its Parquet files."""
AS_OF = "select max(date_key) from insights.fact_profile"
"""The day that a reporting model describes."""
NOT_AS_SEALED = (
    "{} is not what passed the gates in run {}: it was changed since, or the disk returns other "
    "bytes. What is published stays as it was. "
)


@dataclass(frozen=True)
class Version:
    """A version that is kept.

    Attributes:
        folder: where it lies; its name is the version's.
        proof: what vouches for its file.
        published_at: when it was first published, UTC.
        as_of: the day it describes, None when the model does not say.
    """

    folder: Path
    proof: Proof
    published_at: str
    as_of: str | None

    @property
    def name(self) -> str:
        """The version: when it was sealed, and the beginning of its hash."""
        return self.folder.name

    @property
    def file(self) -> Path:
        """The DuckDB file."""
        return self.folder / "insights.duckdb"

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.proof.tables.values())

    def is_whole(self) -> bool:
        """Whether the file is what the proof vouches for."""
        return self.file.is_file() and hash_of(self.file) == self.proof.sha256


def versions_dir(settings: Settings) -> Path:
    """Where versions are kept."""
    return settings.published_path.parent / "versions"


def name_of(proof: Proof) -> str:
    """The version's name: sortable, and different for every seal."""
    at = datetime.fromisoformat(proof.sealed_at).astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%SZ}-{proof.sha256[:8]}"


def kept_versions(settings: Settings) -> list[Version]:
    """The kept versions, the newest first. Needs no right to write."""
    found = []
    for folder in versions_dir(settings).glob("[!.]*"):
        proof = read_proof(folder / "proof.json")
        try:
            about = json.loads((folder / "version.json").read_text(encoding="utf-8"))
            if proof and (folder / "insights.duckdb").exists():
                found.append(Version(folder, proof, about["published_at"], about["as_of"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda version: (version.published_at, version.name), reverse=True)


def current_version(settings: Settings, versions: list[Version]) -> Version | None:
    """The one of these versions that the published file is."""
    proof = read_proof(settings.published_proof_path)
    return next((version for version in versions if version.proof == proof), None)


def keep(settings: Settings, source: Path, proof: Proof, is_published: bool) -> Version:
    """Keep a file as a version, by a copy that is proved; the one kept already when it is whole.

    Parameters:
        settings: paths.
        source: the sealed build.
        proof: what vouches for it.
        is_published: whether the published file is known to be what the proof vouches for.

    Raises:
        UserError: the copy is not what the proof vouches for, or the disk is full.
    """
    name = name_of(proof)
    there = next((kept for kept in kept_versions(settings) if kept.name == name), None)
    if there and there.proof == proof:
        same = is_published and there.file.samefile(settings.published_path)
        if same or there.is_whole():
            return there
    require_free_space(settings, COPIES * proof.file_bytes, "publishing")
    target = versions_dir(settings) / name
    _remove(target)
    part = target.with_name(f".{name}.part")
    part.mkdir(parents=True)
    file = part / "insights.duckdb"
    _copy(source, file)
    sync(file)
    if source.with_name(source.name + ".wal").exists() or hash_of(file) != proof.sha256:
        shutil.rmtree(part)
        raise UserError(NOT_AS_SEALED.format(source, proof.run_id) + AGAIN)
    write_proof(part / "proof.json", proof)
    write_model(settings, part / "model.json")
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    about = {"published_at": at, "as_of": _as_of(file)}
    (part / "version.json").write_text(json.dumps(about), encoding="utf-8")
    sync(part / "version.json")
    open_version(settings, part)
    part.rename(target)
    sync(target.parent)
    return Version(target, proof, at, about["as_of"])


def open_version(settings: Settings, folder: Path) -> None:
    """Let the readers of what is published into a version's folder, as is declared now."""
    readers, found = Readers.from_env(), (folder / "insights.duckdb").stat()
    if stat.S_IMODE(found.st_mode) == readers.mode and readers.group in (None, found.st_gid):
        return
    beside = settings.published_path.parent.glob("*.json")
    for path in (versions_dir(settings), folder, *folder.rglob("[!.]*"), *beside):
        open_to_readers(settings.data_dir, path)


def clear_leftovers(settings: Settings) -> None:
    """Remove what a killed run has left half-made or half-removed; we hold the writer lock."""
    published = settings.published_path.parent
    for leftover in [
        *published.glob(f".{settings.published_path.name}.*"),
        *published.glob(".parquet.*"),
        *versions_dir(settings).glob(".*"),
        *versions_dir(settings).glob("*/.*"),
    ]:
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def prune(settings: Settings, kept: int, shown: set[str]) -> None:
    """Remove versions beyond the newest, but none that a door shows or was shown just now.

    Parameters:
        settings: paths.
        kept: how many of the newest stay.
        shown: names of versions that a door shows.
    """
    versions = kept_versions(settings)
    now = datetime.now(UTC)
    for newer, version in pairwise(versions):
        replaced_at = datetime.fromisoformat(newer.published_at)
        old = versions.index(version) >= kept and now - replaced_at > GRACE
        if old and version.name not in shown:
            _remove(version.folder)


def _remove(folder: Path) -> None:
    """Take a version away at once for who looks, then remove it."""
    if folder.exists():
        gone = folder.with_name(f".{folder.name}.gone")
        folder.rename(gone)
        shutil.rmtree(gone)


def _copy(source: Path, target: Path) -> None:
    """Copy a file within the kernel; where the file system can, blocks are shared."""
    with source.open("rb") as reader, target.open("xb") as writer:
        left = source.stat().st_size
        try:
            while left and (done := os.copy_file_range(reader.fileno(), writer.fileno(), left)):
                left -= done
            return
        except OSError:
            pass
    shutil.copyfile(source, target)


def _as_of(file: Path) -> str | None:
    try:
        with duckdb.connect(str(file), read_only=True) as con:
            row = con.execute(AS_OF).fetchone()
    except duckdb.Error:
        return None
    return str(row[0]) if row and row[0] else None


def shown_as(version: Version, current: Version | None) -> dict[str, object]:
    """A version for people and scripts."""
    return {
        "version": version.name,
        "current": version == current,
        "published_at": version.published_at[:19] + "+00:00",
        "as_of": version.as_of,
        "run_id": version.proof.run_id,
        "tables": len(version.proof.tables),
        "rows": version.rows,
        "bytes": version.proof.file_bytes,
        "proof": asdict(version.proof),
    }
