"""The third step of a refresh: components that changed links reach, with their verdicts."""

from __future__ import annotations

import time

from orchestration.identity.contraction import find_reached
from orchestration.identity.refresh.reach import (
    AT_REACHED_NODE,
    FROM_REACHED_NODE,
    OF_REACHED_COMPONENT,
    OF_REACHED_RECORD,
    RESCORED,
    among,
    difference,
    either,
    hash60,
)
from orchestration.identity.refresh.values import TOLD
from orchestration.identity.refresh.workshop import Workshop


def refresh_people(work: Workshop) -> None:
    """Components that changed links reach, with their verdicts.

    Leaves reached_records, reached_nodes and reached_components, of before and of now.
    """
    _find_reached(work)
    # Verdicts on the values of others may have changed as well, without a link of theirs.
    work.keep(
        "told_nodes",
        f"select node_id from reached_nodes union select {hash60('record_key')} from reached_rows",
    )
    of_told = among("node_id", "told_nodes")
    values = work.hold("comparison_values", of_told)
    work.keep("reached_records", _records_of_reached(work, values))
    work.keep(
        "told_records",
        "select record_key from reached_records union select record_key from reached_rows",
    )
    told = among("record_key", "told_records")
    work.hold(
        "comparison_values",
        OF_REACHED_RECORD,
        sql=f"select * from {values} where {OF_REACHED_RECORD}",
    )
    pair_of_reached = either("reached_records")
    read = {"comparison_values": OF_REACHED_RECORD}
    links = {**read, "candidate_links": FROM_REACHED_NODE}
    overrides = work.relations["active_overrides"]
    decided = (
        f"record_key in (select record_key_a from {overrides} "
        f"union all select record_key_b from {overrides})"
    )
    work.refresh(
        "candidate_links",
        {
            **read,
            "scored_pairs": pair_of_reached,
            "rule_pairs": pair_of_reached,
            "active_overrides": pair_of_reached,
            # Whether they are there is asked of decided records only.
            "customer_records": decided,
            "identity_observations": decided,
        },
        FROM_REACHED_NODE,
    )
    work.refresh(
        "exclusive_records",
        {"customer_records": OF_REACHED_RECORD, "rule_pairs": pair_of_reached},
        OF_REACHED_RECORD,
    )
    work.refresh(
        "candidate_components",
        {"candidate_links": FROM_REACHED_NODE},
        AT_REACHED_NODE,
        standing="standing",
    )
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
    _refresh_contributions(work)
    work.refresh(
        "refused_links",
        {
            "comparison_values": of_told,
            "refused_in_replay": told,
            "rule_pairs": "record_key_a in (select record_key from told_records)",
        },
        "source_system || ':' || source_record_id in (select record_key from told_records)",
    )


def _refresh_contributions(work: Workshop) -> None:
    """What each rule adds to the reached components."""
    rules = work.relations["component_rules"]
    node_without_rule = hash60("rule || ' ' || node_id")
    work.keep(
        "nodes_without_rule",
        f"select distinct {node_without_rule} as node_id from reached_nodes "
        f"cross join (select rule from {rules} union "
        f"select coalesce(namespace, link_kind) from {work.part('links', FROM_REACHED_NODE)}) "
        "as rules",
    )
    links = {"links": FROM_REACHED_NODE, "components": AT_REACHED_NODE}
    without_rule = among("node_id", "nodes_without_rule")
    work.refresh("components_without_rule", links, without_rule)
    work.refresh(
        "component_rules",
        {**links, "components_without_rule": without_rule},
        OF_REACHED_COMPONENT,
    )


def _find_reached(work: Workshop) -> None:
    comparison, pairs = work.relations["comparison_values"], work.relations["scored_pairs"]
    now = "(select * from comparison_now where refusal_reason is null)"
    before = "(select * from comparison_before where refusal_reason is null)"
    pairs_now = f"(select * from {pairs} where {RESCORED} and decision = 'accept')"
    pairs_before = "(select * from pairs_before where decision = 'accept')"
    pair = "record_key_a, record_key_b, match_probability"
    scored_otherwise = difference(pair, pairs_before, pairs_now)
    ruled_otherwise = difference("*", "rule_pairs_before", work.relations["rule_pairs"])
    work.keep(
        "pairs_changed",
        f"select record_key_a, record_key_b from {scored_otherwise} "
        f"union select record_key_a, record_key_b from {ruled_otherwise}",
    )
    # Records whose values link otherwise than before, or who are otherwise paired.
    work.keep(
        "linked_anew",
        f"select record_key from {difference(TOLD, before, now)} "
        "union select record_key from changed_records "
        "union select record_key_a from pairs_changed union select record_key_b from pairs_changed",
    )
    hashed = hash60("record_key")
    work.keep(
        "nodes_anew",
        f"select {hashed} as node_id, value_id from linked_anew left join {now} using (record_key)",
    )
    # A component differs when it gains or loses a link, of which one record is anew. What it gains
    # is a value they share now, a pair that is anew itself, or a decision that waited for a record.
    overrides = work.relations["active_overrides"]
    work.keep("decided_anew", f"select * from {overrides} where {either('linked_anew')}")
    work.keep(
        "neighbour_nodes",
        f"""
        select node_id from nodes_anew
        union
        select node_id from {comparison}
        where refusal_reason is null and value_id in (select value_id from nodes_anew)
        union
        select {hash60("record_key_a")} from decided_anew
        union
        select {hash60("record_key_b")} from decided_anew
        """,
    )
    # What a component has lost was within it, so it is reached by the record that is anew.
    components = work.relations["candidate_components"]
    find_reached(work.con, components, "nodes_anew", "neighbour_nodes")
    work.keep(
        "reached_nodes",
        "select node_id from rows_before union select node_id from neighbour_nodes",
    )
    # What falls apart leaves records by themselves, each a component named after its node.
    work.con.execute("insert into reached_components select node_id from reached_nodes")


def _records_of_reached(work: Workshop, values: str) -> str:
    """SQL for the records of `reached_nodes`.

    Parameters:
        work: the models.
        values: relation with what they show now; others are only known by their links.
    """
    links = f"{work.relations['candidate_links']} where {FROM_REACHED_NODE}"
    return (
        "select record_key from linked_anew "
        "union select record_key_a from decided_anew union select record_key_b from decided_anew "
        f"union select record_key from {values} where {AT_REACHED_NODE} "
        f"union select record_key_a from {links} union select record_key_b from {links}"
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
