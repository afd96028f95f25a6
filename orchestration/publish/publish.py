"""From the build file to the file that BI opens.

dbt has written the reporting model into a file of its own. Publishing copies that file beside the
published one, makes sure the copy is complete and equal, and renames it over. An open reader keeps
the version it has; who connects next sees the new one; nobody ever sees half of either.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.settings import Settings


@dataclass(frozen=True)
class Published:
    """What was published.

    Attributes:
        path: the file that BI tools open.
        tables: rows by table.
        file_bytes: its size.
    """

    path: Path
    tables: dict[str, int]
    file_bytes: int


def publish(settings: Settings) -> Published:
    """Audit the built reporting model and swap it in.

    The caller holds the writer lock and has closed every connection to the warehouse.

    Parameters:
        settings: paths.

    Raises:
        UserError: there is no build, it is still open elsewhere, or the copy differs from it.
    """
    build = settings.insights_build_path
    if not build.exists():
        raise UserError(
            f"Nothing to publish: {build} does not exist. `c360 run` builds it.",
            exit_code=3,
        )
    expected = _checkpointed_counts(build)
    target = settings.published_path
    target.parent.mkdir(parents=True, exist_ok=True)
    # A copy that a killed run left behind is nobody's any more: we hold the writer lock.
    for leftover in target.parent.glob(f".{target.name}.*"):
        leftover.unlink()
    part = target.parent / f".{target.name}.{os.getpid()}"
    shutil.copyfile(build, part)
    _sync(part)
    found = _counts(part)
    if found != expected:
        part.unlink()
        raise UserError(
            f"The copy of {build} is not equal to it: "
            f"{sorted(set(found.items()) ^ set(expected.items()))[:5]}. "
            "The published model was left alone. Check the disk and publish again."
        )
    part.chmod(0o444)
    # A log that a writing reader left would be replayed into, or refused by, the new version.
    target.with_name(target.name + ".wal").unlink(missing_ok=True)
    part.replace(target)
    _sync(target.parent)
    return Published(target, found, target.stat().st_size)


def _checkpointed_counts(build: Path) -> dict[str, int]:
    try:
        with duckdb.connect(str(build)) as con:
            con.execute("force checkpoint")
            counts = _count_tables(con)
    except duckdb.Error as error:
        raise UserError(
            f"{build} can't be opened for publishing: {str(error).splitlines()[0]}. "
            "Close what has it open, or run `c360 run` to build it again."
        ) from None
    if build.with_name(build.name + ".wal").exists():
        raise UserError(f"{build} still has a write-ahead log, so another program has it open.")
    if not counts:
        raise UserError(f"{build} holds no tables. Run `c360 run` to build it again.")
    return counts


def _counts(path: Path) -> dict[str, int]:
    with duckdb.connect(str(path), read_only=True) as con:
        return _count_tables(con)


def _count_tables(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    names = con.execute(
        "select table_name from duckdb_tables() where schema_name = 'main' order by 1"
    ).fetchall()
    counts = {}
    for (name,) in names:
        row = con.execute(f'select count(*) from main."{name}"').fetchone()
        counts[name] = int(row[0]) if row else 0
    return counts


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
