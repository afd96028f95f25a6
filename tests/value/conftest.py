"""The demo company's files, large enough for the purchase process to show."""

from __future__ import annotations

import pytest

from orchestration.demo import DemoParameters, generate
from tests.demo.demo_files import Company as DemoFiles


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    folder = tmp_path_factory.mktemp("demo_files")
    generate(DemoParameters(customers=8_000), folder / "landing", folder / "truth")
    return DemoFiles(folder / "landing", folder / "truth")
