"""The project that decisions are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.transform.project import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The project, built once."""
    with duckdb.connect() as memory:
        yield Shop(tmp_path, memory)
