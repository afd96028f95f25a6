"""The people of the last published run, in a file that nothing but the customer page reads.

A run that has published writes what looking people up needs into a new file beside the old one and
takes the old one away. So the page never opens the warehouse, waits for no run and stops none.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import literal, quoted
from orchestration.layers_reader import ShownTable, shown_tables
from orchestration.lookup.layers import NEEDED
from orchestration.lookup.person import SECTIONS
from orchestration.segment_tools import kept
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import cannot_open

FORM = 2
"""Counts up when what is written here changes, so that the next run writes it again."""
CATALOG = "c360_people"
ROWS_IN_A_GROUP = 8192
"""A look reads a group of rows of each table, so small ones; usual are fifteen times as many."""
READ = NEEDED | {table for section in SECTIONS for table in section.tables}
READ |= {
    "policy.identity_namespaces", "value.profile_measures", "segments.definitions",
    "segments.kept_out", "segments.membership_reasons", "segments.membership_clauses",
}  # fmt: skip
"""The tables of the layers that the page reads; what is not built yet is left out."""
SOUGHT_BY = {
    "profile.alternate_keys": "key_value, profile_id",
    "profile.search_terms": "term, profile_id",
    "policy.identity_namespaces": "",
    "policy.search_columns": "",
    "segments.definitions": "",
}
"""By what a table is sorted, so that a look reads a few of its blocks; all others by the person."""
PERSON = "profile_id"
STATES = """
select * from {catalog}.operations.segment_clause_states
where as_of_on = (select max(as_of_on) from {catalog}.operations.segment_clause_days)
order by profile_id
"""
# What was made of the layers that are read, and when: a run without news makes none of them.
MADE = """
select coalesce(string_agg(unique_id || build || finished_at::varchar, ' ' order by unique_id), '')
from operations.node_states
where status = 'success' and unique_id like 'model.%'
"""


def stores(settings: Settings) -> list[Path]:
    """The files that stand, the newest first."""
    return sorted(_folder(settings).glob("people-*.duckdb"), reverse=True)


def publish_people(settings: Settings, con: duckdb.DuckDBPyConnection) -> bool:
    """Write the people of the warehouse into a file of their own and take the former one away.

    The caller holds the writer lock, and what is in the warehouse has been published.

    Parameters:
        settings: paths.
        con: a connection to the warehouse.

    Returns:
        Whether a file was written; false where it would say the same as the one that stands.
    """
    tables = shown_tables(con, load_manifest(settings), with_personal_data=True)
    wanted = [table for table in tables if f"{table.schema}.{table.name}" in READ]
    # Not a set's own text, whose order is another one in every process.
    shown = [(t.schema, t.name, t.columns, t.condition, sorted(t.labelled)) for t in wanted]
    said = [str(FORM), repr(shown), *map(str, con.execute(MADE).fetchall())]
    digest = sha256("\n".join(said).encode()).hexdigest()[:16]
    standing = stores(settings)
    if standing and standing[0].stem.endswith(digest):
        return False
    folder = _folder(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in folder.glob(".people-*"):
        leftover.unlink()
    at = datetime.now(UTC)
    name = f"people-{at:%Y%m%dT%H%M%S%f}-{digest}.duckdb"
    part = folder / f".{name}"
    write_people(con, wanted, part, at)
    part.rename(folder / name)
    for former in standing:
        former.unlink(missing_ok=True)
    return True


def remove_people(settings: Settings) -> None:
    """Take every file of people away; whoever reads one reads on."""
    for file in stores(settings):
        file.unlink(missing_ok=True)


def write_people(
    con: duckdb.DuckDBPyConnection, tables: Sequence[ShownTable], part: Path, at: datetime
) -> None:
    """Write tables of the connection's own database into a new file.

    Parameters:
        con: to the warehouse.
        tables: what is shown of which.
        part: the file, which is not there yet.
        at: when it is published.
    """
    [(source,)] = con.execute("select current_database()").fetchall()
    con.execute(f"attach {literal(str(part))} as {CATALOG} (row_group_size {ROWS_IN_A_GROUP})")
    try:
        for table in tables:
            name = f"{table.schema}.{table.name}"
            con.execute(f"create schema if not exists {CATALOG}.{quoted(table.schema)}")
            default = PERSON if PERSON in table.columns else ""
            order = SOUGHT_BY.get(name, default)
            con.execute(
                f"create table {CATALOG}.{quoted(table.schema)}.{quoted(table.name)} as "
                f"{table.select(source)}" + (f" order by {order}" if order else "")
            )
        _write_operations(con, source)
        con.execute(f"create schema {CATALOG}.store")
        con.execute(f"create table {CATALOG}.store.published as select ?::timestamp as at", [at])
        con.execute(f"create table {CATALOG}.store.labelled (table_name string, name string)")
        for table in tables:
            for column in sorted(table.labelled):
                con.execute(
                    f"insert into {CATALOG}.store.labelled values (?, ?)",
                    [f"{table.schema}.{table.name}", column],
                )
    finally:
        con.execute(f"detach {CATALOG}")


def _write_operations(con: duckdb.DuckDBPyConnection, source: str) -> None:
    there = {
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() "
            "where database_name = ? and schema_name = 'operations'",
            [source],
        ).fetchall()
    }
    if not there.issuperset(kept.TABLES):
        return
    con.execute(f"create schema {CATALOG}.operations")
    for name in kept.TABLES:
        select = f"select * from {quoted(source)}.operations.{name}"
        if name == "segment_clause_states":
            select = STATES.format(catalog=quoted(source))
        con.execute(f"create table {CATALOG}.operations.{name} as {select}")


class People:
    """Gives connections to the newest file of people.

    One database stays open while no newer file is there; a look takes a cursor of it.

    Parameters:
        settings: paths.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._open: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the people of the last published run.

        Raises:
            UserError: no run has published any since the page was switched on.
        """
        with self._lock:
            cursor = self._newest().cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def _newest(self) -> duckdb.DuckDBPyConnection:
        for _ in range(3):  # a run may take a file away between looking and opening
            found = next(iter(stores(self._settings)), None)
            if found is None:
                break
            if found == self._path and self._open:
                return self._open
            try:
                opened = duckdb.connect(str(found), read_only=True)
            except duckdb.Error as error:
                if found.exists():
                    raise cannot_open(error, found) from None
                continue
            opened.execute("set timezone = 'UTC'")
            opened.execute("set threads = 2")
            opened.execute("set enable_external_access = false")
            opened.execute("set lock_configuration = true")
            # Looks that have begun go on in the former file, by their own cursors.
            if self._open:
                self._open.close()
            self._path, self._open = found, opened
            return opened
        raise UserError(
            "No people are published for the customer page yet. `c360 run` does it, with "
            "C360_USERS_FILE set as here. docs/customer-page.md describes it.",
            3,
        )

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            if self._open:
                self._open.close()
            self._path = self._open = None


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "customers"
