"""`c360 segment export`: members with chosen columns, as a file, through policies and consent.

Who can be told or reached by a column leaves only where the consent that counts allows it for the
purpose and channel; the rule is the macro `profile.is_contact_allowed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import literal, quoted
from orchestration.lineage.origins import Name
from orchestration.segment_tools.choosing import (
    CONTACTS,
    OF_PERSON,
    Chosen,
    Contact,
    column_in,
    contact_of,
)
from orchestration.segment_tools.compare import require_active
from orchestration.segment_tools.consent import HELD_BACK, held_back
from orchestration.segment_tools.evaluation import MISSING, reason_of
from orchestration.segment_tools.files import new_file
from orchestration.segments.catalogue import nearest
from orchestration.segments.files import named
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.usage.door import PolicyDoor, Use
from orchestration.usage.policies import ACTIVATION, MARKETING_ACTIONS
from orchestration.warehouse import connect_reader

OWN_TABLE = '"segments"."segment_membership"'
"""Where a person has a row per segment; that of the exported one is taken."""


def export(
    settings: Settings,
    name: str,
    to: Path,
    columns: Sequence[str] = (),
    purpose: str | None = None,
    channel: str | None = None,
    replace: bool = False,
    actions: Sequence[str] = (),
) -> dict[str, Any]:
    """Write the members of the last run to a file that only its owner can read.

    Parameters:
        settings: paths.
        name: of an active segment.
        to: a .csv or .parquet file.
        columns: `schema.table.column`; profile_id comes first in any case.
        purpose: of the message that the file is for; a column that says who somebody is needs it.
        channel: on which it goes.
        replace: write over a file that is there.
        actions: the marketing actions that the file is for; without, policies about any count.

    Returns:
        segment, file, members, written and held_back by cause.

    Raises:
        UserError: a column, the purpose, the channel or an action can't be, a policy refuses it,
            the segment has no members by its state, or the file is there or can't be written.
    """
    if to.suffix not in (".csv", ".parquet"):
        raise UserError(f"--to {to} ends in neither .csv nor .parquet.", 2)
    require_active(named(settings.dbt_project_dir, name))
    manifest = load_manifest(settings)
    chosen = [column_in(manifest, column) for column in dict.fromkeys(columns)]
    with connect_reader(settings, "segments.segment_membership", MISSING) as con:
        door = PolicyDoor(settings, manifest, con, settings.dbt_project_dir / ACTIVATION)
        _require_allowed(door, name, to, chosen, actions)
        contact = contact_of(con, chosen, purpose, channel)
        try:
            _hold_members(con, name, chosen, contact)
        except duckdb.Error as error:
            raise UserError(
                f"The warehouse can't give these columns: {reason_of(error)} Run `c360 run` where "
                "a column is new."
            ) from None
        counts = dict(
            con.execute("select coalesce(held_back, ''), count(*) from c360_export group by 1")
            .fetchall()
        )  # fmt: skip
        with new_file(to, replace) as path:
            _write(con, path, chosen, is_csv=to.suffix == ".csv")
    return {
        "segment": name,
        "file": str(to),
        "members": sum(counts.values()),
        "written": counts.get("", 0),
        "held_back": {cause: counts[cause] for cause in HELD_BACK if cause in counts},
    }


def _require_allowed(
    door: PolicyDoor, name: str, to: Path, chosen: Sequence[Chosen], actions: Sequence[str]
) -> None:
    for action in actions:
        if action not in MARKETING_ACTIONS:
            raise UserError(
                f"--action {action} is no marketing action{nearest(action, MARKETING_ACTIONS)}.", 2
            )
    door.require(
        Use(
            title=f"The export of {name}",
            segment=name,
            columns={
                f"{c.table}.{c.column}": Name(f"{c.schema}.{c.table}", c.column) for c in chosen
            },
            destination=to.name,
            actions=tuple(actions) or None,
        )
    )


def _hold_members(
    con: duckdb.DuckDBPyConnection, name: str, chosen: Sequence[Chosen], contact: Contact | None
) -> None:
    """The members with their columns and why each is held back, null for who leaves."""
    tables = list(dict.fromkeys(c.relation for c in chosen))
    joins = "".join(
        f" left join {table} as t{n} on t{n}.profile_id = members.profile_id"
        + (f" and t{n}.segment_name = members.segment_name" if table == OWN_TABLE else "")
        for n, table in enumerate(tables)
    )
    selected = "".join(
        f", t{tables.index(c.relation)}.{quoted(c.column)} as c{n}" for n, c in enumerate(chosen)
    )
    points = _points(chosen, contact)
    addressed = "".join(
        f", {literal(kind)} as kind{n}, {value} as point{n}"
        for n, (kind, value) in enumerate(points)
    )
    con.execute(
        f"create temp table c360_members as select members.profile_id{selected}{addressed} "
        "from segments.segment_membership as members "
        f"left join profile.profiles on profiles.profile_id = members.profile_id{joins} "
        f"where members.segment_name = {literal(name)}"
    )
    _require_one_row_each(con, tables)
    nobody = "select *, cast(null as varchar) as held_back from c360_members"
    rows = held_back("c360_members", contact, len(points)) if contact else nobody
    con.execute(f"create temp table c360_export as {rows}")


def _require_one_row_each(con: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> None:
    [(count, people)] = con.execute(
        "select count(*), count(distinct profile_id) from c360_members"
    ).fetchall()
    if count != people:
        listed = ", ".join(table.replace('"', "") for table in tables)
        raise UserError(
            f"One of {listed} has several rows of a person, and an export has one row each. Choose "
            "columns of tables with one row per profile.",
            2,
        )


def _points(chosen: Sequence[Chosen], contact: Contact | None) -> list[tuple[str, str]]:
    """The contact points whose consent counts: those in the columns, else the profile's own."""
    if contact is None:
        return []
    if contact.kind == OF_PERSON:
        return [(OF_PERSON, "members.profile_id")]
    tables = list(dict.fromkeys(c.relation for c in chosen))
    named_in = [
        f"t{tables.index(c.relation)}.{quoted(c.column)}"
        for c in chosen
        if CONTACTS.get(c.column) == contact.kind
    ]
    return [(contact.kind, value) for value in named_in or [f"profiles.{contact.kind}"]]


