"""What the sources look like from outside: another text when, and only when, there is news."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.ingest import Column, SourceTable, watch
from orchestration.ingest.watch import UNREACHABLE, source_states
from orchestration.settings import Settings

SHOP = SourceTable("shop", "orders", "shop__orders", "csv", "shop/**/*.csv", (Column("id"),))
CARDS = SourceTable(
    "cards", "members", "cards__members", "sqlite", "cards/*.sqlite", (Column("id"),)
)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_files_count_by_more_than_size_and_time(settings: Settings) -> None:
    nothing = source_states(settings, [SHOP])
    path = put(settings.landing_dir / "shop" / "a.csv", "id\n1\n")
    first = source_states(settings, [SHOP])
    assert first != nothing
    assert first == source_states(settings, [SHOP]), "nothing has changed"
    before = path.stat()
    time.sleep(0.02)  # one tick of the file system's clock
    path.write_text("id\n2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = source_states(settings, [SHOP])
    assert second != first, "same size, same time, other content"
    put(settings.landing_dir / "shop" / "2026" / "b.csv", "id\n1\n")
    assert source_states(settings, [SHOP]) != second
    put(settings.landing_dir / "shop" / "readme.txt", "no source")
    put(settings.landing_dir / "other" / "c.csv", "id\n1\n")
    (settings.landing_dir / "shop" / "2026" / "b.csv").unlink()
    assert source_states(settings, [SHOP]) == second, "what no table reads is no news"


def test_a_file_outside_of_the_landing_folder(settings: Settings, tmp_path: Path) -> None:
    path = put(tmp_path / "elsewhere" / "a.csv", "id\n1\n")
    table = replace(SHOP, path=str(path.parent / "*.csv"))
    first = source_states(settings, [table])
    put(path, "id\n1\n2\n")
    assert source_states(settings, [table]) != first


def test_what_is_in_the_log_of_a_database(settings: Settings) -> None:
    path = settings.landing_dir / "cards" / "a.sqlite"
    path.parent.mkdir(parents=True)
    writer = sqlite3.connect(path)
    writer.execute("pragma journal_mode = wal")
    writer.execute("create table members (id text)")
    writer.commit()
    first = source_states(settings, [CARDS])
    main = path.stat()
    writer.execute("insert into members values ('1')")
    writer.commit()
    assert path.stat().st_mtime_ns == main.st_mtime_ns, "the row stands in the log alone"
    assert source_states(settings, [CARDS]) != first
    writer.close()


def test_a_file_that_waits_is_no_news_until_it_is_complete(settings: Settings) -> None:
    table = replace(SHOP, completeness_marker=".fin")
    put(settings.landing_dir / "shop" / "a.csv", "id\n1\n")
    first = source_states(settings, [table])
    assert first == source_states(
        Settings(settings.data_dir, settings.data_dir / "no", Path()), [table]
    )
    put(settings.landing_dir / "shop" / "a.csv.fin", "")
    assert source_states(settings, [table]) != first


def test_a_server_that_is_not_there_or_does_not_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "ANSWER_SECONDS", 1.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # accepts, and never says a word
        port = silent.getsockname()[1]
        gone, mute = (f"postgresql://u@127.0.0.1:{p}/d" for p in (1, port))
        tables = [
            SourceTable("gone", "t", "gone__t", "postgresql", "", (), url=gone),
            SourceTable("mute", "t", "mute__t", "postgresql", "", (), url=mute),
            SourceTable(
                "env", "t", "env__t", "postgresql", "", (), url=mute, password_env="NOT_SET"
            ),
        ]
        for _ in range(2):  # the second time nobody waits for the one that is still asked
            started = time.monotonic()
            states = source_states(settings, tables)
            assert time.monotonic() - started < 4
            assert states == dict.fromkeys(["gone.t", "mute.t", "env.t"], UNREACHABLE)


def test_a_link_that_leads_out_raises_nothing(settings: Settings, tmp_path: Path) -> None:
    outside = put(tmp_path / "secret.csv", "id\n1\n")
    (settings.landing_dir / "shop").mkdir(parents=True)
    (settings.landing_dir / "shop" / "a.csv").symlink_to(outside)
    assert source_states(settings, [SHOP]) == {"shop.orders": UNREACHABLE}


def test_dagster_is_not_needed() -> None:
    code = "import sys, orchestration.ingest.watch; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
