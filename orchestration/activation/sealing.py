"""Sealing: who would leave now and with what, read from the warehouse once, with consent.

The result is a file beside the ledger that the run reads and removes; the warehouse is open no
longer than that, so a refresh and a sync don't wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.activation.definitions import Column, Sync
from orchestration.activation.identifiers import Identifier, identifiers_sql
from orchestration.errors import UserError
from orchestration.ingest.sql import literal, quoted
from orchestration.segment_tools.choosing import (
    CONTACTS,
    OF_PERSON,
    Chosen,
    Contact,
    columns_of,
    contact_of,
)
from orchestration.segment_tools.compare import require_active
from orchestration.segment_tools.consent import held_back
from orchestration.segment_tools.evaluation import reason_of
from orchestration.segments.files import named
from orchestration.settings import Settings
from orchestration.warehouse import connect_reader

MISSING = "Run `c360 run` first: a sync sends what the last run published."
MOST_NAMED = 3
TELEPHONES = (
    "(select country_code, calling_code, international_prefix, trunk_prefix, trunk_pattern, "
    "trunk_replacement, is_trunk_ambiguous, number_pattern, number_lengths "
    "from policy.calling_codes)"
)


@dataclass(frozen=True)
class Sealed:
    """What would leave, as a file.

    Attributes:
        path: Parquet: sync_key, profile_id, payload, payload_hash, blocked, invalid, and the
            columns that leave.
        rows: members of the segment.
        dropped: values that were left out, by column and reason.
    """

    path: Path
    rows: int
    dropped: dict[tuple[str, str], int]


def seal(settings: Settings, sync: Sync, path: Path) -> Sealed:
    """Write who would leave now, with consent's word on each.

    Parameters:
        settings: paths.
        sync: who and what.
        path: the file to write, in a folder that only its owner can read.

    Raises:
        UserError: the segment or a column is not there, or a key stands for several people.
    """
    require_active(named(settings.dbt_project_dir, sync.segment))
    read = columns_of(settings, sync.sources)
    chosen = {name: read[column.source] for name, column in sync.columns.items()}
    countries = {n: read[c.country] for n, c in sync.columns.items() if c.country}
    with connect_reader(settings, "segments.segment_membership", MISSING) as con:
        contact = contact_of(con, list(chosen.values()), sync.purpose, sync.channel)
        if contact is None:
            raise UserError("A sync names the purpose and channel whose consent it needs.", 2)
        try:
            _hold(con, sync, chosen, countries, contact)
        except duckdb.Error as error:
            raise UserError(
                f"The warehouse can't give these columns: {reason_of(error)} Run `c360 run` where "
                "a column is new."
            ) from None
        _require_keys(con, sync)
        _write(con, sync, path)
        [(rows,)] = con.execute("select count(*) from c360_leaving").fetchall()
        return Sealed(path, rows, _dropped(con, sync))


def _hold(
    con: duckdb.DuckDBPyConnection,
    sync: Sync,
    chosen: dict[str, Chosen],
    countries: dict[str, Chosen],
    contact: Contact,
) -> None:
    """`c360_leaving`: a row per member, with the values that would leave and consent's word."""
    every = [*chosen.values(), *countries.values()]
    tables = list(dict.fromkeys(c.relation for c in every))
    joins = "".join(
        f" left join {table} as t{n} on t{n}.profile_id = members.profile_id"
        for n, table in enumerate(tables)
    )

    def value(column: Chosen) -> str:
        return f"t{tables.index(column.relation)}.{quoted(column.column)}"

    raw = [
        f"{_as_text(value(c)) if sync.columns[n].form else value(c)} as {quoted('raw_' + n)}"
        for n, c in chosen.items()
    ]
    raw += [f"cast({value(c)} as varchar) as {quoted('of_' + n)}" for n, c in countries.items()]
    points = _points(chosen, contact, value)
    addressed = [
        f"{literal(kind)} as kind{n}, {at} as point{n}" for n, (kind, at) in enumerate(points)
    ]
    con.execute(
        "create temp table c360_members as select members.profile_id, "
        f"{', '.join([*raw, *addressed])} from segments.segment_membership as members "
        f"left join profile.profiles on profiles.profile_id = members.profile_id{joins} "
        f"where members.segment_name = {literal(sync.segment)}"
    )
    [(count, people)] = con.execute(
        "select count(*), count(distinct profile_id) from c360_members"
    ).fetchall()
    if count != people:
        raise UserError(
            f"One of {', '.join(t.replace(chr(34), '') for t in tables)} has several rows of a "
            "person. A sync has one row each: take columns of tables with one row per profile.",
            2,
        )
    con.execute(
        "create temp table c360_asked as " + held_back("c360_members", contact, len(points))
    )
    con.execute(f"create temp table c360_leaving as {_leaving(sync)}")


def _as_text(value: str) -> str:
    return f"cast({value} as varchar)"


