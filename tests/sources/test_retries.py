"""What is tried again and what is not: the policy, and loads from what comes back."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest import Column, SourceTable, load_all, sqlite_files
from orchestration.retries import (
    PAUSES_SECONDS,
    PassingError,
    can_pass,
    pauses,
    retrying,
    user_error,
)
from orchestration.settings import Settings
from tests.sources.test_postgresql import CREATE, Sql, declared, rows, server

__all__ = ["server"]


class DatabaseError(Exception):
    """As ADBC's, with an SQLSTATE."""

    def __init__(self, text: str, sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


PASSING = [
    duckdb.IOException('Could not set lock on file "w.duckdb": Conflicting lock is held in x'),
    DatabaseError("[libpq] Failed to connect: connection to server failed: Connection refused"),
    DatabaseError("FATAL:  the database system is starting up"),
    DatabaseError("FATAL:  sorry, too many clients already"),
    DatabaseError("[SQLite] Failed to prepare query: database is locked"),
    DatabaseError("ERROR", "57P01"),
    DatabaseError("ERROR", "08006"),
    DatabaseError("ERROR", "40001"),
    ConnectionResetError("reset"),
    TimeoutError("late"),
    PassingError("away"),
]
STAYING = [
    DatabaseError('password authentication failed for user "x"', "28P01"),
    DatabaseError("[libpq] Failed to connect: FATAL:  password authentication failed"),
    DatabaseError(
        "[libpq] Failed to connect: could not translate host name: Name or service not known"
    ),
    DatabaseError('FATAL:  database "x" does not exist', "3D000"),
    DatabaseError('relation "x" does not exist', "42P01"),
    DatabaseError("permission denied for table x", "42501"),
    DatabaseError("file is not a database"),
    duckdb.BinderException("Unique file handle conflict"),
    duckdb.IOException("The file is not a valid DuckDB database file"),
    duckdb.OutOfMemoryException("failed to allocate"),
    PermissionError("no"),
    FileNotFoundError("no"),
    UserError("a mistake"),
    ValueError("a mistake of ours"),
]


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_what_can_pass(error: Exception) -> None:
    assert can_pass(error)
    assert isinstance(user_error(error, "x"), PassingError)


@pytest.mark.parametrize("error", STAYING, ids=str)
def test_what_cannot_pass(error: Exception) -> None:
    assert not can_pass(error)
    assert not isinstance(user_error(error, "x"), PassingError)


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def action() -> str:
        if left:
            raise left.pop()
        return "done"

    return action


@pytest.mark.parametrize("times", range(4))
def test_three_more_tries_with_the_stated_pauses(times: int) -> None:
    slept: list[float] = []
    told: list[str] = []
    error = TimeoutError()
    assert retrying(failing(times, error), "x", told.append, sleep=slept.append) == "done"
    assert slept == list(PAUSES_SECONDS[:times])
    assert len(told) == times
    if told:
        assert told[0].startswith("x: ") and told[0].endswith("try 2 of 4 in 5 s")


def test_then_it_is_given_up_with_the_last_error() -> None:
    slept: list[float] = []
    with pytest.raises(TimeoutError):
        retrying(failing(4, TimeoutError()), "x", sleep=slept.append)
    assert slept == list(PAUSES_SECONDS)


def test_what_stays_is_told_at_once() -> None:
    slept: list[float] = []
    with pytest.raises(UserError):
        retrying(failing(1, UserError("no")), "x", sleep=slept.append)
    assert slept == []


def test_what_is_said_of_a_try_holds_no_words_of_the_server() -> None:
    told: list[str] = []
    error = DatabaseError("connection refused (secret ann@example.org)")
    retrying(failing(1, error), "x", told.append, sleep=lambda _: None)
    assert "ann" not in told[0] and "connection refused" in told[0]


@pytest.mark.parametrize(
    ("given", "expected"), [("", PAUSES_SECONDS), ("0", ()), ("1", (1.0,)), ("0.5, 2", (0.5, 2.0))]
)
def test_other_pauses(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: tuple[float, ...]
) -> None:
    monkeypatch.setenv("C360_RETRY_PAUSES", given)
    assert pauses() == expected


@pytest.mark.parametrize("given", ["x", "-1", "1,,2", "nan", "inf", "99999", ",".join("1" * 21)])
def test_pauses_that_are_none(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("C360_RETRY_PAUSES", given)
    with pytest.raises(UserError, match="C360_RETRY_PAUSES"):
        pauses()


def test_a_server_that_comes_back(
    settings: Settings, server: tuple[str, Sql, Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, sql, control = server
    sql(CREATE)
    control("stop")
    monkeypatch.setenv("C360_RETRY_PAUSES", "0.5,1,2,4,8,16")
    back = threading.Timer(0.7, control, ["start"])
    back.start()
    said: list[str] = []
    try:
        (loaded,) = load_all(settings, [declared(url)], lambda what, *_: said.append(what))
    finally:
        back.join(60)
    assert (loaded.rows_loaded, loaded.failures) == (50, [])
    assert loaded.retries and set(loaded.retries) <= set(said)
    assert "shop.orders postgresql:public.orders" in loaded.retries[0]


def test_a_server_that_drops_the_connection_once(
    settings: Settings, server: tuple[str, Sql, Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of the rows: those of the first try are not there twice."""
    url, sql, _ = server
    sql(
        "drop table if exists orders; drop sequence if exists tries; create sequence tries; "
        "create or replace function boom(i int) returns text language plpgsql as $$ begin "
        "if i = 40000 and nextval('tries') = 1 then "
        "perform pg_terminate_backend(pg_backend_pid()); end if; "
        "return 'n' || i; end $$; create view orders as select i as id, boom(i) as name, "
        "1 as amount, now() as changed_at from generate_series(1, 50000) as i"
    )
    monkeypatch.setenv("C360_RETRY_PAUSES", "0.1")
    (loaded,) = load_all(settings, [declared(url)])
    sql("drop view orders")
    assert (loaded.rows_loaded, loaded.failures, len(loaded.retries)) == (50_000, [], 1)
    found = rows(settings, "select count(*), count(distinct id) from landing.shop__orders")
    assert found == [(50_000, 50_000)]


def test_a_missing_table_is_told_at_once(
    settings: Settings, server: tuple[str, Sql, Sql], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _, _ = server
    monkeypatch.setenv("C360_RETRY_PAUSES", "600")
    (loaded,) = load_all(settings, [replace(declared(url), database_table="public.none")])
    assert "has no table" in loaded.failures[0] and loaded.retries == []


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[int]]]:
    """A server that closes every connection, and how many there were."""
    seen: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                seen.append(1)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"postgresql://u@127.0.0.1:{listener.getsockname()[1]}/x?sslmode=disable", seen


def test_a_server_that_stays_away_is_waited_for_once_and_not_per_table(
    settings: Settings, refusing: tuple[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, seen = refusing
    monkeypatch.setenv("C360_RETRY_PAUSES", "0.1,0.1")
    tables = [replace(declared(url), table=f"t{n}", identifier=f"shop__t{n}") for n in range(4)]
    loaded = load_all(settings, tables)
    assert [len(entry.retries) for entry in loaded] == [2, 0, 0, 0]
    assert all("Check that the server runs" in entry.failures[0] for entry in loaded)
    assert len(seen) == 3 + 3


HOLD_SQLITE = "import sqlite3; con = sqlite3.connect(sys.argv[1]); con.execute('begin exclusive')"
HOLD_DUCKDB = "import duckdb; con = duckdb.connect(sys.argv[1])"


@contextmanager
def held(how: str, path: Path) -> Iterator[Callable[[], None]]:
    """Another process has the file open until the yielded function is called."""
    code = f"import sys; {how}; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin and holder.stdout and holder.stdout.readline() == b"held\n"
        yield holder.stdin.close


def test_a_locked_sqlite_file_is_waited_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings.landing_dir / "shop" / "shop.sqlite"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as con:
        con.execute("create table orders (id, name)")
        con.execute("insert into orders values (1, 'a'), (2, 'b')")
    con.close()
    # As if it were written all the time, so that it can only be read under SQLite's locks.
    monkeypatch.setattr(sqlite_files, "ATTEMPTS", 0)
    monkeypatch.setattr(sqlite_files, "BUSY_SECONDS", 0.1)
    path.with_name("shop.sqlite-journal").write_bytes(bytes(512))
    table = SourceTable(
        "shop", "orders", "shop__orders", "sqlite", "shop/*.sqlite", (Column("id"), Column("name"))
    )
    monkeypatch.setenv("C360_RETRY_PAUSES", "0.1,0.2,0.5,1,2,4,8")
    with held(HOLD_SQLITE, path) as let_go:

        def release(what: str, *_: int) -> None:
            if "can pass" in what:
                let_go()

        (loaded,) = load_all(settings, [table], release)
    assert (loaded.rows_loaded, loaded.failures) == (2, [])
    assert loaded.retries and "locked by another program" in loaded.retries[0]


def test_a_locked_warehouse_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    told: list[str] = []
    with held(HOLD_DUCKDB, path) as let_go:

        def release(sentence: str) -> None:
            told.append(sentence)
            let_go()

        waits = (0.1, 0.2, 0.5, 1, 2, 4)
        con: Any = retrying(lambda: duckdb.connect(str(path)), path.name, release, waits)
    con.close()
    assert "w.duckdb: could not set lock on file, which can pass" in told[0]
