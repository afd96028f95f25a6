"""The ten people of `ten_profiles`, published once for all tests of the session."""

from __future__ import annotations

import pytest

from orchestration.settings import Settings
from tests.conftest import settings_in
from tests.insights import ten_profiles


@pytest.fixture(scope="session")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an installation that has published them; nobody writes there."""
    settings = settings_in(tmp_path_factory.mktemp("ten_profiles"))
    ten_profiles.write(settings.published_path)
    return settings
