"""One demo company for all tests of its content: large enough for the purchase process to show."""

from __future__ import annotations

import pytest

from orchestration.demo import DemoParameters, generate
from tests.demo.demo_files import Company

CUSTOMERS = 30_800
"""Gives 20,000 buyers."""


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    generate(DemoParameters(customers=CUSTOMERS), folder / "landing", folder / "truth")
    return Company(folder / "landing", folder / "truth")
