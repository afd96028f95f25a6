"""The demo company's files, large enough for the purchase process to show, and CDNOW built."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from orchestration.demo import DemoParameters, generate
from tests.conftest import require_shared
from tests.demo.demo_files import Company as DemoFiles
from tests.value.lab import Lab
from tests.value.purchases import Purchase, cdnow

END = date(1998, 6, 30)


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    folder = tmp_path_factory.mktemp("demo_files")
    generate(DemoParameters(customers=8_000), folder / "landing", folder / "truth")
    return DemoFiles(folder / "landing", folder / "truth")


@pytest.fixture(scope="session")
def purchases() -> list[Purchase]:
    return cdnow(require_shared("cdnow"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, purchases: list[Purchase]) -> Iterator[Lab]:
    """CDNOW with nine months held out, as published."""
    made = Lab(tmp_path_factory.mktemp("lifetime"))
    made.set(horizon_months=9, discount_rate_per_year=0)
    made.fill(purchases, END)
    made.build()
    yield made
