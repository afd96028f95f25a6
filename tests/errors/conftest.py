"""The process that forks calls, and the states that data folders are copied from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orchestration.demo import DemoParameters, generate
from tests.conftest import settings_in
from tests.dashboard import published_model
from tests.errors.calls import Server
from tests.parsed import parsed


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The command line, called a hundred times for the price of one start."""
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Data folders to copy, by name: nothing, published, parsed."""
    folder = tmp_path_factory.mktemp("bases")
    published = folder / "published"
    published_model.write(settings_in(published).published_path)
    shutil.copytree(published, folder / "parsed")
    settings = parsed(settings_in(folder / "parsed"))
    few = DemoParameters(customers=20, seed=1, months=3, end_on=date(2026, 11, 1))
    generate(few, settings.landing_dir, settings.truth_dir, lambda *_: None)
    return {"published": published, "parsed": settings.data_dir}
