"""One PostgreSQL server for all tests of the doors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgresql import Server


@pytest.fixture(scope="session")
def server(postgresql: Server) -> Server:
    """The server with a role that publishes, one that may read, and one that may not."""
    postgresql.sql(
        "create role publisher login; create role analyst login; create role stranger login; "
        "grant create on database postgres to publisher"
    )
    return postgresql


@pytest.fixture
def door(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server declared as a door, empty."""
    monkeypatch.setenv("C360_POSTGRES_URL", server.url_of("publisher"))
    monkeypatch.setenv("C360_POSTGRES_READER", "analyst")
    yield server
    for name in ("insights", "insights__next", "insights__old", "others"):
        server.sql(f"drop schema if exists {name} cascade")
