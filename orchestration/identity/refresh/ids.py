"""The last step of a refresh: which profile each reached record belongs to."""

from __future__ import annotations

from orchestration.identity.refresh.inputs import MENTIONING
from orchestration.identity.refresh.reach import (
    AT_REACHED_NODE,
    CHANGED,
    OF_REACHED_COMPONENT,
    OF_REACHED_RECORD,
    among,
)
from orchestration.identity.refresh.workshop import Workshop


def refresh_ids(work: Workshop) -> None:
    """Which profile each reached record belongs to, and what is known of those profiles."""
    history, records = work.relations["identity_map_history"], work.relations["record_components"]
    identity_map = work.relations["identity_map"]
    mapped = work.keep(
        "mapped_components", f"select component_id from {records} where {OF_REACHED_RECORD}"
    )
    theirs = work.keep(
        "reached_profiles", f"select profile_id from {identity_map} where {OF_REACHED_RECORD}"
    )
    # Of some of these other records are today, so their tables of values are not touched.
    ever_theirs = work.keep(
        "profiles_ever", f"select distinct profile_id from {history} where {OF_REACHED_RECORD}"
    )
    there = work.keep(
        "records_there",
        "select source_system, source_record_id from operations.identity_inputs "
        f"where {OF_REACHED_RECORD} and not {CHANGED} "
        "union all select source_system, source_record_id from changed_inputs "
        f"where {OF_REACHED_RECORD}",
    )
    nobody = work.keep("records_nowhere", f"select * from {there} where false")
    elsewhere = dict.fromkeys(("identity_observations", *MENTIONING), f"={nobody}")
    work.refresh(
        "record_components",
        {"customer_records": f"={there}", **elsewhere, "components": AT_REACHED_NODE},
        OF_REACHED_RECORD,
    )
    work.con.execute(
        f"insert into {mapped} select component_id from {records} where {OF_REACHED_RECORD}"
    )
    of_component = among("component_id", mapped)
    # What was new in the last run has its id from then in this one.
    work.con.execute(
        f"update {work.relations['component_profiles']} set is_inherited = true "
        "where not is_inherited"
    )
    work.refresh(
        "component_profiles",
        {
            "record_components": OF_REACHED_RECORD,
            "identity_map_history": among("profile_id", ever_theirs),
        },
        of_component,
    )
    work.refresh(
        "identity_map",
        {"record_components": OF_REACHED_RECORD, "component_profiles": of_component},
        OF_REACHED_RECORD,
    )
    entries = work.rows(
        "identity_map_history",
        {"identity_map": OF_REACHED_RECORD, "identity_map_history": OF_REACHED_RECORD},
    )
    work.replace(
        "identity_map_history",
        entries,
        f"(record_key, valid_from) in (select record_key, valid_from from {entries})",
    )
    for profiles in (theirs, ever_theirs):
        work.con.execute(
            f"insert into {profiles} select profile_id from {identity_map} "
            f"where {OF_REACHED_RECORD}"
        )
    of_profile_ever = among("profile_id", ever_theirs)
    work.keep("their_records", f"select distinct record_key from {history} where {of_profile_ever}")
    of_their_records = among("record_key", "their_records")
    work.refresh(
        "profile_ledger",
        {"identity_map_history": of_their_records, "identity_map": of_their_records},
        of_profile_ever,
    )
    of_profile = among("profile_id", theirs)
    work.refresh(
        "profile_identities",
        {
            "comparison_values": OF_REACHED_RECORD,
            "refused_in_replay": OF_REACHED_COMPONENT,
            "identity_map": OF_REACHED_RECORD,
        },
        of_profile,
    )
    of_person = {"identity_map": OF_REACHED_RECORD}
    work.refresh("profile_names", {**of_person, "normalised_values": OF_REACHED_RECORD}, of_profile)
    addresses = work.relations["household_addresses"]
    work.keep("reached_addresses", f"select address from {addresses} where {of_profile}")
    work.refresh(
        "household_addresses",
        {**of_person, "customer_records": OF_REACHED_RECORD},
        of_profile,
    )
    work.con.execute(
        f"insert into reached_addresses select address from {addresses} where {of_profile}"
    )
    at_address = among("address", "reached_addresses")
    work.keep(
        "reached_inhabitants",
        f"select profile_id from {addresses} where {at_address} "
        f"union select profile_id from {theirs}",
    )
    work.refresh(
        "household_members",
        {"household_addresses": at_address},
        among("profile_id", "reached_inhabitants"),
    )
