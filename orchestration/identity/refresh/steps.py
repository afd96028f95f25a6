"""What changed records reach, step by step, and the models refreshed on the way.

Each step leaves temporary tables that the next one starts from; their names say what they hold.
Conditions select by them, so that a model's SQL sees all rows that its result depends on:

- a value's verdict depends on all records that show the value: `reached_values`;
- a pair's score depends on its two records: `rescored_records`;
- a component's links, verdicts and id depend on the component: `reached_nodes`, and by name
  `reached_records`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from orchestration.identity.refresh.inputs import MENTIONING
from orchestration.identity.refresh.workshop import Workshop

VALUE = "(record_key, namespace, identity_value)"
SHOWN = "(namespace, normalised_value)"


def among(column: str, table: str) -> str:
    """A condition: the column's value, or values in brackets, are in a table's columns."""
    return f"{column} in (select {column.strip('()')} from {table})"


def either(table: str) -> str:
    """A condition on pairs: the key of one of the two records is in a table's record_key."""
    keys = f"(select record_key from {table})"
    return f"(record_key_a in {keys} or record_key_b in {keys})"


CHANGED = among("record_key", "changed_records")
OF_REACHED_VALUE = among(VALUE, "reached_rows")
OF_REACHED_RECORD = among("record_key", "reached_records")
OF_REACHED_COMPONENT = among("component_id", "reached_components")
RESCORED = either("rescored_records")
AT_REACHED_NODE = "node_id in (select node_id from reached_nodes)"
FROM_REACHED_NODE = "node_a in (select node_id from reached_nodes)"


def refresh_values(work: Workshop) -> None:
    """Values of changed records, and the verdict on each value that one of them shows or showed.

    Leaves reached_values, reached_rows and comparison_before (their verdicts until now).
    """
    observations = work.relations["identity_observations"]
    values = work.relations["normalised_values"]
    before = work.keep("values_before", f"select * from {values} where {CHANGED}")
    work.keep(
        "changed_phones",
        f"select identity_value as phone from {before} where kind = 'phone' union "
        f"select identity_value from {observations} where {CHANGED} and namespace in ("
        f"select namespace from {work.relations['identity_namespaces']} where kind = 'phone')",
    )
    phones = among("phone", "changed_phones")
    work.refresh(
        "phone_numbers",
        {"identity_observations": "identity_value in (select phone from changed_phones)"},
        phones,
    )
    work.refresh(
        "normalised_values", {"identity_observations": CHANGED, "phone_numbers": phones}, CHANGED
    )
    work.refresh("refused_on_sight", {"normalised_values": CHANGED}, CHANGED)

    both = f"(select * from {before} union all select * from {values} where {CHANGED})"
    work.keep(
        "reached_values",
        f"select distinct namespace, normalised_value from {both} as shown "
        "where normalised_value is not null "
        f"union {_values_of_new_limits(work)}",
    )
    shown = among(SHOWN, "reached_values")
    work.keep(
        "reached_rows",
        f"select record_key, namespace, identity_value from {before} union "
        f"select record_key, namespace, identity_value from {values} where {shown} or {CHANGED}",
    )
    work.refresh("refused_as_outdated", {"normalised_values": shown}, OF_REACHED_VALUE)
    work.keep(
        "comparison_before",
        f"select * from {work.relations['comparison_values']} where {OF_REACHED_VALUE}",
    )
    work.refresh(
        "comparison_values",
        {
            "normalised_values": f"{shown} or (normalised_value is null and {CHANGED})",
            "refused_on_sight": OF_REACHED_VALUE,
            "refused_as_outdated": OF_REACHED_VALUE,
        },
        OF_REACHED_VALUE,
    )


def _values_of_new_limits(work: Workshop) -> str:
    """SQL for the values that a limit, learned from all values, judges differently than before."""
    limits, values = work.relations["value_limits"], work.relations["normalised_values"]
    work.keep("limits_before", f"select * from {limits}")
    work.rebuild("value_limits")
    return f"""
        select namespace, normalised_value
        from {values}
        anti join {work.relations["refused_on_sight"]} as refused
            using (record_key, namespace, identity_value)
        inner join (
            select namespace, least(before.record_limit, now.record_limit) as lower_limit
            from {limits} as now inner join limits_before as before using (namespace)
            where before.record_limit <> now.record_limit or before.fixed_limit <> now.fixed_limit
        ) as moved using (namespace)
        group by namespace, normalised_value
        having count(*) > max(lower_limit)
    """


