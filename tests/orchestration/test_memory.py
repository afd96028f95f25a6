"""What runs out is told as that, with the limit in force, and never as the fault of a file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.ingest import Column, SourceTable, load_all
from orchestration.ingest.sql import first_line
from orchestration.memory import ShortageError, shortage
from orchestration.settings import Settings

ID_URL = (Column("id"), Column("url"))
EVENTS = SourceTable("web", "events", "web__events", "ndjson", "web/*.ndjson", ID_URL)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Out of Memory Error: failed to allocate data of size 64.0 MiB (2.9 MiB/47.6 MiB used)",
            "C360_MEMORY_LIMIT=50MB",
        ),
        (
            "Runtime Error in model orders\n  Out of Memory Error: could not allocate block of "
            "size 256.0 KiB (953.9 MiB/953.6 MiB used)",
            "C360_MEMORY_LIMIT=50MB",
        ),
        (
            "Out of Memory Error: failed to offload data block of size 256.0 KiB (54.0 MiB/54.0 "
            "MiB used). This limit was set by the 'max_temp_directory_size' setting",
            "C360_MAX_TEMP=1GB",
        ),
        ("Out of Memory Error: Failed to allocate block of 67108864 bytes (bad allocation)", "sys"),
        (MemoryError(), "the system gave this process no more memory"),
        (RuntimeError("can't start new thread"), "no more threads"),
        (OSError(12, "Cannot allocate memory"), "the system gave this process no more memory"),
        (
            "ImportError: _superlu.so: failed to map segment from shared object",
            "the system gave this process no more memory",
        ),
        ("pyarrow.lib.ArrowMemoryError: malloc of size 8388608 failed", "the system gave"),
    ],
)
def test_what_ran_out_and_which_limit_it_was(
    monkeypatch: pytest.MonkeyPatch, text: str | BaseException, told: str
) -> None:
    monkeypatch.setenv("C360_MEMORY_LIMIT", "50MB")
    monkeypatch.setenv("C360_MAX_TEMP", "1GB")
    found = shortage(text)
    assert found
    assert told in found
    assert len(found) < 400  # what dbt says of a model is cut there


@pytest.mark.parametrize(
    "error",
    [
        "Conversion Error: Could not convert string 'memory' to INT32",
        "Catalog Error: Table with name memory_limit does not exist!",
        ValueError("no such thread"),
        "IO Error: Could not read file",
    ],
)
def test_other_errors_are_left_to_others(error: str | BaseException) -> None:
    assert shortage(error) is None


def test_a_file_that_was_too_much_is_not_called_broken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path: Path = settings.landing_dir / "web" / "events.ndjson"
    path.parent.mkdir(parents=True)
    path.write_text('{"id": 1, "url": "/a"}\n')
    monkeypatch.setenv("C360_MEMORY_LIMIT", "64MB")
    (loaded,) = load_all(settings, [EVENTS])
    (failure,) = loaded.failures
    assert failure.startswith("web/events.ndjson: ")
    assert "C360_MEMORY_LIMIT=64MB" in failure
    assert "JSON" not in failure
    monkeypatch.setenv("C360_MEMORY_LIMIT", "1GB")
    (loaded,) = load_all(settings, [EVENTS])
    assert (loaded.rows_loaded, loaded.rows_rejected, loaded.failures) == (1, 0, [])


def test_a_full_disk_is_not_the_fault_of_what_was_read() -> None:
    error = duckdb.IOException('Could not write file "/data/w.tmp/a": No space left on device')
    with pytest.raises(ShortageError, match="the disk is full"):
        first_line(error)
