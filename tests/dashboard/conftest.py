"""A published model of the contract's shape for every dashboard test."""

from __future__ import annotations

import pytest

from orchestration.settings import Settings
from tests.dashboard import published_model


@pytest.fixture
def published(settings: Settings) -> Settings:
    """Settings of an installation that has published."""
    published_model.write(settings.published_path)
    return settings
