"""Parts of a data folder that are broken one at a time: lock, records, histories, warehouse."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.errors.arranging import RIGHTS, Arrange, a_folder, closed, cut, mode, written
from tests.errors.calls import Case

SQLITE = b"SQLite format 3\0" + b"\xff" * 4000


def _half_a_history(data: Path, folder: Path) -> None:
    path = data / "dagster" / "history" / "runs.db"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as con:
        con.execute("create table runs as select 1 as x")
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))


def _parsed_no_more(data: Path, folder: Path) -> None:
    (data / "dbt_target" / "fingerprint").write_text("another")
    (data / "dbt_target").chmod(0o500)


def _a_backup_that_is_cut(data: Path, folder: Path) -> None:
    (folder / "copy").mkdir()
    (folder / "copy" / "c360_backup.json").write_text('{"files": [')


def _a_closed_place(data: Path, folder: Path) -> None:
    (data / "warehouse.duckdb").touch()
    (folder / "copy").mkdir(mode=0o500)


def _a_warehouse(data: Path, folder: Path) -> None:
    (data / "warehouse.duckdb").touch()


COPY = "{folder}/copy"
COPIES: tuple[tuple[str, tuple[str, ...], Arrange, int, tuple[str, ...]], ...] = (
    ("there is nothing to copy", ("backup", COPY), written("note"), 3, ("{data}", "c360 run")),
    ("into the data folder", ("backup", "{data}/copy"), _a_warehouse, 2, ("{data}", "elsewhere")),
    ("into a closed folder", ("backup", COPY), _a_closed_place, 1, (COPY, RIGHTS)),
    ("into a file", ("backup", __file__), _a_warehouse, 2, (__file__, "new folder")),
    ("from nothing", ("restore", "/nowhere"), written("note"), 2, ("/nowhere", "c360 backup")),
    ("from a cut one", ("restore", COPY), _a_backup_that_is_cut, 1, (COPY, "backup")),
)
PARTS: tuple[tuple[str, tuple[str, ...], Arrange, int, tuple[str, ...]], ...] = (
    ("the lock is a folder", ("run",), a_folder("writer.lock"), 1, ("writer.lock", "folder")),
    ("the lock may not be opened", ("run",), closed("writer.lock"), 1, ("writer.lock", RIGHTS)),
    ("the lock may not be opened", ("publish",), closed("writer.lock"), 1, ("writer.lock", RIGHTS)),
    ("the run records are a file", ("run",), written("runs"), 1, ("runs", "file")),
    ("the run records are closed", ("run",), mode(0o500, "runs"), 1, ("runs", RIGHTS)),
    (
        "the landing folder is closed",
        ("run",),
        mode(0, "landing"),
        3,
        ("landing", "ermission denied"),
    ),
    (
        "the landing folder is a file",
        ("demo", "--customers", "20"),
        written("landing"),
        1,
        ("landing", "file"),
    ),
    ("Dagster's folder is a file", ("run",), written("dagster"), 1, ("dagster", "file")),
    ("Dagster's folder is closed", ("run",), mode(0o500, "dagster"), 1, ("dagster", RIGHTS)),
    (
        "Dagster's settings are a folder",
        ("ui",),
        a_folder("dagster", "dagster.yaml"),
        1,
        ("dagster.yaml", "folder"),
    ),
    ("Dagster's history is damaged", ("run",), _half_a_history, 1, ("dagster", "ove")),
    (
        "Dagster's history is text",
        ("run",),
        written("dagster", "history", "runs.db", content=b"hello" * 900),
        1,
        ("dagster", "ove"),
    ),
    (
        "Dagster's event log is cut",
        ("run",),
        written("dagster", "history", "runs", "index.db", content=SQLITE),
        1,
        ("dagster", "ove"),
    ),
    ("the build folder is a file", ("run",), written("build"), 1, ("build", "file")),
    ("dbt's folder is closed", ("run",), _parsed_no_more, 1, ("dbt_target", RIGHTS)),
    (
        "dbt's manifest is cut",
        ("source", "list"),
        cut(1000, "dbt_target", "manifest.json"),
        1,
        ("manifest.json", "ove"),
    ),
    (
        "dbt's manifest is empty",
        ("run",),
        cut(0, "dbt_target", "manifest.json"),
        1,
        ("manifest.json", "ove"),
    ),
    (
        "the warehouse is text",
        ("run",),
        written("warehouse.duckdb", content=b"hello\n" * 4000),
        3,
        ("warehouse.duckdb", "c360 run"),
    ),
    (
        "the warehouse may not be opened",
        ("run",),
        closed("warehouse.duckdb"),
        1,
        ("warehouse.duckdb",),
    ),
    *(
        (f"the warehouse is {what}", command, arrange, code, ("warehouse.duckdb", says))
        for command in (("value", "report"), ("identity", "train"), ("source", "list"))
        for what, arrange, code, says in (
            ("text", written("warehouse.duckdb", content=b"hello\n" * 4000), 3, "c360 run"),
            ("empty", written("warehouse.duckdb"), 3, "c360 run"),
            ("closed", closed("warehouse.duckdb"), 1, RIGHTS),
            ("a folder", a_folder("warehouse.duckdb"), 1, "folder"),
        )
    ),
    ("nothing was built", ("publish",), written("note"), 3, ("build", "c360 run")),
    (
        "a build without a proof",
        ("publish",),
        written("build", "insights_build.duckdb"),
        1,
        ("proof", "c360 run"),
    ),
)


def parts() -> list[Case]:
    """One part of the data folder is broken."""
    return [
        Case(f"{' '.join(command)}: {name}", command, code, says, arrange, base="parsed")
        for name, command, arrange, code, says in PARTS + COPIES
    ]
