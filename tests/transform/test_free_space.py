"""The room that a step asks for is that of what it will write."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest import state
from orchestration.ingest.sql import literal
from orchestration.runs.before import look_before
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.warehouse import RESERVED_BYTES, open_writer

FILE_BYTES = 400_000_000


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    """A landing folder with one large file, which was loaded."""
    settings = Settings(tmp_path / "data", tmp_path / "landing", DBT_PROJECT_DIR)
    settings.data_dir.mkdir()
    settings.landing_dir.mkdir()
    with (settings.landing_dir / "a.csv").open("wb") as file:
        file.truncate(FILE_BYTES)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        state.prepare(con)
        con.execute(
            "insert into operations.source_files by name "
            f"select {literal('a.csv')} as source_file, {FILE_BYTES} as file_bytes"
        )
    return settings


def free(monkeypatch: pytest.MonkeyPatch, amount: int) -> None:
    usage = type("Usage", (), {"free": amount})
    monkeypatch.setattr("orchestration.warehouse.shutil.disk_usage", lambda _: usage)


def look(settings: Settings) -> None:
    look_before(settings, lambda: open_writer(settings.warehouse_path))


def test_without_news_a_run_asks_for_its_reserve_only(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, RESERVED_BYTES)
    look(installation)
    free(monkeypatch, RESERVED_BYTES - 1)
    with pytest.raises(UserError, match="GB free, and a run may need"):
        look(installation)


def test_a_new_file_asks_for_room(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (installation.landing_dir / "b.csv").write_bytes(b"x" * 1000)
    free(monkeypatch, RESERVED_BYTES + 3000)
    look(installation)
    free(monkeypatch, RESERVED_BYTES + 2999)
    with pytest.raises(UserError, match="GB free, and what is to be loaded may need"):
        look(installation)
