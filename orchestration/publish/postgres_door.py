"""The PostgreSQL door: a version is loaded into a schema beside, which then takes the name.

Three transactions, and a kill after any of them leaves readers one whole version:

1. `<schema>__next` is made, with rows, keys, comments and rights.
2. Every table of `<schema>` is locked, which waits for transactions that have read one of them;
   both schemas are renamed. So a transaction that has read a table sees one version to its end.
3. The old schema is dropped.

Between the first two we wait for snapshots that are older than the first, because to them the new
rows would not exist. Locks are asked for briefly, and given back before PostgreSQL would look for
a deadlock (`deadlock_timeout`, 1 s): it is always we who try again, never a reader.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestration.errors import UserError
from orchestration.ingest import servers
from orchestration.ingest.sql import literal, quoted
from orchestration.publish.config import PASSWORD_FILE, READER, SCHEMA, Server
from orchestration.publish.postgres_tables import create_tables
from orchestration.publish.versions import Version

WAIT_SECONDS = 60.0
"""How long we wait for other publishers and for readers' transactions; then the next run tries."""
MOST_LOCK_MS = 500
"""For how long new readers may have to wait behind us; half of `deadlock_timeout` at most."""
PAUSE_SECONDS = 0.25
MARK = "Customer 360 reporting model, version "
LOCK_SPACE = 360
MET_A_READER = ("55P03", "57014", "40P01")
"""lock_not_available, query_canceled by our own timeout, deadlock_detected."""
OLD_SNAPSHOTS = """
    select pid, backend_xmin::text from pg_stat_activity
    where datname = current_database() and usesysid is not null
        and pid <> pg_backend_pid() and backend_xmin is not null
"""
TABLES = """
    select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind in ('r', 'p') order by c.relname
"""
BUILT_UPON = """
    select distinct c.oid::regclass::text
    from pg_depend as d
    join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    join pg_class as c on c.oid = r.ev_class
    join pg_class as t on d.refclassid = 'pg_class'::regclass and t.oid = d.refobjid
    join pg_namespace as n on n.oid = t.relnamespace
    where n.nspname = $1 and c.oid <> t.oid
    order by 1
"""


@dataclass(frozen=True)
class Door:
    """An open connection to the server and what is to be replaced there.

    Attributes:
        connection: ADBC's, in whose transactions everything happens.
        server: the declared server.
    """

    connection: Any
    server: Server

    @property
    def next(self) -> str:
        """The schema that is being made."""
        return f"{self.server.schema}__next"

    @property
    def old(self) -> str:
        """The schema that was replaced and is to be dropped."""
        return f"{self.server.schema}__old"

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def show(server: Server, version: Version) -> None:
    """Load a version into the server, unless that has it, and show it.

    Parameters:
        server: the declared server.
        version: a kept version.

    Raises:
        UserError: what the server or a reader stands in the way with; no secret is in it.
    """
    import adbc_driver_postgresql.dbapi as postgresql

    address = server.complete()
    try:
        with servers.connect(address) as connection:
            door = Door(connection, server)
            until = time.monotonic() + WAIT_SECONDS
            _be_alone(door, until)
            _refuse_others(door)
            if _marks(door).get(server.schema) != _mark(version):
                xids = _load(door, version)
                _wait_for(xids, until)
                _swap(door, until)
            _clear_old(door)
    except postgresql.Error as error:
        raise UserError(
            f"PostgreSQL: {servers.said(error, address)}. {_remedy(error.sqlstate or '')}"
        ) from None


def _mark(version: Version) -> str:
    return f"{MARK}{version.name}, as of {version.as_of}, sha256 {version.proof.sha256}"


def _marks(door: Door) -> dict[str, str]:
    """Comments of the schemas that we may replace, by schema; empty for one without."""
    found = door.rows(
        "select nspname::text, coalesce(obj_description(oid, 'pg_namespace'), '') "
        "from pg_namespace where nspname in ($1, $2, $3)",
        door.server.schema,
        door.next,
        door.old,
    )
    return {str(name): str(text) for name, text in found}


def _be_alone(door: Door, until: float) -> None:
    """Two publishers of one schema follow each other. The lock ends with the connection."""
    while not door.rows(
        "select pg_try_advisory_lock($1::int, hashtext($2))", LOCK_SPACE, door.server.schema
    )[0][0]:
        door.connection.commit()
        _pause(until, f"another publisher is at work on the schema {door.server.schema}")
    door.connection.commit()


