"""The Parquet door: a folder per table, and in it a file per day for facts that have days.

Nobody may read half of two versions. So a version's files lie in its own folder and never change,
and `published/parquet` is a link that is replaced in one step. A reader who resolves the link once
(`readlink -f`, `Path.resolve()`) has one version of all tables for as long as it is kept. Who reads
through the link itself can't get a mix either: a file's name is made from its content, so a list of
files from before the change leads to the same rows or to no file at all, never to others.

A day whose rows are those of a version before is not written again: its file is linked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import duckdb

from orchestration.ingest.sql import literal, quoted
from orchestration.private_files import open_to_readers
from orchestration.proof import sync
from orchestration.publish.versions import Version, kept_versions
from orchestration.settings import Settings

FORMAT = f"1 {duckdb.__version__}"
"""Stands in every name: other files when how they are written or hashed changes."""
DAY = "date_key"
ROW = '"all of a row"'
LINK = "parquet"


def show(settings: Settings, version: Version) -> None:
    """Write what is new of a version, and show it.

    Parameters:
        settings: paths.
        version: a kept version; its folder gets the Parquet files.
    """
    folder = version.folder / LINK
    if not folder.is_dir():
        part = version.folder / f".{LINK}.part"
        part.mkdir()
        known = _known(settings)
        with duckdb.connect(str(version.file), read_only=True) as con:
            for table in sorted(version.proof.tables):
                _write_table(settings, con, table, part / table, known)
        sync(part)
        open_to_readers(settings.data_dir, part)
        part.rename(folder)
        sync(version.folder)
    link = settings.published_path.parent / LINK
    leads_to = folder.relative_to(link.parent)
    if not link.is_symlink() or link.readlink() != leads_to:
        part = link.with_name(f".{LINK}.{os.getpid()}")
        part.symlink_to(leads_to)
        if link.is_dir() and not link.is_symlink():
            # Somebody has copied the data folder with what its links lead to.
            shutil.rmtree(link)
        part.replace(link)
        sync(link.parent)


def shown_version(settings: Settings) -> str:
    """The version that the link leads to, empty for none."""
    try:
        return (settings.published_path.parent / LINK).readlink().parent.name
    except OSError:
        return ""


def _known(settings: Settings) -> dict[str, Path]:
    """Files that are there already, by table and name."""
    return {
        f"{path.parent.name}/{path.name}": path
        for kept in kept_versions(settings)
        for path in (kept.folder / LINK).glob("*/*.parquet")
    }


def _write_table(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    table: str,
    folder: Path,
    known: dict[str, Path],
) -> None:
    folder.mkdir()
    name = quoted(table)
    columns = con.execute(f"select column_name, column_type from (describe {name})").fetchall()
    dated = table.startswith("fact_") and (DAY, "DATE") in columns
    parts = con.execute(
        f"select {DAY if dated else 'null'}, count(*), sum(hash({ROW})::hugeint) "
        f"from {name} as {ROW} group by 1 order by 1"
    ).fetchall()
    for day, count, digest in parts or [(None, 0, 0)]:
        said = repr((FORMAT, table, columns, str(day), count, digest))
        content = hashlib.sha256(said.encode()).hexdigest()[:24]
        file = folder / f"{day or 'all'}-{content}.parquet"
        there = known.get(f"{table}/{file.name}")
        if there and _linked(there, file):
            continue
        chosen = f"where {DAY} is not distinct from $day" if dated else ""
        con.execute(
            f"copy (select * from {name} {chosen} order by all) to {literal(str(file))} "
            "(format parquet, compression zstd)",
            {"day": day} if dated else {},
        )
        sync(file)
        open_to_readers(settings.data_dir, file)
    sync(folder)
    open_to_readers(settings.data_dir, folder)


def _linked(source: Path, target: Path) -> bool:
    """Link a file, or copy it where the file system has no links; False when it can't be read."""
    try:
        os.link(source, target)
    except OSError:
        try:
            shutil.copy2(source, target)
        except OSError:
            return False
    return True
