"""Which profile is meant, and all that the layers know of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.lookup.layers import standing
from orchestration.warehouse import rows

MOST_NAMED = 20

OF_ID = """
select profile_id from profile.profiles where profile_id = $id
union
select profile_id from profile.alternate_keys
where key_kind = 'former_profile' and key_value = $id
"""
OF_RECORD = """
select profile_id from profile.alternate_keys
where key_kind = 'source_record' and namespace = $system and key_value = $id
"""
NAMESPACES = "select namespace from policy.identity_namespaces order by namespace"
OF_VALUE = """
select distinct profile_id
from profile.alternate_keys
where key_kind = 'identity'
    and namespace = $namespace and key_value in ($written, $lower, $international)
order by profile_id
"""
OF_VALUE_AS_WRITTEN = """
select distinct identity_map.profile_id
from identity.comparison_values as written
inner join identity.identity_map on identity_map.record_key = written.record_key
where written.namespace = $namespace and written.identity_value = $written
order by identity_map.profile_id
"""


@dataclass(frozen=True)
class Asked:
    """Which activities and changes are asked for.

    Attributes:
        limit: most activities, the latest first.
        kind: only activities of this type; all when None.
        since: only activities, and changes that became known, from this day on, UTC; all when None.
        changes: most changes of attributes, the latest first.
        attribute: only changes of this attribute; all when None.
    """

    limit: int = 10
    kind: str | None = None
    since: date | None = None
    changes: int = 10
    attribute: str | None = None


@dataclass(frozen=True)
class Section:
    """One part of the answer.

    Attributes:
        name: its key in JSON.
        title: its heading.
        tables: what it reads; where one is not built yet, the section is left out.
        sql: the query, with $profile.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    sql: str


PROFILE = "select * from profile.profiles where profile_id = $profile"
MEASURES = "select * exclude (profile_id) from value.profile_measures where profile_id = $profile"

SECTIONS = (
    Section(
        "provenance",
        "Where each attribute comes from",
        ("profile.provenance",),
        "select attribute, source_system, source_record_id, rule, is_cleared "
        "from profile.provenance where profile_id = $profile and place = 1 order by attribute",
    ),
    Section(
        "values_that_lost",
        "Values that lost",
        ("profile.provenance",),
        "select attribute, place, attribute_value, source_system, source_record_id, lost_by "
        "from profile.provenance where profile_id = $profile and place > 1 "
        "and not is_winning_value order by attribute, place",
    ),
    Section(
        "records",
        "Records",
        ("identity.identity_map",),
        "select source_system, source_record_id "
        "from identity.identity_map where profile_id = $profile order by all",
    ),
    Section(
        "identities",
        "Identities",
        ("identity.profile_identities",),
        "select namespace, identity_value, record_count "
        "from identity.profile_identities where profile_id = $profile order by all",
    ),
    Section(
        "former_profiles",
        "Profiles that became this one, or it came from",
        ("identity.profile_ledger",),
        "select profile_id, status, split_from_profile_id, founded_at, ended_at "
        "from identity.profile_ledger "
        "where current_profile_id = $profile "
        "and (profile_id <> $profile or split_from_profile_id is not null) "
        "order by founded_at, profile_id",
    ),
    Section(
        "household",
        "Household",
        ("identity.household_members",),
        "select others.household_id, others.profile_id "
        "from identity.household_members as own "
        "inner join identity.household_members as others "
        "on others.household_id = own.household_id "
        "where own.profile_id = $profile and others.profile_id <> $profile "
        "order by others.profile_id",
    ),
    Section(
        "consent",
        "Consent",
        ("profile.consent",),
        "select * exclude (profile_id) from profile.consent "
        "where profile_id = $profile order by all",
    ),
    Section(
        "segments",
        "Segments",
        ("segments.segment_membership",),
        "select segment_name, reason, as_of_on from segments.segment_membership "
        "where profile_id = $profile order by segment_name",
    ),
    Section(
        "segment_stays",
        "Segments entered and left",
        ("segments.segment_membership_history",),
        "select segment_name, valid_from, valid_to, entering_cause, leaving_cause "
        "from segments.segment_membership_history where profile_id = $profile "
        "order by valid_from desc, segment_name",
    ),
    Section(
        "activity_types",
        "Activities by type",
        ("profile.activities",),
        "select activity_type, count(*) as activity_count, "
        "min(occurred_at) as first_at, max(occurred_at) as last_at "
        "from profile.activities where profile_id = $profile and is_on_timeline "
        "group by activity_type order by activity_count desc, activity_type",
    ),
    Section(
        "activities",
        "Activities, the latest first",
        ("profile.activities",),
        "select * exclude (profile_id, activity_id, sort_index, is_on_timeline) "
        "from profile.activities where profile_id = $profile "
        "and (activity_type = $kind or $kind is null and is_on_timeline) "
        "and ($since is null or occurred_at >= $since) "
        "order by occurred_at desc nulls last, activity_id limit $limit",
    ),
    Section(
        "completeness",
        "Completeness",
        ("profile.profile_completeness",),
        "select * exclude (profile_id) from profile.profile_completeness "
        "where profile_id = $profile",
    ),
    Section(
        "history",
        "History of attributes, the latest first",
        ("profile.attribute_history",),
        "select known_from, attribute, previous_value, attribute_value, is_cleared, change_reason, "
        "source_system, source_record_id, valid_from, valid_to "
        "from profile.attribute_history where profile_id = $profile "
        "and ($attribute is null or attribute = $attribute) "
        "and ($since is null or known_from >= $since) "
        "order by known_from desc, attribute limit $changes",
    ),
)


