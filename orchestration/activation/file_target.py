"""A folder of files as a destination: whole segments, or what changed since the last file.

A file is written beside its final name and renamed; its manifest comes last and says that it is
complete. Nothing in either depends on the clock, so the same run again gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations import FileDestination
from orchestration.ingest.sql import literal, quoted
from orchestration.segment_tools.export import spreadsheet_safe
from orchestration.settings import Settings

OPTIONS = {
    "csv": "format csv, header true, force_quote *",
    "parquet": "format parquet, compression zstd",
    "ndjson": "format json",
}
BLOCK = 1024**2


@dataclass(frozen=True)
class Written:
    """A file that was written.

    Attributes:
        name: in the destination's folder.
        rows: in it.
    """

    name: str
    rows: int


def outbox(settings: Settings, destination: FileDestination) -> Path:
    """The destination's folder."""
    return settings.data_dir / "outbox" / destination.folder


def write_file(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    destination: FileDestination,
    sync: Sync,
    stem: str,
    select: str,
    operation: bool,
) -> Written:
    """Write a file and its manifest.

    Parameters:
        con: to the ledger.
        folder: the destination's.
        destination, sync: their files.
        stem: of the name: the sync and the run.
        select: sync_key and the columns that leave; with `operation` where that is one.
        operation: the file says what to do with each row.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{stem}.{destination.format}"
    hidden = folder / f".{name}.part"
    columns = _columns(con, sync, destination, select, operation)
    con.execute(
        f"copy (select {', '.join(columns)} from ({select}) as leaving order by sync_key) "
        f"to {literal(str(hidden))} ({OPTIONS[destination.format]}, use_tmp_file false)"
    )
    [(rows,)] = con.execute(f"select count(*) from ({select}) as leaving").fetchall()
    hidden.chmod(0o600)
    digest = _synced(hidden)
    hidden.replace(folder / name)
    manifest = {
        "file": name,
        "rows": rows,
        "bytes": (folder / name).stat().st_size,
        "sha256": digest,
        "columns": [*(["operation"] if operation else []), *_names(sync)],
        "formula_guard": destination.formula_guard,
        "formats": formats_of(sync),
    }
    _write_manifest(folder, stem, manifest)
    return Written(name, rows)


def _names(sync: Sync) -> list[str]:
    return ([] if sync.key in sync.columns else [sync.key]) + list(sync.columns)


def formats_of(sync: Sync) -> dict[str, str]:
    """The identifier format of each column that has one, with its version."""
    return {n: c.format.name for n, c in sync.columns.items() if c.format}


def _columns(
    con: duckdb.DuckDBPyConnection,
    sync: Sync,
    destination: FileDestination,
    select: str,
    operation: bool,
) -> list[str]:
    types = {row[0]: row[1] for row in con.execute(f"describe {select}").fetchall()}
    selected = ["operation"] if operation else []
    for name in _names(sync):
        column = "sync_key" if name == sync.key and name not in sync.columns else quoted(name)
        guarded = destination.formula_guard and types.get(name, "VARCHAR") == "VARCHAR"
        value = spreadsheet_safe(column) if guarded else column
        selected.append(f"{value} as {quoted(name)}")
    return selected


def _synced(path: Path) -> str:
    """The file's hash, after its bytes are on the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
        while block := handle.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _write_manifest(folder: Path, stem: str, manifest: dict[str, object]) -> None:
    hidden = folder / f".{stem}.manifest.json.part"
    hidden.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    with hidden.open("rb") as handle:
        os.fsync(handle.fileno())
    hidden.replace(folder / f"{stem}.manifest.json")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path, name: str) -> None:
    """Remove what killed runs of a sync left: parts, and files that have no manifest.

    Parameters:
        folder: the destination's.
        name: of the sync.
    """
    if not folder.is_dir():
        return
    for part in folder.glob(f".{name}-*.part"):
        part.unlink(missing_ok=True)
    for file in folder.glob(f"{name}-*"):
        stem = file.name.partition(".")[0]
        if not (folder / f"{stem}.manifest.json").exists():
            file.unlink(missing_ok=True)
