"""What tests share: one small company that has been through the whole chain, copied per test."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, Settings
from tests import parsed as parsed_once
from tests import preloaded

if TYPE_CHECKING:
    from tests.postgresql import Server

SHARED_DATA = PROJECT_ROOT.parent / "shared" / "data"
CUSTOMERS = 600
SELDOM = (100_000, 20, 100)
LONGEST = (
    "end_to_end/test_refresh.py",
    "end_to_end/test_own_data.py",
    "sources/test_added_end_to_end.py",
    "identity/test_profiles_hold_their_rules.py",
    "refresh/test_profile_refresh.py",
    "end_to_end/test_interruptions.py",
    "sources/test_add_data_sets.py",
    "identity/test_matching.py",
)
"""Files that take longest, begun first (`make test` keeps this order): at the end, one would keep
one of two processes waiting. While the first makes the company, the next four do without."""


def pytest_configure() -> None:
    """Look for garbage seldom: Python would walk all that dbt and Dagster keep, time and again."""
    gc.set_threshold(*SELDOM)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of `LONGEST` first; all others stay in their order."""
    places = {PROJECT_ROOT / "tests" / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@dataclass(frozen=True)
class Company:
    """A data folder after a run, with the means to run `c360` over it."""

    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        """The environment that points `c360` to this folder."""
        return {
            **os.environ,
            "C360_DATA_DIR": str(self.settings.data_dir),
            "C360_LANDING_DIR": str(self.settings.landing_dir),
            "C360_DBT_PROJECT_DIR": str(self.settings.dbt_project_dir),
            "COLUMNS": "200",
        }

    def c360(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        return preloaded.c360(arguments, self.environment, PROJECT_ROOT, timeout)

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        """A connection to the warehouse."""
        return duckdb.connect(str(self.settings.warehouse_path))

    def published(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection to what is published."""
        return duckdb.connect(str(self.settings.published_path), read_only=True)


def settings_in(data_dir: Path, project: Path = DBT_PROJECT_DIR) -> Settings:
    """Settings of an installation below `data_dir`."""
    return Settings(data_dir, data_dir / "landing", project)


def require_shared(name: str) -> Path:
    """A folder of the shared data sets; skips where they are absent."""
    folder = SHARED_DATA / name
    if not folder.is_dir():
        pytest.skip(f"the shared data set {name} is not on this machine ({folder})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the one parse of the project lies that tests go on from."""
    shared, _ = _folders(tmp_path_factory)
    parsed_once.folder = shared.parent / "parsed"


@pytest.fixture(scope="session")
def finished_company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A small demo company after one successful run. Read it; don't change it."""
    shared, own = _folders(tmp_path_factory)
    with (shared.parent / "company.lock").open("w") as lock:
        # Of several processes of tests one makes the company, the others copy it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "first_run.txt").exists():
            shutil.rmtree(shared, ignore_errors=True)
            _make_company(Company(settings_in(shared)))
        if own != shared:
            copied(shared, own)
    return Company(settings_in(own))


def copied(folder: Path, to: Path) -> None:
    """Copy a data folder: two thousand small files, which the system's own tool copies sooner."""
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)


def _folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    own = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return own / "company", own / "company"
    return own.parent / "company", own / "company"


def _make_company(company: Company) -> None:
    parsed_once.parsed(company.settings)
    made = company.c360("demo", "--customers", str(CUSTOMERS))
    assert made.returncode == 0, made.stderr
    ran = company.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (company.settings.data_dir / "first_run.txt").write_text(ran.stdout)


@pytest.fixture
def company(finished_company: Company, tmp_path: Path) -> Company:
    """A copy of the finished company that a test may break."""
    copy = tmp_path / "data"
    copied(finished_company.settings.data_dir, copy)
    return Company(settings_in(copy))


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings of an empty installation."""
    yield settings_in(tmp_path / "data")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server for all tests that need one."""
    from tests.postgresql import running

    with running() as server:
        yield server
