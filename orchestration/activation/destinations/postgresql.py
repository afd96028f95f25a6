"""A destination that is a table of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from orchestration.activation.destinations.common import (
    THIS_MACHINE,
    BaseDestination,
    Secret,
    Text,
)

IDENTIFIER = r"[^.\x00-\x1f]{1,63}"


class PostgresqlDestination(BaseDestination):
    """A table of a PostgreSQL database, whose rows a sync inserts, changes and deletes.

    Attributes:
        host: a name or an address; a folder with a socket where it begins with `/`.
        port, database, user: as PostgreSQL has them.
        secret: the password; without, PostgreSQL's own ways of finding one.
        table: `schema.table`. Its columns have the types; we bring none.
        authority: a file with the certificates that sign the server's; the system's without.
        batch: rows of a transaction.
        private: addresses of private networks are allowed.
        timeout_seconds: for a statement.
    """

    is_table: ClassVar[bool] = True
    refuses: ClassVar[Mapping[str, str]] = {
        **BaseDestination.refuses,
        "audience": "an audience is a set of identifiers, and a table has rows. Take mirror.",
    }
    platform: ClassVar[str] = "PostgreSQL"
    kind: Literal["postgresql"]
    host: Text
    port: Annotated[int, Field(ge=1, le=65_535)] = 5432
    database: Text
    user: Text
    secret: Secret | None = None
    table: Annotated[str, Field(pattern=rf"^{IDENTIFIER}\.{IDENTIFIER}$")]
    authority: Text | None = None
    batch: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    private: bool = False
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 300

    @property
    def is_here(self) -> bool:
        """Whether the server is this machine."""
        return self.host in THIS_MACHINE or self.host.startswith("/")

    @property
    def may_repeat(self) -> bool:
        """A batch that comes twice would; the table says which have arrived, so none does."""
        return False
