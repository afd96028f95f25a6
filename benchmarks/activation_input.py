"""A warehouse with as many people as wanted and what a sync reads of it: members, words, codes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.lineage.store import COLUMNS, prepare
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.terminal import Console

BYTES_PER_PERSON = 1200
"""The warehouse, the ledger, the sealed rows and the file that leaves, with room to spare."""
SEGMENT = "newsletter_only"
"""The members are made; the name is one that the project has."""
PERSON = "'p' || printf('%016x', (person::hugeint * {step})::ubigint)"
TABLES = """
    create schema profile;
    create schema policy;
    create schema segments;
    create table profile.profiles as
    select
        {person} as profile_id,
        'person.' || person || '@Example.com' as email,
        ['Ann', 'Bob', 'Chloé', 'Dora', 'Émile'][1 + (hash(person) % 5)::int] as given_name,
        ['CH', 'DE', 'FR', 'US'][1 + (hash(person + 1e10) % 4)::int] as country_code
    from range({people}) as t (person);
    create table segments.segment_membership as
    select profile_id, '{segment}' as segment_name from profile.profiles;
    create table policy.consent_channels as
    from read_csv('{seeds}/consent_channels.csv', header = true, all_varchar = true);
    create table policy.consent_enforcement as
    from read_csv('{seeds}/consent_enforcement.csv', header = true, all_varchar = true);
    create table policy.calling_codes as
    from read_csv('{seeds}/calling_codes.csv', header = true, all_varchar = true);
    create table profile.effective_consent as
    select
        'email' as contact_namespace, email as contact_value, 'commercial' as purpose,
        'email' as channel, 'any' as topic, 'y' as code,
        case when hash(email) % 20 = 0 then 'denied' else 'granted' end as status,
        hash(email) % 20 <> 0 as is_allowed, timestamp '2020-01-01' as valid_from,
        null::timestamp as valid_to
    from profile.profiles
    where hash(email) % 20 <> 1;
"""
"""One of twenty said no, one was never asked."""


def warehouse(folder: Path, people: int, console: Console) -> Path:
    """The warehouse, made once and kept for further rounds.

    Parameters:
        folder: where it stands.
        people: in it, all of them members of `SEGMENT`.
        console: where progress goes.

    Raises:
        UserError: there is not enough room on the disk.
    """
    path = folder / "warehouse.duckdb"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(folder).free, people * BYTES_PER_PERSON
    if free < needed:
        raise UserError(
            f"{folder} has {free / 1e9:.0f} GB left; this benchmark needs {needed / 1e9:.0f} GB. "
            "Take fewer customers or another data folder (C360_DATA_DIR)."
        )
    console.print(f"Making {people:,} people …")
    made = path.with_suffix(".making")
    made.unlink(missing_ok=True)
    with duckdb.connect(str(made)) as con:
        con.execute("set threads = 2")
        con.execute(
            TABLES.format(
                person=PERSON.format(step=(2**64 - 1) // (people + 1)),
                people=people,
                segment=SEGMENT,
                seeds=DBT_PROJECT_DIR / "seeds" / "policy",
            )
        )
        for rule in _consent_rules():
            con.execute(rule)
        # The people come from nowhere, so their columns carry the labels that they have themselves.
        prepare(con)
        con.execute(
            f"insert into {COLUMNS} select 'profile.profiles', unnest(['profile_id', 'email', "
            "'given_name', 'country_code']), 0, true, true, null, 0, 0 union all select "
            "'segments.' || ?, 'profile_id', 0, true, true, null, 0, 0",
            [SEGMENT],
        )
    made.rename(path)
    return path


def change(path: Path, one_of: int, name: str) -> None:
    """Give some people another name.

    Parameters:
        path: of the warehouse.
        one_of: every how manieth.
        name: which.
    """
    with duckdb.connect(str(path)) as con:
        con.execute(
            "update profile.profiles set given_name = ? where hash(profile_id, 7) % ? = 0",
            [name, one_of],
        )


def _consent_rules() -> Iterator[str]:
    """The macros that decide who may be contacted, from the model that makes them."""
    text = (DBT_PROJECT_DIR / "models" / "profile" / "effective_consent.sql").read_text()
    for macro in re.findall(r'"(create or replace macro [^"]*)"', text):
        rule = macro.replace("{{ this.schema }}", "profile")
        rule = rule.replace("{{ this }}", "profile.effective_consent")
        yield re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"policy.\1", rule)
