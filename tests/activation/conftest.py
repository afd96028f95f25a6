"""What tests of syncs over a real warehouse share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from orchestration.activation import definitions
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.activation.postgresql_lab import TABLE
from tests.conftest import Company, copied
from tests.postgresql import Server


@pytest.fixture(scope="module")
def installed(
    finished_company: Company, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A copy of the company's warehouse, with files of syncs that can be changed."""
    folder = tmp_path_factory.mktemp("leaving")
    data = folder / "data"
    copied(finished_company.settings.data_dir, data)
    shutil.copytree(DBT_PROJECT_DIR / "activation", folder / "activation")
    with pytest.MonkeyPatch.context() as patch:
        # An absolute folder stands in for that of the project, which need not be parsed again.
        patch.setattr(definitions, "FOLDER", folder / "activation")
        yield Settings(data, data / "landing", DBT_PROJECT_DIR)
    shutil.rmtree(folder)


@pytest.fixture
def rules(installed: Settings) -> Iterator[Settings]:
    """The same installation, whose files are put back."""
    folder = installed.dbt_project_dir / definitions.FOLDER
    before = {path: path.read_text() for path in folder.rglob("*.yml")}
    yield installed
    for path in folder.rglob("*.yml"):
        path.unlink()
    for path, text in before.items():
        path.write_text(text)


@pytest.fixture
def there(postgresql: Server) -> Iterator[Server]:
    postgresql.sql("create schema crm")
    postgresql.sql(TABLE)
    yield postgresql
    postgresql.sql("drop schema crm cascade")