def _write(
    con: duckdb.DuckDBPyConnection, path: Path, chosen: Sequence[Chosen], is_csv: bool
) -> None:
    types = {row[0]: row[1] for row in con.execute("describe c360_export").fetchall()}
    names = _names(chosen)
    texts = [n for n in range(len(chosen)) if is_csv and types[f"c{n}"] == "VARCHAR"]
    values = [
        f"{spreadsheet_safe(f'c{n}') if n in texts else f'c{n}'} as {quoted(name)}"
        for n, name in enumerate(names)
    ]
    rows = (
        f"select {', '.join(['profile_id', *values])} from c360_export where held_back is null "
        "order by profile_id"
    )
    options = "format csv, header true" if is_csv else "format parquet"
    con.execute(f"copy ({rows}) to {literal(str(path))} ({options}, use_tmp_file false)")


def _names(chosen: Sequence[Chosen]) -> list[str]:
    """The columns' names; with their table where two are called the same."""
    plain = ["profile_id", *(c.column for c in chosen)]
    return [f"{c.table}_{c.column}" if plain.count(c.column) > 1 else c.column for c in chosen]


def spreadsheet_safe(column: str) -> str:
    """SQL for a text that no spreadsheet takes for a formula: it gets an apostrophe before it.

    A telephone number, + and digits, stays as it is.
    """
    return (
        f"case when regexp_matches({column}, '^[=+\\-@\\t\\r\\n]') "
        f"and not regexp_full_match({column}, '\\+[0-9]+') then '''' || {column} else {column} end"
    )
