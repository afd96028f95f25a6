"""Files that are not what they look like from outside: changed unseen, half elsewhere, no files."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest import Column, LoadedTable, SourceTable, load_all
from orchestration.ingest.assets import left_out_check
from orchestration.settings import Settings
from orchestration.transform.reuse import forget

SHOP = SourceTable("shop", "orders", "shop__orders", "csv", "shop/**/*.csv", (Column("id"),))
CARDS = SourceTable(
    "cards", "members", "cards__members", "sqlite", "cards/**/*.sqlite*", (Column("id"),)
)


@pytest.fixture
def landing(settings: Settings) -> Path:
    (settings.landing_dir / "shop").mkdir(parents=True)
    (settings.landing_dir / "cards").mkdir()
    return settings.landing_dir


def loaded(settings: Settings, table: SourceTable = SHOP) -> LoadedTable:
    return load_all(settings, [table])[0]


def ids(settings: Settings, table: SourceTable = SHOP) -> list[str]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        rows = con.execute(f"select id from landing.{table.identifier} order by 1").fetchall()
    return [row[0] for row in rows]


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
    changed_unseen(path, "id\n2\n")  # at once: the file is as young as the look at it
    loaded(settings)
    assert ids(settings) == ["2"]
    grown_old(path)
    assert loaded(settings).files_read == 0
    with duckdb.connect(str(settings.warehouse_path)) as con:
        (stamp,) = con.execute("select file_stamp from operations.source_files").fetchall()[0]
    assert stamp, "an old file that was hashed is known by its stamp from then on"
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
        forget(con)
    assert loaded(settings).files_read == 1


def test_rows_that_stand_in_the_log_of_a_database_are_read(
    settings: Settings, landing: Path
) -> None:
    path = landing / "cards" / "a.sqlite"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table members (id text)")
        writer.execute("insert into members values ('1')")
        writer.commit()
        assert loaded(settings, CARDS).failures == []
        assert ids(settings, CARDS) == ["1"]
        writer.execute("insert into members values ('2')")
        writer.commit()
        names = sorted(p.name for p in path.parent.iterdir())
        assert loaded(settings, CARDS).failures == []
        assert ids(settings, CARDS) == ["1", "2"], "the log's change is a change of the file"
        assert sorted(p.name for p in path.parent.iterdir()) == names
    # Closing has brought the log into the file.
    assert [p.name for p in path.parent.iterdir()] == ["a.sqlite"]
    assert loaded(settings, CARDS).failures == []
    assert ids(settings, CARDS) == ["1", "2"]
    assert [p.name for p in path.parent.iterdir()] == ["a.sqlite"], "nothing is left beside it"


def test_a_database_delivered_with_its_log_in_a_folder_that_is_only_to_be_read(
    settings: Settings, landing: Path, tmp_path: Path
) -> None:
    original = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(original)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table members (id text)")
        writer.commit()
        writer.execute("pragma wal_checkpoint(truncate)")
        writer.execute("insert into members values ('1')")
        writer.commit()
        for ending in ("", "-wal"):
            copy = landing / "cards" / f"a.sqlite{ending}"
            copy.write_bytes(original.with_name(original.name + ending).read_bytes())
            copy.chmod(0o444)
    (landing / "cards").chmod(0o555)
    try:
        assert loaded(settings, CARDS).failures == []
        assert ids(settings, CARDS) == ["1"]
        names = sorted(p.name for p in (landing / "cards").iterdir())
        assert names == ["a.sqlite", "a.sqlite-wal"]
    finally:
        (landing / "cards").chmod(0o755)
    (landing / "cards" / "a.sqlite-wal").unlink()
    assert loaded(settings, CARDS).failures == []
    assert ids(settings, CARDS) == [], "without its log it is an older state, and readable"
    (landing / "cards" / "a.sqlite-wal").write_bytes(b"no log of a database" * 100)
    assert loaded(settings, CARDS).failures == [], "SQLite takes what is no log for none"


def test_a_writer_beside_us_is_neither_disturbed_nor_read_halfway(
    settings: Settings, landing: Path
) -> None:
    path = landing / "cards" / "a.sqlite"
    with closing(sqlite3.connect(path)) as con:
        con.execute("pragma journal_mode = wal")
        con.execute("create table members (id text)")
        con.execute("insert into members values ('0'), ('0')")
        con.commit()
    ended, errors, written = threading.Event(), [], [0]

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=5)) as con:
            while not ended.is_set():
                try:
                    number = str(written[0] + 1)
                    con.execute("insert into members values (?), (?)", [number, number])
                    con.commit()
                    written[0] += 1
                except sqlite3.Error as error:
                    errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            seen = written[0]
            assert loaded(settings, CARDS).failures == []
            found = ids(settings, CARDS)
            assert len(found) == 2 * len(set(found)), "half of a pair"
            assert len(found) >= 2 * seen, "what was committed before the load is there"
    finally:
        ended.set()
        writer.join()
    assert errors == []
    assert loaded(settings, CARDS).failures == []
    assert len(ids(settings, CARDS)) == 2 * (written[0] + 1)


def test_a_change_that_was_interrupted_is_undone_in_the_copy(
    settings: Settings, landing: Path
) -> None:
    path = landing / "cards" / "a.sqlite"
    with closing(sqlite3.connect(path)) as con:
        con.execute("create table members (id text, filler text)")
        con.executemany(
            "insert into members values (?, ?)", [(str(i), "x" * 500) for i in range(300)]
        )
        con.commit()
    # A process that is killed in the middle of a change too large for its memory.
    code = (
        "import os, sqlite3, sys; con = sqlite3.connect(sys.argv[1]); "
        "con.execute('pragma cache_size = 5'); con.execute(\"update members set id = 'z'\"); "
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.with_name("a.sqlite-journal").stat().st_size > 0
    assert loaded(settings, CARDS).failures == []
    assert "z" not in ids(settings, CARDS)


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
