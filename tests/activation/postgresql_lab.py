"""A table of PostgreSQL as the other end of syncs, with breaks around commits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import adbc_driver_postgresql.dbapi as driver

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.kinds import Destination
from orchestration.activation.destinations.postgresql import PostgresqlDestination
from orchestration.activation.targets.postgresql import PostgresqlTarget
from orchestration.activation.targets.protocol import Result, Row
from tests.activation.lab import Lab
from tests.postgresql import OWNER, Server

FILE = f"""
title: Shop's database
owner: team:marketing
kind: postgresql
host: HOST
database: postgres
user: {OWNER}
table: crm.audience
batch: BATCH
marketing_actions: [email_targeting]
"""
TABLE = """
    create table crm.audience (
        profile_id text primary key, email text, name text,
        note text not null default 'ours', check (name <> 'Eve')
    )
"""


class Breaking(PostgresqlTarget):
    """A target whose process ends, or whose connection breaks, around commits."""

    breaks: Callable[[str], None] = staticmethod(lambda moment: None)

    def _opened(self) -> Any:
        is_new = self._connection is None
        connection = super()._opened()
        if is_new:
            commit = connection.commit

            def commits() -> None:
                self.breaks("before")
                commit()
                self.breaks("after")

            connection.commit = commits
        return connection


def target(destination: Destination, sync: Sync) -> Breaking:
    assert isinstance(destination, PostgresqlDestination)
    return Breaking(destination, sync, lambda _: None)


def define(lab: Lab, there: Server, mode: str = "mirror", more: str = "", batch: int = 7) -> None:
    lab.receiver.batch = batch
    lab.define(mode, more, destination=FILE.replace("HOST", str(there.folder)))


def single(there: Server, mode: str = "mirror", nulls: str = "omit", **more: Any) -> Breaking:
    """A target by itself."""
    sync = Sync.model_validate({
        "title": "T", "owner": "team:marketing", "destination": "d", "segment": "s", "mode": mode,
        "purpose": "p", "channel": "email", "nulls": nulls,
        "columns": {"email": "profile.profiles.email", "name": "profile.profiles.given_name"},
    })  # fmt: skip
    destination = PostgresqlDestination.model_validate({
        "title": "T", "owner": "team:marketing", "kind": "postgresql", "host": str(there.folder),
        "database": "postgres", "user": OWNER, "table": "crm.audience",
        "marketing_actions": ["email_targeting"], **more,
    })  # fmt: skip
    return target(destination, sync)


def rows(*names: str | None) -> list[Row]:
    return [
        Row(f"p{n}", json.dumps({"name": name} if name else {})) for n, name in enumerate(names)
    ]


def lost(*moments: str) -> Callable[[str], None]:
    """Breaks the connection at the first commits' moments."""
    left = list(moments)

    def breaks(moment: str) -> None:
        if left and left[0] == moment:
            left.pop(0)
            raise driver.OperationalError("gone", status_code=10)  # type: ignore[arg-type]

    return breaks


def outcomes(results: Sequence[Result]) -> list[str]:
    return [f"{r.outcome} {r.reason}".strip() for r in results]
