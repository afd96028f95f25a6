"""SQLite files are more than one file: logs of committed rows, logs of what is to be undone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from orchestration.ingest import Column, LoadedTable, SourceTable, load_all
from orchestration.settings import Settings

CARDS = SourceTable(
    "cards", "members", "cards__members", "sqlite", "cards/**/*.sqlite*", (Column("id"),)
)


@pytest.fixture
def landing(settings: Settings) -> Path:
    (settings.landing_dir / "cards").mkdir(parents=True)
    return settings.landing_dir


def loaded(settings: Settings, table: SourceTable) -> LoadedTable:
    return load_all(settings, [table])[0]


def ids(settings: Settings, table: SourceTable) -> list[str]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        rows = con.execute(f"select id from landing.{table.identifier} order by 1").fetchall()
    return [row[0] for row in rows]


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