def _refuse_others(door: Door) -> None:
    """A schema that we have not made, and what others have built upon ours, are not for us."""
    for schema, text in _marks(door).items():
        if not text.startswith(MARK):
            raise UserError(
                f"PostgreSQL: the schema {schema} was not made by this program, so it is not "
                f"replaced. Name another one with {SCHEMA}, or drop it."
            )
    built = [str(name) for (name,) in door.rows(BUILT_UPON, door.server.schema)]
    if built:
        raise UserError(
            f"PostgreSQL: {', '.join(built[:5])} read tables of the schema {door.server.schema} "
            "and would be lost with them. Drop these views, and make what they show a model of "
            "the dbt project instead."
        )


def _load(door: Door, version: Version) -> Callable[[], bool]:
    """Make the new schema; gives a question: are snapshots of before still in use?"""
    _drop(door, door.next)
    schema = quoted(door.next)
    with door.connection.cursor() as cursor:
        cursor.execute(f"create schema {schema}")
        cursor.execute(f"comment on schema {schema} is {literal(_mark(version))}")
        create_tables(cursor, version, door.next)
        if door.server.reader:
            reader = quoted(door.server.reader)
            cursor.execute(f"grant usage on schema {schema} to {reader}")
            cursor.execute(f"grant select on all tables in schema {schema} to {reader}")
    door.connection.commit()
    before = set(door.rows(OLD_SNAPSHOTS))
    door.connection.commit()

    def in_use() -> bool:
        # Who was seen once without that snapshot has another one since.
        before.intersection_update(door.rows(OLD_SNAPSHOTS))
        door.connection.commit()
        return bool(before)

    return in_use


def _wait_for(in_use: Callable[[], bool], until: float) -> None:
    while in_use():
        _pause(until, "a transaction that began before is still open")


def _swap(door: Door, until: float) -> None:
    """Give the new schema the name, as soon as no transaction has read the old one."""
    import adbc_driver_postgresql.dbapi as postgresql

    name, old, new = (quoted(text) for text in (door.server.schema, door.old, door.next))
    while True:
        try:
            _be_brief(door)
            _drop(door, door.old)
            tables = [str(table) for (table,) in door.rows(TABLES, door.server.schema)]
            if tables:
                places = ", ".join(f"{name}.{quoted(table)}" for table in tables)
                door.rows(f"lock table {places} in access exclusive mode")
            if door.server.schema in _marks(door):
                door.rows(f"alter schema {name} rename to {old}")
            door.rows(f"alter schema {new} rename to {name}")
            door.connection.commit()
            return
        except postgresql.Error as error:
            door.connection.rollback()
            if error.sqlstate not in MET_A_READER:
                raise
        _pause(until, f"a transaction that reads the schema {door.server.schema} is still open")


def _be_brief(door: Door) -> None:
    """Have statements of this transaction give up before a reader's session looks for deadlocks."""
    found = door.rows("select setting::int from pg_settings where name = 'deadlock_timeout'")
    most = min(MOST_LOCK_MS, int(found[0][0]) // 2)
    door.rows(f"set local lock_timeout = {most}")
    door.rows(f"set local statement_timeout = {most}")


def _clear_old(door: Door) -> None:
    """Drop the schema that was replaced; where something holds it, the next run does."""
    import adbc_driver_postgresql.dbapi as postgresql

    try:
        _be_brief(door)
        _drop(door, door.old)
        door.connection.commit()
    except postgresql.Error as error:
        door.connection.rollback()
        if error.sqlstate not in MET_A_READER:
            raise


def _drop(door: Door, schema: str) -> None:
    """Drop a schema of ours, and nothing that others have put in it or built upon it."""
    if schema not in _marks(door):
        return
    tables = [str(table) for (table,) in door.rows(TABLES, schema)]
    if tables:
        places = ", ".join(f"{quoted(schema)}.{quoted(table)}" for table in tables)
        door.rows(f"drop table {places}")
    door.rows(f"drop schema {quoted(schema)}")


def _pause(until: float, why: str) -> None:
    if time.monotonic() > until:
        raise UserError(
            f"PostgreSQL: {why} after {WAIT_SECONDS:.0f} s, so the new version waits. The next "
            "run or `c360 publish` tries again; pg_stat_activity names sessions that are idle in "
            "a transaction."
        )
    time.sleep(PAUSE_SECONDS)


def _remedy(state: str) -> str:
    if state == "42501":
        return (
            "The role needs CREATE on the database and must own the schema: "
            "grant create on database <name> to <role>."
        )
    if state == "42704":
        return f"{READER} must name a role that is there: create role <name> login."
    if state == "23505" or state == "23503":
        return "A key that the dbt models declare does not hold; see the model's YAML."
    if state:
        return "What is published there stays as it was; `c360 publish` tries again."
    return (
        "See that the server answers and lets us in. The password comes from "
        f"{PASSWORD_FILE}, PGPASSWORD or ~/.pgpass; a server elsewhere must prove who it is "
        "(sslmode=verify-full), with the authority that sslrootcert in the address names."
    )
