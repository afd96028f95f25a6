"""A connection to the server of a PostgreSQL destination, whose table was looked at."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import adbc_driver_postgresql.dbapi as driver

from orchestration.activation.destinations.postgresql import PostgresqlDestination
from orchestration.activation.targets.network import allowed_addresses
from orchestration.activation.targets.postgresql_sql import COLUMNS, MARKERS, UNIQUE, Table
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.ingest.sql import quoted
from orchestration.segments.catalogue import nearest

PASSING = ("08", "40", "53", "55", "57")
"""Classes of codes after which the same may succeed."""
REMEDIES = {
    "42501": "the user may not do that. Grant select, insert, update and delete on the table, and "
    f"on {MARKERS} beside it, which it makes where it may create tables",
    "42804": "a column has another type than what comes",
}


def open_connection(destination: PostgresqlDestination, table: Table, password: str) -> Any:
    """Connect, and refuse a table that is not there or can't take the rows.

    Parameters:
        destination: its file.
        table: what is written.
        password: empty where libpq finds one.

    Raises:
        NotSentError: the host's name is not known.
        StopSyncError: the table can't take the rows, or the address is one of a private network.
        adbc_driver_postgresql.dbapi.Error: the server can't be reached or refuses.
    """
    connection = driver.connect(_address(destination, password))
    try:
        with connection.cursor() as cursor:
            _require_table(cursor, destination, table)
        connection.commit()
    except BaseException:
        with suppress(driver.Error):
            connection.close()
        raise
    return connection


def said(error: Exception, password: str) -> str:
    """What went wrong, without what the server quotes of rows, and without the password."""
    code = getattr(error, "sqlstate", None) or ""
    if code:
        return REMEDIES.get(code, f"error {code}")
    text = str(error).strip().splitlines()[0].rpartition("FATAL:")[2].strip()
    text = text.replace(password, "...") if password else text
    return text.rpartition(" failed: ")[2][:200]


def is_for_ever(error: Exception) -> bool:
    """Whether the same would happen again: a missing right, a wrong password, a wrong name."""
    code = getattr(error, "sqlstate", None) or ""
    if code:
        return not code.startswith(PASSING)
    return "authentication failed" in str(error) or "does not exist" in str(error)


def _address(there: PostgresqlDestination, password: str) -> str:
    """The server for libpq, with the addresses that were looked at and no others."""
    milliseconds = int(there.timeout_seconds * 1000)
    words: dict[str, object] = {
        "host": there.host, "port": there.port, "dbname": there.database, "user": there.user,
        "password": password, "connect_timeout": 10, "application_name": "customer-360",
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} "
        "-c idle_in_transaction_session_timeout=60000",
    }  # fmt: skip
    if not there.host.startswith("/"):
        addresses = list(allowed_addresses(there.host, there.port, there.private))
        words["hostaddr"] = ",".join(addresses)
        # libpq wants as many names as addresses.
        words["host"] = ",".join([there.host] * len(addresses))
        words |= {"tcp_user_timeout": 30_000, "keepalives_idle": 10, "keepalives_interval": 10}
    if not there.is_here:
        words |= {"sslmode": "verify-full", "sslrootcert": there.authority or "system"}
    return " ".join(f"{word}={_value(str(value))}" for word, value in words.items() if value)


def _value(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _require_table(cursor: Any, there: PostgresqlDestination, table: Table) -> None:
    """Refuse a table that can't take the rows, and make the markers' one where there is none."""
    cursor.execute(COLUMNS, [table.schema, table.name])
    columns = [name for (name,) in cursor.fetchall()]
    if not columns:
        raise StopSyncError(
            f"{there.database} has no table {there.table}. Create it with the columns "
            f"{', '.join(table.columns)}, or mend `table` in its file",
            [],
        )
    for name in table.columns:
        if name not in columns:
            raise StopSyncError(
                f"{there.table} has no column '{name}'{nearest(name, columns)}. Add it there, or "
                "give the column its name in the sync's file",
                [],
            )
    if table.needs_unique:
        cursor.execute(UNIQUE, [table.schema, table.name, table.sync.key])
        if not cursor.fetchone()[0]:
            raise StopSyncError(
                f"{there.table} may have several rows of one {table.sync.key}. Make it unique: "
                f"create unique index on {table.place} ({quoted(table.sync.key)})",
                [],
            )
    cursor.execute(
        "select count(*) from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname = $1 and c.relname = $2",
        [table.schema, MARKERS],
    )
    if not cursor.fetchone()[0]:
        cursor.execute(
            f"create table {table.markers} (batch text primary key, refused text not null, "
            "arrived_at timestamptz not null default now())"
        )
