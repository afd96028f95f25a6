"""Sealing: who would leave now and with what, read from the warehouse once, with consent.

The result is a file beside the ledger that the run reads and removes; the warehouse is open no
longer than that, so a refresh and a sync don't wait for each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.activation.allowed import door_of, require_allowed
from orchestration.activation.definitions import Column, Sync
from orchestration.activation.identifiers import Identifier, identifiers_sql
from orchestration.activation.settling import now
from orchestration.errors import UserError
from orchestration.ingest.sql import literal, quoted
from orchestration.segment_tools.choosing import (
    CONTACTS,
    OF_PERSON,
    Chosen,
    Contact,
    column_in,
    contact_of,
)
from orchestration.segment_tools.compare import require_active
from orchestration.segment_tools.consent import held_back
from orchestration.segment_tools.evaluation import reason_of
from orchestration.segments.files import named
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import connect_reader

MISSING = "Run `c360 run` first: a sync sends what the last run published."
MOST_NAMED = 3
PROFILES = "profile.profiles"
TELEPHONES = (
    "(select country_code, calling_code, international_prefix, trunk_prefix, trunk_pattern, "
    "trunk_replacement, is_trunk_ambiguous, number_pattern, number_lengths "
    "from policy.calling_codes)"
)


@dataclass(frozen=True)
class Sealed:
    """What would leave, as a file.

    Attributes:
        path: Parquet: sync_key, profile_id, payload, payload_hash, blocked, invalid, the columns
            that leave with their `_reason`, and `_kind<n>` and `_point<n>` of the contact points
            whose consent counts, to ask them again.
        rows: members of the segment.
        dropped: values that were left out, by column and reason.
        asked_at: when consent was asked, in UTC.
        point_count: how many contact points each has.
        contact: the purpose and channel.
    """

    path: Path
    rows: int
    dropped: dict[tuple[str, str], int]
    asked_at: datetime = field(default_factory=now)
    point_count: int = 0
    contact: Contact | None = None


def seal(settings: Settings, sync: Sync, path: Path) -> Sealed:
    """Write who would leave now, with consent's word on each.

    Parameters:
        settings: paths.
        sync: who and what.
        path: the file to write, in a folder that only its owner can read.

    Raises:
        UserError: the segment or a column is not there, a policy refuses the sync, or a key stands
            for several people.
    """
    require_active(named(settings.dbt_project_dir, sync.segment))
    manifest = load_manifest(settings)
    chosen = {name: column_in(manifest, column.source) for name, column in sync.columns.items()}
    countries = {
        name: column_in(manifest, column.country)
        for name, column in sync.columns.items()
        if column.country
    }
    with connect_reader(settings, "segments.segment_membership", MISSING) as con:
        require_allowed(settings, door_of(settings, manifest, con), sync)
        contact = contact_of(con, list(chosen.values()), sync.purpose, sync.channel)
        if contact is None:
            raise UserError("A sync names the purpose and channel whose consent it needs.", 2)
        asked_at = now()
        try:
            relations, count = _hold(con, sync, chosen, countries, contact)
            _write(con, sync, path, count)
        except duckdb.Error as error:
            raise UserError(
                f"The warehouse can't give these columns: {reason_of(error)} Run `c360 run` where "
                "a column is new."
            ) from None
        con.execute(f"create temp view c360_sealed as from read_parquet({literal(str(path))})")
        rows = _require_people(con, relations)
        _require_keys(con, sync)
        return Sealed(path, rows, _dropped(con, sync), asked_at, count, contact)


def _hold(
    con: duckdb.DuckDBPyConnection,
    sync: Sync,
    chosen: dict[str, Chosen],
    countries: dict[str, Chosen],
    contact: Contact,
) -> tuple[list[str], int]:
    """`c360_leaving`: a row per member, with the values that would leave and consent's word.

    Views: what they say is worked out once, while it is written.

    Returns:
        The tables whose columns leave, and how many contact points a member has.
    """
    every = [*chosen.values(), *countries.values()]
    tables = list(dict.fromkeys(c.relation for c in every))
    named_as = {
        table: "profiles" if table.replace('"', "") == PROFILES else f"t{n}"
        for n, table in enumerate(tables)
    }

    def value(column: Chosen) -> str:
        return f"{named_as[column.relation]}.{quoted(column.column)}"

    raw = [
        f"{_as_text(value(c)) if sync.columns[n].form else value(c)} as {quoted('raw_' + n)}"
        for n, c in chosen.items()
    ]
    raw += [f"cast({value(c)} as varchar) as {quoted('of_' + n)}" for n, c in countries.items()]
    points = _points(chosen, contact, value)
    addressed = [
        f"{literal(kind)} as kind{n}, {at} as point{n}" for n, (kind, at) in enumerate(points)
    ]
    joined = named_as if "profiles" in named_as.values() else {**named_as, PROFILES: "profiles"}
    joins = "".join(
        f" left join {table} as {alias} on {alias}.profile_id = members.profile_id"
        for table, alias in joined.items()
    )
    con.execute(
        "create temp view c360_members as select members.profile_id, "
        f"{', '.join([*raw, *addressed])} from segments.segment_membership as members{joins} "
        f"where members.segment_name = {literal(sync.segment)}"
    )
    con.execute(f"create temp view c360_asked as {held_back('c360_members', contact, len(points))}")
    con.execute(f"create temp view c360_leaving as {_leaving(sync, len(points))}")
    return [table.replace('"', "") for table in tables], len(points)


def _require_people(con: duckdb.DuckDBPyConnection, relations: Sequence[str]) -> int:
    """The number of members, each of whom has one row."""
    [(count, people)] = con.execute(
        "select count(*), count(distinct profile_id) from c360_sealed"
    ).fetchall()
    if count != people:
        raise UserError(
            f"One of {', '.join(relations)} has several rows of a person. A sync has one row each: "
            "take columns of tables with one row per profile.",
            2,
        )
    return int(count)


def _as_text(value: str) -> str:
    return f"cast({value} as varchar)"


def _points(chosen: dict[str, Chosen], contact: Contact, value: object) -> list[tuple[str, str]]:
    """The contact points whose consent counts: those that leave, else the profile's own."""
    if contact.kind == OF_PERSON:
        return [(OF_PERSON, "members.profile_id")]
    leaving = [value(c) for c in chosen.values() if CONTACTS.get(c.column) == contact.kind]  # type: ignore[operator]
    return [(contact.kind, at) for at in leaving or [f"profiles.{contact.kind}"]]


