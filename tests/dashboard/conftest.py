"""A published model of the contract's shape for every dashboard test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.dashboard import published_model


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file, written once."""
    return published_model.write(tmp_path_factory.mktemp("model") / "insights.duckdb")


@pytest.fixture
def published(settings: Settings, model: Path) -> Settings:
    """Settings of an installation that has published."""
    settings.published_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, settings.published_path)
    return settings
