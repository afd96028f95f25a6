"""The ten people's model, written once and only read."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.reporting_names import declared_names, open_names
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.warehouse import connect_published
from tests.reporting_names import ten_people


@pytest.fixture(scope="session")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation whose published file is that of the ten people."""
    data = tmp_path_factory.mktemp("ten")
    settings = Settings(data, data / "landing", DBT_PROJECT_DIR)
    ten_people.write(settings.published_path)
    return settings


@pytest.fixture(scope="session")
def con(ten: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A reader of it, as `c360 query` opens it."""
    with connect_published(ten) as con:
        open_names(con, declared_names())
        yield con
