"""The files that leave: a whole segment, or what changed since the last file, and a manifest.

They are written in the folder of what is on its way and then placed under their final names, the
manifest last: it says that the file is complete. Nothing in either depends on the clock, so the
same run again gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.files import FilesDestination
from orchestration.ingest.sql import literal, quoted
from orchestration.segment_tools.export import spreadsheet_safe

OPTIONS = {
    "csv": "format csv, header true, force_quote *",
    "parquet": "format parquet, compression zstd",
    "ndjson": "format json",
}
MANIFEST = ".manifest.json"
BLOCK = 1024**2


@dataclass(frozen=True)
class Written:
    """What was written, in the order in which it is placed: the manifest last.

    Attributes:
        files: on this machine, under the names they get.
        rows: in them.
    """

    files: tuple[Path, ...]
    rows: int


def write_file(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    destination: FilesDestination,
    sync: Sync,
    stem: str,
    select: str,
    operation: bool,
) -> Written:
    """Write a file and its manifest into a folder of this machine.

    Parameters:
        con: to the ledger.
        folder: of what is on its way.
        destination, sync: their files.
        stem: of the name: the sync and the run.
        select: sync_key and the columns that leave; with `operation` where that is one.
        operation: the file says what to do with each row.
    """
    data = folder / f"{stem}.{destination.format}"
    columns = _columns(con, sync, destination, select, operation)
    [(rows,)] = con.execute(
        f"copy (select {', '.join(columns)} from ({select}) as leaving order by sync_key) "
        f"to {literal(str(data))} ({OPTIONS[destination.format]}, use_tmp_file false)"
    ).fetchall()
    manifest = folder / f"{stem}{MANIFEST}"
    told = {
        "file": data.name,
        "rows": rows,
        "bytes": data.stat().st_size,
        "sha256": _synced(data),
        "columns": [*(["operation"] if operation else []), *_names(sync)],
        "formula_guard": destination.formula_guard,
        "formats": formats_of(sync),
    }
    manifest.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    _synced(manifest)
    return Written((data, manifest), rows)


def _names(sync: Sync) -> list[str]:
    return ([] if sync.key in sync.columns else [sync.key]) + list(sync.columns)


def formats_of(sync: Sync) -> dict[str, str]:
    """The identifier format of each column that has one, with its version."""
    return {n: c.format.name for n, c in sync.columns.items() if c.format}


def _columns(
    con: duckdb.DuckDBPyConnection,
    sync: Sync,
    destination: FilesDestination,
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