def refresh_pairs(work: Workshop, score: Callable[[Workshop], None]) -> None:
    """What records are compared by, and the pairs of those records that differ from before.

    Leaves rescored_records, pairs_before and rule_pairs_before.

    Parameters:
        work: the models.
        score: puts the pairs of rescored_records in place of those that are there.
    """
    comparison = work.relations["comparison_values"]
    told = "record_key, namespace, identity_value, normalised_value, refusal_reason"
    now = f"(select * from {comparison} where {OF_REACHED_VALUE})"
    work.keep(
        "described_anew",
        f"select record_key from {_difference(told, 'comparison_before', now)} "
        "union select record_key from changed_records",
    )
    described = among("record_key", "described_anew")
    records = work.relations["match_records"]
    work.keep("records_before", f"select * from {records} where {described}")
    work.refresh(
        "match_records", {"customer_records": described, "comparison_values": described}, described
    )
    now = f"(select * from {records} where {described})"
    work.keep(
        "rescored_records",
        f"select distinct record_key from {_difference('*', 'records_before', now)}",
    )
    work.keep("pairs_before", f"select * from {work.relations['scored_pairs']} where {RESCORED}")
    started = time.monotonic()
    if work.count("rescored_records"):
        score(work)
        work.changed("scored_pairs")
    work.seconds["scored_pairs"] = time.monotonic() - started
    work.keep("rule_pairs_before", f"select * from {work.relations['rule_pairs']}")
    # What a rule says of a pair may depend on a third record, so rules look at everybody again.
    if work.count(work.relations["record_match_rules"]):
        work.rebuild("rule_pairs")


def _difference(columns: str, before: str, now: str) -> str:
    return (
        f"((select {columns} from {before} except select {columns} from {now}) union all "
        f"(select {columns} from {now} except select {columns} from {before})) as differing"
    )


def refresh_people(work: Workshop) -> None:
    """Components that changed links reach, with their verdicts.

    Leaves reached_records, reached_nodes and reached_components, of before and of now.
    """
    _find_reached(work)
    pair_of_reached = either("reached_records")
    read = {"comparison_values": OF_REACHED_RECORD}
    links = {**read, "candidate_links": FROM_REACHED_NODE}
    work.refresh(
        "candidate_links",
        {
            **read,
            "scored_pairs": pair_of_reached,
            "rule_pairs": pair_of_reached,
            "active_overrides": pair_of_reached,
            "customer_records": OF_REACHED_RECORD,
            "identity_observations": OF_REACHED_RECORD,
        },
        FROM_REACHED_NODE,
    )
    work.refresh(
        "exclusive_records",
        {"customer_records": OF_REACHED_RECORD, "rule_pairs": pair_of_reached},
        OF_REACHED_RECORD,
    )
    work.refresh("candidate_components", {"candidate_links": FROM_REACHED_NODE}, AT_REACHED_NODE)
    work.con.execute(
        "insert into reached_components select distinct component_id from "
        f"{work.relations['candidate_components']} where {AT_REACHED_NODE}"
    )
    components = {"candidate_components": AT_REACHED_NODE}
    broken = {"broken_components": OF_REACHED_COMPONENT}
    work.refresh(
        "broken_components",
        {**links, **components, "exclusive_records": OF_REACHED_RECORD},
        OF_REACHED_COMPONENT,
    )
    work.refresh("replay_items", {**links, **components, **broken}, OF_REACHED_COMPONENT)
    _replay(work)
    items = {"replay_items": OF_REACHED_COMPONENT, "replay_verdicts": OF_REACHED_COMPONENT}
    work.refresh("refused_in_replay", items, OF_REACHED_COMPONENT)
    work.refresh("replayed_links", {**items, **read}, FROM_REACHED_NODE)
    work.refresh("replayed_components", {"replayed_links": FROM_REACHED_NODE}, AT_REACHED_NODE)
    work.refresh(
        "links",
        {**links, **components, **broken, "replayed_links": FROM_REACHED_NODE},
        FROM_REACHED_NODE,
    )
    work.refresh(
        "components",
        {**components, **broken, "replayed_components": AT_REACHED_NODE},
        AT_REACHED_NODE,
    )
    work.keep(
        "told_records",
        "select record_key from reached_records union select record_key from reached_rows",
    )
    told = among("record_key", "told_records")
    work.refresh(
        "refused_links",
        {
            "comparison_values": told,
            "refused_in_replay": told,
            "rule_pairs": "record_key_a in (select record_key from told_records)",
        },
        "source_system || ':' || source_record_id in (select record_key from told_records)",
    )