def _leaving(sync: Sync, points: int) -> str:
    forms = {n: c for n, c in sync.columns.items() if c.form}
    plain = [n for n in sync.columns if n not in forms]
    asked = [f"{word}{n}" for n in range(points) for word in ("kind", "point")]
    as_is = [*_plain(plain), *(f"{c} as {quoted('_' + c)}" for c in asked)]
    if not forms:
        return f"select {', '.join(as_is)} from c360_asked"
    kept = ["profile_id", "held_back", *(f"raw_{n}" for n in plain), *asked]
    identifiers = [_identifier(n, c) for n, c in forms.items()]
    inner = identifiers_sql("c360_asked", kept, identifiers, TELEPHONES)
    reasons = [quoted(f"{n}_reason") for n in forms]
    named_forms = [quoted(n) for n in forms]
    return f"select {', '.join([*as_is, *named_forms, *reasons])} from ({inner}) as identified"


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
        f"from c360_sealed where {key} is not null group by {key} "
        "having count(*) > 1 and count(*) filter (where blocked is null) > 0 "
        f"order by 1 limit {MOST_NAMED}"
    ).fetchall()
    if twice:
        people = "; ".join(", ".join(ids) for ids, _ in twice)
        [(without, first)] = con.execute(
            f"select count(*), list(profile_id order by profile_id)[:{MOST_NAMED}] "
            f"from c360_sealed where {key} is null and blocked is null"
        ).fetchall()
        missing = f" {without} members have none, such as {', '.join(first)}." if without else ""
        raise UserError(
            f"The key {sync.key} stands for several people, such as profiles {people}.{missing} "
            "Nothing was sent. Take a key that is one person's, such as profile_id."
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
    entries = []
    for name, column in sync.columns.items():
        # A hash has nothing in it that JSON would escape.
        is_hash = column.format is not None and column.format.output != "plain"
        of = quoted(name)
        value = f"'\"' || {of} || '\"'" if is_hash else f"to_json({of})::varchar"
        if sync.nulls == "send":
            value = f"coalesce({value}, 'null')"
        entries.append(f"{literal(json.dumps(name) + ':')} || {value}")
    return f"'{{' || concat_ws(',', {', '.join(entries)}) || '}}'"


def _write(con: duckdb.DuckDBPyConnection, sync: Sync, path: Path, points: int) -> None:
    key = "cast(profile_id as varchar)"
    if sync.key != "profile_id":
        # Of several under one key none leaves, so the key is the first one's, and each is a row.
        held = f"cast({quoted(sync.key)} as varchar)"
        first = f"row_number() over (partition by {held} order by profile_id) = 1"
        key = f"case when {held} is not null and {first} then {held} else '?' || profile_id end"
    columns = [quoted(n) for n in sync.columns if n != "profile_id"]
    columns += [quoted(f"_{word}{n}") for n in range(points) for word in ("kind", "point")]
    columns += [quoted(n + "_reason") for n, column in sync.columns.items() if column.form]
    con.execute(
        f"copy (with leaving as (select profile_id, {key} as sync_key, held_back as blocked, "
        f"{_invalid(sync)} as invalid, {_payload(sync)} as payload"
        f"{''.join(', ' + c for c in columns)} from c360_leaving) "
        f"select *, md5(payload) as payload_hash from leaving) to {literal(str(path))} "
        "(format parquet, compression snappy)"
    )


def _dropped(con: duckdb.DuckDBPyConnection, sync: Sync) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name, column in sync.columns.items():
        if column.form:
            reason = quoted(f"{name}_reason")
            for why, count in con.execute(
                f"select {reason}, count(*) from c360_sealed where {reason} <> 'missing' "
                "and blocked is null group by 1 order by 1"
            ).fetchall():
                found[name, why] = count
    return found