def look_up(con: duckdb.DuckDBPyConnection, profile_id: str, asked: Asked) -> dict[str, Any]:
    """All that the layers know of a profile.

    Parameters:
        con: a connection to the layers.
        profile_id: an id that `profile_asked_for` gave.
        asked: which activities and changes.

    Returns:
        `profile_id`, `attributes` (those with a value), `measures` (likewise), and per name in
        SECTIONS a list of rows. Layers that are not built yet are left out.
    """
    there = standing(con)
    answer: dict[str, Any] = {"profile_id": profile_id}
    for name, table, sql in (
        ("attributes", "profile.profiles", PROFILE),
        ("measures", "value.profile_measures", MEASURES),
    ):
        found = rows(con, sql, {"profile": profile_id}) if table in there else []
        answer[name] = {k: v for row in found for k, v in row.items() if v is not None}
    answer["attributes"].pop("profile_id", None)
    for section in SECTIONS:
        if there.issuperset(section.tables):
            values = {k: v for k, v in asdict(asked).items() if f"${k}" in section.sql}
            answer[section.name] = rows(con, section.sql, {"profile": profile_id, **values})
    return answer


def profile_asked_for(con: duckdb.DuckDBPyConnection, key: str, value: str | None) -> str:
    """The profile of an id, of a record, or of an identity.

    Parameters:
        con: a connection to the layers.
        key: with a value the namespace; without one a profile's id, a former one, or a record as
            source_system:source_record_id.
        value: the identity, as a system wrote it or in its one spelling.

    Raises:
        UserError: nobody has it, or several people do.
    """
    if value is None:
        return _of_id(con, key)
    known = [name for (name,) in con.execute(NAMESPACES).fetchall()]
    if key not in known:
        raise UserError(
            f"There is no namespace {key}. These are known: {', '.join(known)}. "
            "`c360 profile search TEXT` looks for words.",
            2,
        )
    values = {"namespace": key, "written": value}
    spelled = {"lower": value.strip().lower(), "international": international(value)}
    found = [str(p) for (p,) in con.execute(OF_VALUE, {**values, **spelled}).fetchall()]
    # What systems wrote is ten times as long a list.
    found = found or [str(p) for (p,) in con.execute(OF_VALUE_AS_WRITTEN, values).fetchall()]
    return _the_one(found, f"this {key}")


def _of_id(con: duckdb.DuckDBPyConnection, key: str) -> str:
    system, _, record = key.partition(":")
    if record:
        asked = {"system": system, "id": record}
        found = [str(p) for (p,) in con.execute(OF_RECORD, asked).fetchall()]
        return _the_one(found, f"the record {key}")
    found = [str(p) for (p,) in con.execute(OF_ID, {"id": key}).fetchall()]
    if not found and not re.fullmatch("p[0-9a-f]{16}", key):
        raise UserError(
            f"{key} is no profile's id. Ask for an id, a record as source_system:source_record_id, "
            "or a namespace and a value, as in `c360 profile email ann@example.org`. "
            "`c360 profile search TEXT` looks for words.",
            2,
        )
    return _the_one(found, f"the id {key}")


def _the_one(found: list[str], what: str) -> str:
    if not found:
        raise UserError(f"Nobody has {what}. The last run knows of no such profile.", 2)
    if len(found) > 1:
        named = ", ".join(found[:MOST_NAMED]) + (" ..." if len(found) > MOST_NAMED else "")
        raise UserError(
            f"{len(found)} people have {what}: {named}. Ask for one of them by its id.", 2
        )
    return found[0]


def international(value: str) -> str:
    """A telephone number as people type it, with the plus and without what stands between."""
    digits = re.sub(r"[^\d+]", "", value)
    return "+" + digits[2:] if digits.startswith("00") else digits


def shown_rows(found: Mapping[str, Any], section: Section) -> list[dict[str, Any]]:
    """The rows of a section, without columns that none of them fills."""
    listed: list[dict[str, Any]] = found.get(section.name, [])
    filled = {key for row in listed for key, value in row.items() if value is not None}
    return [{key: value for key, value in row.items() if key in filled} for row in listed]