def _find_reached(work: Workshop) -> None:
    comparison, pairs = work.relations["comparison_values"], work.relations["scored_pairs"]
    told = (
        "record_key, namespace, identity_value, comparison_value, normalised_value, "
        "last_observed_at, observation_count"
    )
    now = f"(select * from {comparison} where {OF_REACHED_VALUE} and refusal_reason is null)"
    before = "(select * from comparison_before where refusal_reason is null)"
    pairs_now = f"(select * from {pairs} where {RESCORED} and decision = 'accept')"
    pairs_before = "(select * from pairs_before where decision = 'accept')"
    pair = "record_key_a, record_key_b, match_probability"
    scored_otherwise = _difference(pair, pairs_before, pairs_now)
    ruled_otherwise = _difference("*", "rule_pairs_before", work.relations["rule_pairs"])
    work.keep(
        "pairs_changed",
        f"select record_key_a, record_key_b from {scored_otherwise} "
        f"union select record_key_a, record_key_b from {ruled_otherwise}",
    )
    work.keep(
        "linked_anew",
        f"select record_key from {_difference(told, before, now)} "
        "union select record_key from changed_records "
        "union select record_key_a from pairs_changed union select record_key_b from pairs_changed",
    )
    # Everybody who shares an accepted value with one of them, is a pair with one, or is decided to
    # be one's person; and all of the components these belong to.
    anew = among("record_key", "linked_anew")
    overrides, by_rule = work.relations["active_overrides"], work.relations["rule_pairs"]
    work.keep(
        "neighbours",
        f"""
        select record_key from linked_anew
        union
        select record_key from {comparison}
        where refusal_reason is null and (namespace, comparison_value) in (
            select namespace, comparison_value from {comparison}
            where {anew} and refusal_reason is null
        )
        union
        select record_key_b from {pairs}
        where decision = 'accept' and record_key_a in (select record_key from linked_anew)
        union
        select record_key_a from {pairs}
        where decision = 'accept' and record_key_b in (select record_key from linked_anew)
        union
        select record_key_b from {by_rule}
        where decision = 'link' and record_key_a in (select record_key from linked_anew)
        union
        select record_key_a from {by_rule}
        where decision = 'link' and record_key_b in (select record_key from linked_anew)
        union
        select record_key_b from {overrides}
        where record_key_a in (select record_key from linked_anew)
        union
        select record_key_a from {overrides}
        where record_key_b in (select record_key from linked_anew)
        """,
    )
    work.keep(
        "neighbour_nodes",
        "select record_key, cast('0x' || substr(md5(record_key), 1, 15) as bigint) as node_id "
        "from neighbours",
    )
    components = work.relations["candidate_components"]
    work.keep(
        "reached_components",
        f"select distinct component_id from {components} "
        "where node_id in (select node_id from neighbour_nodes) "
        "union select node_id from neighbour_nodes",
    )
    work.keep(
        "reached_nodes",
        f"select node_id from {components} where {OF_REACHED_COMPONENT} "
        "union select node_id from neighbour_nodes",
    )
    # What falls apart leaves records by themselves, each a component named after its node.
    work.con.execute("insert into reached_components select node_id from reached_nodes")
    links = work.relations["candidate_links"]
    work.keep(
        "reached_records",
        "select record_key from neighbours "
        f"union select record_key_a from {links} where {FROM_REACHED_NODE} "
        f"union select record_key_b from {links} where {FROM_REACHED_NODE}",
    )


def _replay(work: Workshop) -> None:
    from orchestration.identity.replay import replay

    started = time.monotonic()
    items = work.part("replay_items", OF_REACHED_COMPONENT)
    exclusive = work.part("exclusive_records", OF_REACHED_RECORD)
    verdicts = replay(
        work.con,
        work.con.sql(f"select * from {items}"),
        work.con.sql(f"select * from {exclusive}"),
        work.con.sql(f"select * from {work.relations['match_rules']}"),
    )
    work.con.register("verdicts_now", verdicts)
    work.replace("replay_verdicts", "verdicts_now", OF_REACHED_COMPONENT)
    work.con.unregister("verdicts_now")
    work.seconds["replay_verdicts"] = time.monotonic() - started


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
    work.refresh(
        "household_addresses",
        {"customer_records": OF_REACHED_RECORD, "identity_map": OF_REACHED_RECORD},
        of_profile,
    )
