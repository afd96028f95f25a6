"""The page over a few people, served once for a file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestration.customers.roles import Users, read_roles, read_users
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.conftest import settings_in
from tests.customers import people
from tests.customers.serving import served


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_in(tmp_path_factory.mktemp("customers"))
    people.publish(settings)
    return settings


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Users:
    roles = {**people.ROLES, "only": "persons_only"}
    policy = read_roles(DBT_PROJECT_DIR)
    # A role that may look at persons and at no aggregate page.
    may = {**policy.may, "persons_only": frozenset({"persons"})}
    policy = type(policy)(may, policy.shown, policy.idle_minutes, policy.longest_minutes)
    return read_users(people.users_file(tmp_path_factory.mktemp("users"), roles), policy)


@pytest.fixture(scope="module")
def address(shown: Settings, users: Users) -> Iterator[str]:
    with served(shown, users) as at:
        yield at