def _points(chosen: dict[str, Chosen], contact: Contact, value: object) -> list[tuple[str, str]]:
    """The contact points whose consent counts: those that leave, else the profile's own."""
    if contact.kind == OF_PERSON:
        return [(OF_PERSON, "members.profile_id")]
    leaving = [value(c) for c in chosen.values() if CONTACTS.get(c.column) == contact.kind]  # type: ignore[operator]
    return [(contact.kind, at) for at in leaving or [f"profiles.{contact.kind}"]]


def _leaving(sync: Sync) -> str:
    forms = {n: c for n, c in sync.columns.items() if c.form}
    plain = [n for n in sync.columns if n not in forms]
    kept = ["profile_id", "held_back", *(f"raw_{n}" for n in plain)]
    if not forms:
        return f"select {', '.join(_plain(plain))} from c360_asked"
    identifiers = [_identifier(n, c) for n, c in forms.items()]
    inner = identifiers_sql("c360_asked", kept, identifiers, TELEPHONES)
    reasons = [quoted(f"{n}_reason") for n in forms]
    named_forms = [quoted(n) for n in forms]
    return (
        f"select {', '.join([*_plain(plain), *named_forms, *reasons])} from ({inner}) as identified"
    )


def _plain(plain: Sequence[str]) -> list[str]:
    return ["profile_id", "held_back", *(f"{quoted('raw_' + n)} as {quoted(n)}" for n in plain)]


def _identifier(name: str, column: Column) -> Identifier:
    form = column.format
    assert form is not None
    country = f"of_{name}" if column.country else None
    return Identifier(name, f"raw_{name}", form, country, column.is_hashed)


def _require_keys(con: duckdb.DuckDBPyConnection, sync: Sync) -> None:
    """Refuse a key of several people of whom one would leave; who they are is said by profile."""
    if sync.key == "profile_id":
        return
    key = quoted(sync.key)
    twice = con.execute(
        f"select list(profile_id order by profile_id)[:{MOST_NAMED}], count(*) "
        f"from c360_leaving where {key} is not null group by {key} "
        "having count(*) > 1 and count(*) filter (where held_back is null) > 0 "
        f"order by 1 limit {MOST_NAMED}"
    ).fetchall()
    if twice:
        people = "; ".join(", ".join(ids) for ids, _ in twice)
        raise UserError(
            f"The key {sync.key} stands for several people, such as profiles {people}. Nothing was "
            "sent. Take a key that is one person's, such as profile_id."
        )


def _invalid(sync: Sync) -> str:
    """Why a row can't leave: a value that it needs is missing, or no identifier is left."""
    forms = [n for n, c in sync.columns.items() if c.form]
    needed = [n for n, c in sync.columns.items() if c.required or n == sync.key]
    cases = [
        f"when {quoted(n)} is null then "
        + (
            f"{literal(n + ': ')} || {quoted(n + '_reason')}"
            if n in forms
            else literal(f"{n}: missing")
        )
        for n in needed
    ]
    if forms:
        none = " and ".join(f"{quoted(n)} is null" for n in forms)
        first = " , ".join(quoted(f"{n}_reason") for n in forms)
        cases.append(f"when {none} then coalesce({first})")
    return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"


def _payload(sync: Sync) -> str:
    values = [f"{{'key': {literal(n)}, 'value': to_json({quoted(n)})}}" for n in sync.columns]
    entries = f"[{', '.join(values)}]"
    if sync.nulls == "omit":
        entries = f"list_filter({entries}, lambda entry: entry.value is not null)"
    return f"cast(to_json(map_from_entries({entries})) as varchar)"


def _write(con: duckdb.DuckDBPyConnection, sync: Sync, path: Path) -> None:
    # Of several under one key none leaves, so the key is the first one's, and each is a row.
    is_first = "row_number() over (partition by sync_key order by profile_id) = 1"
    key = "profile_id" if sync.key == "profile_id" else quoted(sync.key)
    columns = [quoted(n) for n in sync.columns if n != "profile_id"]
    con.execute(
        f"copy (with leaving as (select profile_id, cast({key} as varchar) as sync_key, "
        f"held_back as blocked, {_invalid(sync)} as invalid, {_payload(sync)} as payload"
        f"{''.join(', ' + c for c in columns)} from c360_leaving) "
        f"select * exclude (sync_key), case when sync_key is not null and {is_first} then sync_key "
        "else '?' || profile_id end as sync_key, "
        f"md5(payload) as payload_hash from leaving order by sync_key) to {literal(str(path))} "
        "(format parquet, compression zstd)"
    )


def _dropped(con: duckdb.DuckDBPyConnection, sync: Sync) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name, column in sync.columns.items():
        if column.form:
            reason = quoted(f"{name}_reason")
            for why, count in con.execute(
                f"select {reason}, count(*) from c360_leaving where {reason} <> 'missing' "
                "and held_back is null group by 1 order by 1"
            ).fetchall():
                found[name, why] = count
    return found
