"""Publishing swaps a whole, equal copy in; whatever goes wrong leaves the published file alone."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.publish import publish
from orchestration.settings import Settings


def build(settings: Settings, rows: int) -> None:
    path = settings.insights_build_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as insights (storage_version 'v1.0.0')")
        con.execute(f"create table insights.fact_profile as select range as n from range({rows})")


def rows_seen(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as con:
        row = con.execute("select count(*) from insights.fact_profile").fetchone()
    assert row
    return int(row[0])


def test_published_file_is_read_as_insights_and_read_only(settings: Settings) -> None:
    build(settings, 7)
    published = publish(settings)
    assert published.tables == {"fact_profile": 7}
    assert rows_seen(settings.published_path) == 7
    assert settings.published_path.stat().st_mode & 0o777 == 0o444


def test_open_reader_keeps_its_version_and_next_reader_sees_the_new(settings: Settings) -> None:
    build(settings, 7)
    publish(settings)
    reader = duckdb.connect(str(settings.published_path), read_only=True)
    build(settings, 9)
    publish(settings)
    assert reader.execute("select count(*) from insights.fact_profile").fetchone() == (7,)
    reader.close()
    assert rows_seen(settings.published_path) == 9


def test_nothing_is_published_from_an_empty_build(settings: Settings) -> None:
    build(settings, 7)
    publish(settings)
    settings.insights_build_path.unlink()
    duckdb.connect(str(settings.insights_build_path)).close()
    with pytest.raises(UserError, match="holds no tables"):
        publish(settings)
    assert rows_seen(settings.published_path) == 7


def test_missing_and_damaged_builds_are_refused_in_a_sentence(settings: Settings) -> None:
    with pytest.raises(UserError, match="c360 run"):
        publish(settings)
    build(settings, 7)
    publish(settings)
    settings.insights_build_path.write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match="can't be opened"):
        publish(settings)
    assert rows_seen(settings.published_path) == 7


def test_leftovers_of_a_killed_run_are_cleared(settings: Settings) -> None:
    build(settings, 7)
    publish(settings)
    leftover = settings.published_path.parent / ".insights.duckdb.12345"
    leftover.write_bytes(b"half a copy")
    stray_log = settings.published_path.with_name("insights.duckdb.wal")
    stray_log.write_bytes(b"a writing reader's log")
    build(settings, 8)
    publish(settings)
    assert not leftover.exists() and not stray_log.exists()
    assert rows_seen(settings.published_path) == 8
