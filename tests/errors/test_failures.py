"""The one place that has words for what can happen, and an id for what it has none for."""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy.exc
import typer
import yaml

from orchestration.errors import UserError
from orchestration.failures import in_words, of_the_machine, serialised_in_words
from orchestration.logs import log
from orchestration.settings import Settings

SQLITE = sqlite3.DatabaseError


def invalidated(cause: str) -> duckdb.Error:
    return duckdb.FatalException(
        "FATAL Error: Failed: database has been invalidated because of a previous fatal error. The "
        f'database must be restarted prior to being used again.\nOriginal error: "{cause}"'
    )


def deep() -> Exception:
    try:
        json.loads("[" * 100_000)
    except RecursionError as error:
        return error
    raise AssertionError


def yaml_fault() -> Exception:
    try:
        yaml.safe_load("a: [1,\nb: }")
    except yaml.YAMLError as error:
        return error
    raise AssertionError


KNOWN = [
    (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y", "owner"),
    (PermissionError(errno.EPERM, "Operation not permitted", "/x/y"), "/x/y", "owner"),
    (OSError(errno.EROFS, "Read-only file system", "/x/y"), "/x/y", "C360_DATA_DIR"),
    (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "/x/y", "Free some space"),
    (OSError(errno.ENOSPC, "No space left on device"), "{data}", "Free some space"),
    (OSError(errno.EDQUOT, "Disk quota exceeded", "/x/y"), "/x/y", "Free some space"),
    (OSError(errno.EFBIG, "File too large", "/x/y"), "/x/y", "ulimit"),
    (FileNotFoundError(errno.ENOENT, "No such file", "/x/y"), "/x/y", "c360 run"),
    (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/x/y"), "/x/y", "Move"),
    (FileExistsError(errno.EEXIST, "File exists", "/x/y"), "/x/y", "Move"),
    (IsADirectoryError(errno.EISDIR, "Is a directory", "/x/y"), "/x/y", "Move"),
    (OSError(errno.EMFILE, "Too many open files", "/x/y"), "/x/y", "ulimit -n"),
    (OSError(errno.ENOLCK, "No locks available"), "lock", "C360_DATA_DIR"),
    (OSError(errno.ESTALE, "Stale file handle", "/x/y"), "/x/y", "Mount"),
    (OSError(errno.EADDRINUSE, "Address already in use"), "port", "--port"),
    (OSError(errno.ENXIO, "No such device or address", "/x/y"), "/x/y", "Check"),
    (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "thread", "aise"),
    (duckdb.IOException('IO Error: Could not set lock on file "/x/w": held'), "/x/w", "Close"),
    (duckdb.IOException('IO Error: Cannot open file "/x/w": Permission denied'), "/x/w", "owner"),
    (duckdb.IOException('IO Error: Could not write file "/x/w": No space left on device'), "/x/w",
     "Free some space"),
    (duckdb.IOException('IO Error: The file "/x/w" exists, but it is not a valid DuckDB database '
                        "file!"), "/x/w", "c360 run"),
    (duckdb.IOException("IO Error: something new"), "something new", "start the command again"),
    (duckdb.Error("Corrupt database file: computed checksum 1 does not match"), "warehouse.duckdb",
     "c360 run"),
    (duckdb.IOException('Trying to read a database file "/x/w" with version number 99'), "/x/w",
     "newer"),
    (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"), "C360_MEMORY_LIMIT",
     "C360_THREADS"),
    (duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block of size 1 "
                                 "(max_temp_directory_size)"), "C360_MAX_TEMP", "Raise"),
    (invalidated("IO Error: Could not write: No space left on device"), "{data}",
     "Free some space"),
    (invalidated("Out of Memory Error: could not allocate"), "C360_MEMORY_LIMIT", "again"),
    (invalidated("INTERNAL Error: x"), "warehouse.duckdb", "c360 run"),
    (SQLITE("database disk image is malformed"), "dagster", "Move"),
    (SQLITE("file is not a database"), "dagster", "Move"),
    (sqlite3.OperationalError("database is locked"), "dagster", "Wait"),
    (sqlite3.OperationalError("attempt to write a readonly database"), "{data}", "owner"),
    (sqlite3.OperationalError("database or disk is full"), "{data}", "Free some space"),
    (sqlalchemy.exc.DatabaseError("select", {}, SQLITE("file is not a database")), "dagster",
     "Move"),
    (yaml_fault(), "YAML", "Correct"),
    (UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "invalid continuation byte"), "UTF-8", "Save"),
    (UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed"), "UTF-8", "Rename"),
    (zipfile.BadZipFile("File is not a zip file"), "compressed", "again"),
    (EOFError("Compressed file ended before the end-of-stream marker was reached"), "compressed",
     "again"),
    (EOFError("EOF when reading a line"), "question", "Nothing was written"),
    (MemoryError(), "memory", "C360_MEMORY_LIMIT"),
    (deep(), "nested", "flatter"),
    (ModuleNotFoundError("No module named 'x'"), "'x'", "make setup"),
    (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "TMPDIR",
     "TMPDIR"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Each test has the log of its own installation."""
    before = log().handlers[:]
    log().handlers.clear()
    yield
    for handler in log().handlers:
        handler.close()
    log().handlers[:] = before


@pytest.mark.parametrize(("error", "place", "remedy"), KNOWN, ids=lambda v: str(v)[:40])
def test_what_can_happen_has_words(
    settings: Settings, error: Exception, place: str, remedy: str
) -> None:
    told = in_words(error, settings)
    assert not told.id and told.exit_code in (1, 2, 3)
    for said in (place.replace("{data}", str(settings.data_dir)), remedy):
        assert said in told.text
    # Of an error in a Dagster step the class and the message are left, and that is enough.
    name = type(error).__name__
    kept = serialised_in_words([("DagsterError", "x"), (name, f"{name}: {error}")], "", settings)
    assert not kept.id and remedy in kept.text


def test_a_cause_is_found_behind_what_wraps_it(settings: Settings) -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device", "/x/y")
        except OSError as cause:
            raise RuntimeError("wrapped") from cause
    except RuntimeError as error:
        assert "/x/y is full" in in_words(error, settings).text
    group = ExceptionGroup("several", [PermissionError(errno.EACCES, "no", "/x/y")])
    assert "permission for /x/y" in in_words(group, settings).text


def test_a_users_mistake_keeps_its_words(settings: Settings) -> None:
    try:
        try:
            raise UserError("Say this.\n\n  And that.", 3)
        except UserError as cause:
            raise RuntimeError("dagster") from cause
    except RuntimeError as error:
        told = in_words(error, settings)
    assert (told.text, told.exit_code) == ("Say this.\n  And that.", 3)
    kept = serialised_in_words(
        [("UserError", "orchestration.errors.UserError: Say this: now.\n")], ""
    )
    assert kept.text == "Say this: now."


def test_models_are_not_blamed_for_the_machine() -> None:
    said = "Runtime Error in model x (models/x.sql)\n  {}\n  > in macro y"
    full = said.format('IO Error: Could not write file "/x/w": No space left on device')
    assert "/x/w is full" in of_the_machine(full)
    assert "C360_MEMORY_LIMIT" in of_the_machine(said.format("Out of Memory Error: could not"))
    assert of_the_machine(said.format("Binder Error: Referenced column x not found")) == ""
    assert of_the_machine(said.format("Conversion Error: 'Permission denied' is no number")) == ""


def test_stopping_and_a_reader_that_is_gone_are_no_failures() -> None:
    assert in_words(KeyboardInterrupt()).exit_code == 130
    assert in_words(typer.Abort()).exit_code == 130
    assert in_words(BrokenPipeError(errno.EPIPE, "Broken pipe")).text == ""


def raised(message: str) -> Exception:
    try:
        raise ZeroDivisionError(message)
    except ZeroDivisionError as error:
        return error


def test_what_is_left_over_gets_an_id_and_the_log_the_stack(settings: Settings) -> None:
    error = raised("no words for this")
    told = in_words(error, settings)
    assert len(told.id) == 8 and told.id in told.text and "\n" not in told.text
    assert "ZeroDivisionError" in told.text and str(settings.log_dir / "c360.log") in told.text
    kept = (settings.log_dir / "c360.log").read_text()
    assert told.id in kept and "Traceback" in kept and "no words for this" in kept
    assert in_words(error, settings) == told, "told twice, it has one id"


def test_values_of_rows_stay_out_of_the_log(settings: Settings) -> None:
    error = raised("Conversion Error: Could not convert string 'ann@example.com' to INT32")
    in_words(error, settings)
    assert "ann@example.com" not in (settings.log_dir / "c360.log").read_text()


def test_a_log_that_can_not_be_written_is_said_and_stops_nobody(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.data_dir.mkdir()
    settings.log_dir.write_text("a file")
    told = in_words(raised("x"), settings)
    assert "can't be written" in told.text and str(settings.log_dir) in told.text
    assert "make it writable" in told.text
    assert capfd.readouterr().err == "", "logging prints no stack trace of its own"


def test_a_full_disk_behind_the_log_stops_nobody(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.log_dir.mkdir(parents=True)
    (settings.log_dir / "c360.log").symlink_to("/dev/full")
    assert "No space left" in in_words(raised("x"), settings).text
    assert capfd.readouterr().err == ""


def test_the_log_begins_with_its_first_line(settings: Settings) -> None:
    from orchestration.logs import write_to

    write_to(settings)
    assert not settings.data_dir.exists()
    log().log(logging.INFO, "first")
    assert "first" in (settings.log_dir / "c360.log").read_text()


def test_a_damaged_state_file_is_named(settings: Settings, tmp_path: Path) -> None:
    broken = settings.dbt_target_dir / "manifest.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"nodes": ')
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(broken.read_text())
    assert str(broken) in in_words(caught.value, settings).text
