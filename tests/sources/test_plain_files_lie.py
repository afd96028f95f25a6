"""Files that are not what they look like from outside: changed unseen, half elsewhere, no files."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest import Column, LoadedTable, SourceTable, load_all
from orchestration.ingest.assets import left_out_check
from orchestration.runs.before import build_all
from orchestration.settings import Settings

SHOP = SourceTable("shop", "orders", "shop__orders", "csv", "shop/**/*.csv", (Column("id"),))


@pytest.fixture
def landing(settings: Settings) -> Path:
    (settings.landing_dir / "shop").mkdir(parents=True)
    return settings.landing_dir


def loaded(settings: Settings, table: SourceTable = SHOP) -> LoadedTable:
    return load_all(settings, [table])[0]


def ids(settings: Settings, table: SourceTable = SHOP) -> list[str]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        rows = con.execute(f"select id from landing.{table.identifier} order by 1").fetchall()
    return [row[0] for row in rows]


def stamp(settings: Settings) -> str:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        ((found,),) = con.execute("select file_stamp from operations.source_files").fetchall()
    return str(found)


def changed_unseen(path: Path, text: str) -> None:
    """Write other content of the same size, and give the time of change back."""
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def grown_old(*paths: Path) -> None:
    """Wait until what was written last is older than any clock's tick."""
    while any(path.stat().st_ctime_ns > time.time_ns() - 2_100_000_000 for path in paths):
        time.sleep(0.1)


def test_a_change_without_other_size_and_time_is_read(settings: Settings, landing: Path) -> None:
    path = landing / "shop" / "a.csv"
    path.write_text("id\n1\n")
    loaded(settings)
    assert stamp(settings) == "", "a file as young as the look at it may change within one tick"
    changed_unseen(path, "id\n2\n")
    loaded(settings)
    assert ids(settings) == ["2"]
    grown_old(path)
    assert loaded(settings).files_read == 0
    assert stamp(settings), "an old file that was hashed is known by its stamp from then on"
    changed_unseen(path, "id\n3\n")
    loaded(settings)
    assert ids(settings) == ["3"]
    other = landing / "shop" / "b.tmp"
    grown_old(path)
    loaded(settings)
    other.write_text("id\n4\n")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    loaded(settings)
    assert ids(settings) == ["4"], "another file that took its name and time"


def test_rebuild_hashes_every_file_again(
    settings: Settings, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = landing / "shop" / "a.csv"
    path.write_text("id\n1\n")
    grown_old(path)
    loaded(settings)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        # As if an administrator had changed the file behind the kernel's back.
        con.execute("update operations.source_files set content_hash = 'another'")
    assert loaded(settings).files_read == 0
    with duckdb.connect(str(settings.warehouse_path)) as con:
        build_all(con)
    assert loaded(settings).files_read == 1


@pytest.fixture
def no_files(landing: Path) -> Iterator[dict[str, str]]:
    """All that can have a file's name without being one, and what is said of it."""
    folder = landing / "shop"
    os.mkfifo(folder / "pipe.csv")
    (folder / "away.csv").symlink_to(folder / "nowhere.csv")
    (folder / "circle.csv").symlink_to(folder / "circle.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(folder)  # the path of a socket may have 108 bytes
        try:
            listening.bind("socket.csv")
        finally:
            os.chdir(here)
        (folder / "deep").mkdir()
        (folder / "deep" / "round").symlink_to(folder)
        yield {
            "shop/pipe.csv": "a pipe",
            "shop/away.csv": "not there",
            "shop/circle.csv": "circle",
            "shop/zero.csv": "a device",
            "shop/socket.csv": "a socket",
            "shop/deep/round": "link to a folder",
        }


def test_what_is_no_file_is_told_and_nothing_waits_for_it(
    settings: Settings, landing: Path, no_files: dict[str, str]
) -> None:
    (landing / "shop" / "good.csv").write_text("id\n1\n")
    result = loaded(settings)
    assert (result.failures, ids(settings)) == ([], ["1"])
    assert set(result.set_aside) == set(no_files)
    for name, reason in no_files.items():
        assert reason in result.set_aside[name], name
    check = left_out_check([result])
    assert not check.passed
    assert "shop/pipe.csv" in str(check.description)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        rows = con.execute("select source_file from operations.ingest_log where action='set_aside'")
        assert {row[0] for row in rows.fetchall()} == set(no_files)
    pipe = replace(SHOP, path="shop/pipe.csv", identifier="shop__pipe", table="pipe")
    assert list(load_all(settings, [SHOP, pipe])[1].set_aside) == ["shop/pipe.csv"]
    with pytest.raises(UserError, match=r"shop/pipe.csv is left out: it is a pipe"):
        load_all(settings, [pipe])


def test_a_file_that_became_a_pipe_keeps_its_rows(settings: Settings, landing: Path) -> None:
    for name in ("a", "b"):
        (landing / "shop" / f"{name}.csv").write_text(f"id\n{name}\n")
    loaded(settings)
    (landing / "shop" / "a.csv").unlink()
    os.mkfifo(landing / "shop" / "a.csv")
    assert loaded(settings).failures == []
    assert ids(settings) == ["a", "b"]


def test_a_name_that_is_not_utf8_costs_its_own_file(settings: Settings, landing: Path) -> None:
    (landing / "shop" / "good.csv").write_text("id\n1\n")
    Path(os.fsdecode(os.fsencode(landing / "shop") + b"/ann\xe9e.csv")).write_text("id\n2\n")
    folder = Path(os.fsdecode(os.fsencode(landing / "shop") + b"/\xff"))
    folder.mkdir()
    (folder / "c.csv").write_text("id\n3\n")
    result = loaded(settings)
    assert (result.failures, ids(settings)) == ([], ["1"])
    assert sorted(result.set_aside) == ["shop/\\xff/c.csv", "shop/ann\\xe9e.csv"]
    assert all("UTF-8" in reason for reason in result.set_aside.values())


def test_a_folder_that_is_closed_stops_the_source_and_loses_no_row(
    settings: Settings, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = landing / "shop" / "closed"
    closed.mkdir()
    (closed / "a.csv").write_text("id\na\n")
    (landing / "shop" / "b.csv").write_text("id\nb\n")
    loaded(settings)
    (landing / "shop" / "c.csv").write_text("id\nc\n")
    scandir = os.scandir

    def refuse(path: Path | int) -> object:
        # Whoever runs the tests as root may look into every folder.
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("orchestration.ingest.patterns.os.scandir", refuse)
    (message,) = loaded(settings).failures
    assert "shop/closed" in message
    assert "Permission denied" in message
    assert ids(settings) == ["a", "b", "c"]
