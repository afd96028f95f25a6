"""SQLite files with what belongs to them: a log of committed rows, or of a change to be undone.

A database in WAL mode keeps what was committed last in `<file>-wal` until somebody copies it over,
so the file alone is an old state of it. A `<file>-journal` that is there holds what an interrupted
change has overwritten.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orchestration.ingest.file_states import state_of
from orchestration.retries import user_error

LOGS = ("-wal", "-journal")
BESIDE = (*LOGS, "-shm")
ATTEMPTS = 5
BUSY_SECONDS = 10.0


def logs_of(path: Path) -> tuple[Path, ...]:
    """The logs beside a database that hold something; SQLite looks for them beside a link's target.

    Parameters:
        path: the database file.
    """
    real = path.resolve()
    beside = (real.with_name(real.name + ending) for ending in LOGS)
    return tuple(log for log in beside if _size(log) > 0)


def is_beside(path: Path) -> bool:
    """Whether a file is a log of a database that stands beside it, and no database itself."""
    return any(
        path.name.endswith(ending) and path.with_name(path.name.removesuffix(ending)).exists()
        for ending in BESIDE
    )


@contextmanager
def whole_database(path: Path, workspace: Path, must_copy: bool = False) -> Iterator[Path]:
    """A file that holds all that was committed, and that nobody writes: itself, or a copy.

    Nothing is written beside the original, which may lie in a folder that is only to be read.

    Parameters:
        path: the database.
        workspace: folder for a copy, which is gone afterwards.
        must_copy: copy it also when it has no log, because somebody writes it.

    Raises:
        PassingError: another program holds it locked.
        UserError: its log is damaged.
        OSError: it can't be read, or the disk is full.
    """
    if not must_copy and not logs_of(path):
        yield path
        return
    workspace.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        copy = Path(folder) / "database"
        try:
            if not _copied(path, copy):
                _backed_up(path, copy)
            with closing(sqlite3.connect(copy)) as database:
                # What the logs say is brought into the file, which then needs none.
                database.execute("pragma journal_mode = delete")
        except sqlite3.Error as error:
            raise user_error(
                error,
                f"{path} has a log beside it ({logs_of(path)[0].name if logs_of(path) else 'gone'})"
                f" that can't be read with it: {error}. Deliver both files together, or close the "
                "database before it is copied.",
            ) from None
        yield copy


def read_only_uri(path: Path) -> str:
    """The address that opens a file which `whole_database` gave, without a lock or a file beside.

    Whether it changed while it was read is seen by its state, as with any other file.
    """
    return path.resolve().as_uri() + "?immutable=1"


def _copied(path: Path, copy: Path) -> bool:
    """Copy a database and its logs as of one moment; false when somebody writes them meanwhile."""
    real = path.resolve()
    for _ in range(ATTEMPTS):
        logs = logs_of(real)
        try:
            before = state_of(real, logs)
            shutil.copyfile(real, copy)
            for ending in LOGS:
                target = copy.with_name(copy.name + ending)
                target.unlink(missing_ok=True)
                if real.with_name(real.name + ending) in logs:
                    shutil.copyfile(real.with_name(real.name + ending), target)
        except FileNotFoundError:
            if not real.exists():
                raise
            continue
        after = state_of(real, logs_of(real))
        # Whoever has it open has a -shm beside it, and may change a young file unseen.
        is_open = real.with_name(real.name + "-shm").exists()
        if after.stamp == before.stamp and not (after.is_young and is_open):
            return True
    return False


def _backed_up(path: Path, copy: Path) -> None:
    """Copy a database while its writer goes on, under SQLite's own locks."""
    for ending in ("", *LOGS):
        copy.with_name(copy.name + ending).unlink(missing_ok=True)
    address = path.resolve().as_uri() + "?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        ends_at = time.monotonic() + BUSY_SECONDS

        def give_up(_status: int, _remaining: int, _total: int) -> None:
            # Without it, Python asks for ever while somebody holds the database for himself.
            if time.monotonic() > ends_at:
                raise sqlite3.OperationalError("it is locked by another program")

        source.backup(target, progress=give_up)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
