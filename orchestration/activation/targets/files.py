"""The files that leave: a whole segment, or what changed since the last file, and a manifest.

They are written in the folder of what is on its way and then placed under their final names, the
manifest last: it lists the files and says that they are complete. Nothing in them depends on the
clock, so the same run again gives the same bytes, but where they are encrypted.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.files import FilesDestination, manifest_name
from orchestration.activation.targets.encryption import encrypt_file, fingerprint
from orchestration.ingest.sql import literal, quoted
from orchestration.segment_tools.export import spreadsheet_safe

OPTIONS = {
    "csv": "format csv, header true, force_quote *",
    "parquet": "format parquet, compression zstd",
    "ndjson": "format json",
}
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


def write_files(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    destination: FilesDestination,
    sync: Sync,
    sync_name: str,
    run_id: str,
    select: str,
    operation: bool,
) -> Written:
    """Write the files of a run and their manifest into a folder of this machine.

    Parameters:
        con: to the ledger.
        folder: of what is on its way.
        destination, sync: their files.
        sync_name, run_id: what the files are called after.
        select: sync_key and the columns that leave; with `operation` where that is one.
        operation: the files say what to do with each row.

    Raises:
        UserError: the receiver's key can't be used any more.
    """
    columns = ", ".join(_columns(con, sync, destination, select, operation))
    order = "sync_key"
    if operation:
        # Of one key of an audience there may be a row that is added and others that are removed.
        within = sync.columns if sync.mode == "audience" else ()
        order = ", ".join(["sync_key", "operation", *map(quoted, within)])
    written = []
    for part, source in enumerate(_parts(con, folder, destination, select, order), 1):
        file = folder / destination.file_name(sync_name, run_id, part)
        plain = file.with_suffix("") if destination.encrypt_for else file
        options = OPTIONS[destination.format]
        if destination.compression == "gzip":
            options += ", compression gzip"
        [(rows,)] = con.execute(
            f"copy (select {columns} from ({source}) as leaving order by {order}) "
            f"to {literal(str(plain))} ({options}, use_tmp_file false)"
        ).fetchall()
        if destination.encrypt_for:
            encrypt_file(plain, file, destination.encrypt_for)
        written.append((file, rows))
    manifest = folder / manifest_name(sync_name, run_id)
    headers = [destination.headers.get(name, name) for name in _names(sync)]
    rows = sum(of_file for _, of_file in written)
    told = {
        "rows": rows,
        "files": [
            {"file": f.name, "rows": n, "bytes": f.stat().st_size, "sha256": synced_hash(f)}
            for f, n in written
        ],
        "columns": [*(["operation"] if operation else []), *headers],
        "format": destination.format,
        "compression": destination.compression,
        "encrypted_for": fingerprint(key) if (key := destination.encrypt_for) else None,
        "formula_guard": destination.formula_guard,
        "formats": formats_of(sync),
    }
    manifest.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    synced_hash(manifest)
    return Written((*(f for f, _ in written), manifest), rows)


def _parts(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    destination: FilesDestination,
    select: str,
    order: str,
) -> list[str]:
    """What each file holds, as a select."""
    most = destination.split_rows
    if not most:
        return [select]
    # Put in order once and read by place: each part would sort all rows again.
    ordered = literal(str(folder / "ordered.parquet"))
    [(rows,)] = con.execute(
        f"copy (select *, row_number() over (order by {order}) - 1 as _place "
        f"from ({select}) as leaving order by _place) to {ordered} (format parquet)"
    ).fetchall()
    return [
        f"select * from read_parquet({ordered}) where _place >= {first} and _place < {first + most}"
        for first in range(0, max(rows, 1), most)
    ]


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
        selected.append(f"{value} as {quoted(destination.headers.get(name, name))}")
    return selected


def synced_hash(path: Path) -> str:
    """The file's hash, after its bytes are on the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
        while block := handle.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
