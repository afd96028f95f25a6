"""What is published is not what it should be, or the data folder can't be entered or written."""

from __future__ import annotations

import os
from pathlib import Path

from tests.errors.arranging import RIGHTS, Arrange, a_folder, a_link, cut, mode, written
from tests.errors.calls import Case

QUERY = ("query", "from insights.dim_decile")
STATUS = ("status",)


def _file(data: Path) -> Path:
    return data / "published" / "insights.duckdb"


def _a_fifo(data: Path, folder: Path) -> None:
    _file(data).unlink()
    os.mkfifo(_file(data))


def _holes(data: Path, folder: Path) -> None:
    content = bytearray(_file(data).read_bytes())
    content[12288:60000] = b"\xa5" * (60000 - 12288)
    _file(data).write_bytes(content)


def _another_model(data: Path, folder: Path) -> None:
    import duckdb

    _file(data).unlink()
    with duckdb.connect(str(_file(data))) as con:
        con.execute("create table something_else as select 1 as x")


PUBLISHED: tuple[tuple[str, Arrange, int], ...] = (
    ("is empty", written("published", "insights.duckdb"), 3),
    ("is text", written("published", "insights.duckdb", content=b"hello\n" * 4000), 3),
    ("is zeros", written("published", "insights.duckdb", content=bytes(100_000)), 3),
    ("is cut early", cut(100, "published", "insights.duckdb"), 3),
    ("is cut in its head", cut(5000, "published", "insights.duckdb"), 3),
    ("is cut in half", cut(300_000, "published", "insights.duckdb"), 3),
    ("has holes", _holes, 3),
    ("is a folder", a_folder("published", "insights.duckdb"), 3),
    ("is a pipe", _a_fifo, 3),
    ("is a device", a_link("/dev/zero", "published", "insights.duckdb"), 3),
    ("is a link to nothing", a_link("/nowhere", "published", "insights.duckdb"), 3),
    ("is a link to itself", a_link("insights.duckdb", "published", "insights.duckdb"), 3),
    ("may not be read", mode(0, "published", "insights.duckdb"), 1),
    ("is in a closed folder", mode(0, "published"), 1),
    ("is in a file", written("published"), 3),
    ("is another model", _another_model, 2),
)


def published() -> list[Case]:
    """The published file is not what it should be, for who asks it."""
    cases = []
    for name, arrange, code in PUBLISHED:
        says = {
            1: ("published", RIGHTS),
            2: ("dim_decile", "show tables"),
            3: ("published", "c360"),
        }
        cases.append(
            Case(
                f"query: what is published {name}",
                QUERY,
                code,
                says[code],
                arrange,
                base="published",
            ),
        )
    return cases


WRITING = (
    ("run",),
    ("publish",),
    ("docs",),
    ("demo", "--customers", "20", "--months", "3"),
    ("ui",),
    ("source", "list"),
    ("source", "check", "web_shop"),
    ("source", "expectations", "web_shop"),
    ("identity", "explain", "a:1", "b:2"),
    ("identity", "diff"),
    ("profile", "diff"),
    ("identity", "train"),
    ("identity", "unmerge", "x", "--yes"),
    ("value", "report"),
)
"""Commands that need the right to write, or a warehouse."""


def _is_a_file(data: Path, folder: Path) -> None:
    data.write_text("not a folder")


def _is_in_a_file(data: Path, folder: Path) -> None:
    _is_a_file(folder / "file", folder)


def places() -> list[Case]:
    """The data folder is none, or may not be entered or written."""
    cases = []
    for command in WRITING:
        name = " ".join(command[:2])
        reads = bool({"report", "explain", "unmerge", "expectations"} & set(command))
        cases += [
            Case(
                f"{name}: the data folder is a file",
                command,
                3 if reads else 1,
                ("{data}", "c360" if reads else "file"),
                _is_a_file,
            ),
            Case(f"{name}: the data folder is closed", command, 1, ("{data}", RIGHTS), mode(0)),
        ]
        if not reads and command[0] != "identity":
            cases.append(
                Case(
                    f"{name}: the data folder is read-only",
                    command,
                    1,
                    ("{data}", RIGHTS),
                    mode(0o500),
                )
            )
    for command in (QUERY, STATUS):
        cases.append(
            Case(
                f"{command[0]}: the data folder is closed",
                command,
                1,
                ("{data}", RIGHTS),
                mode(0),
                base="published",
            )
        )
    cases.append(
        Case("query: the data folder is a file", QUERY, 3, ("{data}", "c360 run"), _is_a_file)
    )
    long = "x" * 300
    for command in (QUERY, STATUS, ("run",), ("demo",)):
        cases.append(
            Case(
                f"{command[0]}: a name that is too long",
                command,
                1,
                ("C360_DATA_DIR",),
                environment={"C360_DATA_DIR": f"{{folder}}/{long}"},
            )
        )
    return cases
