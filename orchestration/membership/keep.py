"""Kept with each run: the clauses of each segment, of whom they are true, and what decided changes.

Membership is compared with the last recorded day, so the states of clauses are kept for that day
and for this one; of older days what they decided. A person without a row has no clause that holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.lineage.compiled import compile_models, compiled_sql
from orchestration.membership.clauses import Definition
from orchestration.membership.masked import masked_words
from orchestration.membership.statements import (
    CHANGED,
    CLAUSES,
    DAYS,
    NOT_KNOWN,
    OF_ENDED,
    OF_PROFILES,
    REASONS,
    STATES,
    TABLES,
    explained,
)
from orchestration.segment_tools.evaluation import reason_of
from orchestration.segment_tools.origins import Labels, labels_of
from orchestration.segment_tools.steps import NotTakenApartError, read
from orchestration.settings import Settings
from orchestration.warehouse import Connect

NEEDED = {"membership_changes", "membership_period", "segment_sizes", "definitions"}
"""What has to be there before anything is kept."""
EVERYBODY = "profile.profiles"


@dataclass(frozen=True)
class Period:
    """The days that are compared; see `segments.membership_period`.

    Attributes:
        on: the day of the refresh.
        last_on: the last recorded day before it.
        last_at: when that was computed.
        computed_at: when this one was.
    """

    on: date
    last_on: date | None
    last_at: datetime | None
    computed_at: datetime


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where there are none."""
    con.execute("create schema if not exists operations")
    for name, columns in TABLES.items():
        con.execute(f"create table if not exists {name} ({columns})")


def keep_reasons(
    connect: Connect, settings: Settings, manifest: Mapping[str, Any], there: Collection[str]
) -> None:
    """Keep the states of clauses as of this refresh, and what decided who entered and left.

    Parameters:
        connect: gives connections to the warehouse.
        settings: paths.
        manifest: dbt's manifest.json.
        there: models whose tables are there.
    """
    if not set(there) >= NEEDED:
        return
    with connect() as con:
        prepare(con)
        if _period(con) is None:
            return
        active = "select segment_name from segments.definitions where state = 'active' order by 1"
        names = [name for (name,) in con.execute(active).fetchall()]
    nodes = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    compile_models(settings, [n for n in names if compiled_sql(settings, nodes[n]) is None])
    texts = {name: compiled_sql(settings, nodes[name]) for name in names}
    with connect() as con:
        keep_changes(con, texts, labels_of(con, manifest))


def keep_changes(
    con: duckdb.DuckDBPyConnection, texts: Mapping[str, str | None], labels: Labels
) -> None:
    """Work out the states of clauses, and what decided the changes of the day.

    Parameters:
        con: to the warehouse.
        texts: the compiled SQL of each active segment, None where there is none.
        labels: of the warehouse.
    """
    period = _period(con)
    if period is None:
        return
    # Without the word that they are kept, states that are half written are none.
    for table in (DAYS, STATES):
        con.execute(f"delete from {table} where as_of_on is distinct from ?", [period.last_on])
    found = {name: _worked_out(con, period, name, text, labels) for name, text in texts.items()}
    con.execute(OF_PROFILES, {"day": period.on, "last_at": period.last_at})
    with _transaction(con):
        _write(con, period, found)
    con.execute(f"drop table {CHANGED}")


def _period(con: duckdb.DuckDBPyConnection) -> Period | None:
    """The days to compare; None where this refresh is kept already, or records nothing."""
    row = con.execute(
        "select period.as_of_on, period.last_as_of_on, period.last_computed_at, "
        "max(sizes.computed_at) from segments.membership_period as period "
        "inner join segments.segment_sizes as sizes on sizes.as_of_on = period.as_of_on "
        "where period.is_recorded group by all"
    ).fetchone()
    if row is None:
        return None
    period = Period(*row)
    kept = con.execute(
        f"select count(*) from {DAYS} where as_of_on = ? and computed_at = ?",
        [period.on, period.computed_at],
    ).fetchone()
    return None if kept and kept[0] else period


def _worked_out(
    con: duckdb.DuckDBPyConnection, period: Period, name: str, sql: str | None, labels: Labels
) -> Definition | str:
    """The clauses of a segment, with their states written; or why there are none."""
    try:
        if sql is None:
            raise NotTakenApartError("its SQL could not be compiled")
        query = read(sql, name)
        definition = Definition(query, EVERYBODY, masked_words(query, labels))
        con.execute(
            f"insert into {STATES} "
            f"select ?, ?, profile_id, states from ({definition.states}) as found",
            [period.on, name],
        )
    except NotTakenApartError as error:
        return str(error)
    except UserError:
        return "its SQL is not one select that the parser reads"
    except duckdb.Error as error:
        return f"a clause of it can't be asked alone: {reason_of(error)}".rstrip(".")
    return definition


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def _write(
    con: duckdb.DuckDBPyConnection, period: Period, found: Mapping[str, Definition | str]
) -> None:
    con.execute(f"delete from {REASONS} where changed_on >= ?", [period.on])
    before = dict(
        con.execute(
            f"select segment_name, clauses_checksum from {DAYS} where as_of_on = ?",
            [period.last_on],
        ).fetchall()
    )
    con.execute(OF_ENDED, {"day": period.on})
    for name, definition in found.items():
        checksum = definition.checksum if isinstance(definition, Definition) else None
        says = None if isinstance(definition, Definition) else definition
        con.execute(
            f"insert into {DAYS} values (?, ?, ?, ?, ?)",
            [period.on, name, checksum, says, period.computed_at],
        )
        if not isinstance(definition, Definition):
            _not_known(con, period, name, "not_taken_apart", says)
            continue
        _keep_clauses(con, name, definition)
        if before.get(name) == checksum:
            _explain(con, period, name, definition)
        elif name in before:
            _not_known(con, period, name, "clauses_changed", None)
        else:
            _not_known(con, period, name, "not_recorded", None)


def _keep_clauses(con: duckdb.DuckDBPyConnection, name: str, definition: Definition) -> None:
    checksum = definition.checksum
    con.execute(
        f"delete from {CLAUSES} where segment_name = ? and clauses_checksum = ?", [name, checksum]
    )
    for number, clause in enumerate(definition.clauses):
        con.execute(
            f"insert into {CLAUSES} values (?, ?, ?, ?)", [name, checksum, number, clause.words]
        )


def _explain(
    con: duckdb.DuckDBPyConnection, period: Period, name: str, definition: Definition
) -> None:
    con.execute(
        explained(definition.formula),
        {
            "day": period.on,
            "last": period.last_on,
            "segment": name,
            "checksum": definition.checksum,
        },
    )


def _not_known(
    con: duckdb.DuckDBPyConnection, period: Period, name: str, explanation: str, says: str | None
) -> None:
    con.execute(
        NOT_KNOWN,
        {"day": period.on, "segment": name, "explanation": explanation, "says": says},
    )
