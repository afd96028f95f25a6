"""The three pages, started once, with a login."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from orchestration.settings import Settings
from tests.conftest import Company, copied, settings_in
from tests.dashboard import published_model
from tests.web.serving import Served, login_in, page

SECRET = "nobody may read this over a page"


@pytest.fixture(scope="module")
def installation(finished_company: Company, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A company after a run, with what must not get out beside and within its data docs."""
    settings = settings_in(tmp_path_factory.mktemp("web") / "data")
    copied(finished_company.settings.data_dir, settings.data_dir)
    (settings.data_dir / "secret.txt").write_text(SECRET)
    (settings.data_docs_dir / "link.txt").symlink_to(settings.data_dir / "secret.txt")
    (settings.data_docs_dir / "up").symlink_to(settings.data_dir)
    os.mkfifo(settings.data_docs_dir / "pipe.html")
    return settings


@pytest.fixture(scope="module")
def dagster(installation: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`c360 ui` with a login."""
    with page(installation, "ui", **login_in(tmp_path_factory.mktemp("login"))) as served:
        yield served


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`c360 dashboard` with a login."""
    settings = settings_in(tmp_path_factory.mktemp("shown"))
    published_model.write(settings.published_path)
    with page(settings, "dashboard", **login_in(tmp_path_factory.mktemp("login"))) as served:
        yield served
