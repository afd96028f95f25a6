"""Connections to database servers: bounded in time, with a password that stands in no file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from orchestration.errors import UserError
from orchestration.ingest.addresses import is_ambiguous, without_password, without_secrets
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.sql import first_line

CONNECT_SECONDS = 10


@contextmanager
def connect(address: str, table: SourceTable | None = None) -> Iterator[Any]:
    """A connection to a PostgreSQL server that gives up when nobody answers.

    Parameters:
        address: its URL.
        table: the declared table, whose `password_env` names the variable with the password.

    Raises:
        UserError: the address can't be understood, or the variable is not set.
        adbc_driver_postgresql.dbapi.Error: the server can't be reached; `said` makes it a text.
    """
    import adbc_driver_postgresql.dbapi as postgresql

    with postgresql.connect(_complete(address, table)) as connection:
        yield connection


def said(error: Exception, address: str, table: SourceTable | None = None) -> str:
    """What a driver said, in one line without values and secrets."""
    return without_secrets(without_secrets(first_line(error), address), _complete(address, table))


def _complete(address: str, table: SourceTable | None) -> str:
    if is_ambiguous(address):
        raise UserError(
            f"The address {without_password(address)} can't be understood: percent-encode what is "
            "special in it (@ as %40, / as %2F, & as %26, % as %25), or better leave the password "
            "out and give it as PGPASSWORD or in ~/.pgpass.",
            2,
        )
    added = {}
    if not re.search(r"[?&]connect_timeout=", address):
        added["connect_timeout"] = str(CONNECT_SECONDS)
    variable = table.password_env if table else None
    if table and variable:
        password = os.environ.get(variable)
        if not password:
            raise UserError(
                f"Source {table.label} takes its password from the environment variable "
                f"{variable}, which is not set. Set it for the run, or change meta.password_env in "
                f"{table.declared_in or 'the sources YAML'}."
            )
        added["password"] = password
    parameters = "&".join(f"{key}={quote(value, safe='')}" for key, value in added.items())
    return address + ("&" if "?" in address else "?") * bool(parameters) + parameters
