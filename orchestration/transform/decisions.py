"""What a run does with each node: skip it, refresh it or build it; and why.

A node is skipped while its rules, the builds it reads and, where it asks for it, the day are what
they were when it was last made. It is refreshed, where its model knows how, when only rows that it
reads have changed. Otherwise it is built whole. Tests follow: they are asked again when the rows
they look at have changed, or when they have not passed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any

import duckdb

from orchestration.clock import REPLAYED, replayed_day
from orchestration.settings import Settings
from orchestration.transform.node_rules import NodeRules
from orchestration.transform.node_states import MadeFrom, NodeState, read_states
from orchestration.transform.tables_read import TablesRead
from orchestration.warehouse import attached

SKIP, REFRESH, BUILD = "skip", "refresh", "build"
STRATEGY = "reached"
"""The incremental strategy of models that know how to be refreshed; see macros/refresh.sql."""
ANOTHER_DAY = "it is another day"
NAMED = 2


@dataclass(frozen=True)
class Decision:
    """What is to be done with a node.

    Attributes:
        unique_id: of the node.
        action: `skip`, `refresh` or `build`; a test is built when it is to be asked, refreshed when
            it is to be asked of the changed rows only.
        reason: why it is not skipped, or not refreshed, for people; empty when it is skipped.
        known: what it was last made from; None when it is nothing yet.
        within: it is made again only because of nodes that the same decision makes again.
    """

    unique_id: str
    action: str
    reason: str = ""
    known: NodeState | None = None
    within: bool = False

    @property
    def is_model(self) -> bool:
        """Whether it makes a table, and is no test."""
        return not self.unique_id.startswith("test.")


class Decisions:
    """What is known of an installation's nodes, asked before and written after each layer.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
    """

    def __init__(self, settings: Settings, manifest: Mapping[str, Any]) -> None:
        self.rules = NodeRules(settings, manifest)
        self._reporting = settings.insights_build_path
        self._manifest = manifest

    def decide(
        self, con: duckdb.DuckDBPyConnection, unique_ids: Collection[str]
    ) -> dict[str, Decision]:
        """What to do with nodes, those first that others read.

        Parameters:
            con: a connection to the warehouse.
            unique_ids: of the nodes; what else they read is as it will be.
        """
        with attached(con, self._reporting, "insights"):
            return self._decide_all(con, unique_ids)

    def _decide_all(
        self, con: duckdb.DuckDBPyConnection, unique_ids: Collection[str]
    ) -> dict[str, Decision]:
        states, tables = read_states(con), TablesRead(con, self._manifest)
        decisions: dict[str, Decision] = {}
        for unique_id in self.in_order(unique_ids):
            known = states.get(unique_id)
            if known is None:
                decisions[unique_id] = Decision(unique_id, BUILD, "it was not built yet")
            elif not tables.is_as_left(known):
                decisions[unique_id] = Decision(unique_id, BUILD, "it is not as it was left")
            else:
                now = self._made_from(unique_id, states, tables)
                decisions[unique_id] = self._decide(known, now, states, decisions, tables)
        return decisions

    def with_made_from(
        self, con: duckdb.DuckDBPyConnection, made: Sequence[NodeState], day: str
    ) -> list[NodeState]:
        """The states of nodes that were made just now, with what they follow from.

        Parameters:
            con: a connection to the warehouse.
            made: the states; what they read besides has its own in the warehouse.
            day: as `today` was when they began to be made.
        """
        states = read_states(con) | {state.unique_id: state for state in made}
        tables = TablesRead(con, self._manifest)
        found = []
        for state in made:
            made_from = self._made_from(state.unique_id, states, tables)
            made_from = replace(made_from, day=day if made_from.day else "")
            found.append(replace(state, made_from=made_from))
        return found

    def _decide(
        self,
        known: NodeState,
        now: MadeFrom,
        states: Mapping[str, NodeState],
        decided: Mapping[str, Decision],
        tables: TablesRead,
    ) -> Decision:
        unique_id = known.unique_id
        remade = [u for u in now.inputs if u in decided and decided[u].action != SKIP]
        rules = _differing(known.made_from.rules, now.rules)
        if rules:
            return Decision(unique_id, BUILD, f"{_named(rules)} changed", known)
        inputs = [*_differing(known.made_from.inputs, now.inputs), *remade]
        if inputs:
            names = sorted({u.split(".")[-1] for u in inputs})
            whole = self._built_whole(unique_id, known, inputs, states, decided)
            action, why = (BUILD, whole) if whole else (REFRESH, inputs)
            named = _named(sorted({u.split(".")[-1] for u in why}) or names)
            within = set(inputs) <= set(remade)
            by_day = within and known.made_from.day != now.day
            reason = ANOTHER_DAY if by_day else f"{named} changed"
            return Decision(unique_id, action, reason, known, within)
        if known.made_from.day != now.day:
            # A replayed day changes more than the rows that wait for a day.
            is_replay = REPLAYED in known.made_from.day + now.day
            next_day = "" if is_replay else tables.next_day(unique_id, known.made_from.day)
            if not known.made_from.day < now.day < next_day:
                can = self._is_refreshable(unique_id) and not is_replay
                return Decision(unique_id, REFRESH if can else BUILD, ANOTHER_DAY, known)
        if known.was_good:
            return Decision(unique_id, SKIP, known=known)
        return Decision(unique_id, BUILD, "it has not passed since", known)

    def _built_whole(
        self,
        unique_id: str,
        known: NodeState,
        inputs: Sequence[str],
        states: Mapping[str, NodeState],
        decided: Mapping[str, Decision],
    ) -> list[str]:
        """The changed inputs because of which a node can't be refreshed; all if it never can."""
        # A view is what it reads: where that is refreshed, its changes are all that the view has.
        can = self._is_refreshable(unique_id) or self._is_view(unique_id)
        if not can or not known.was_good or known.failures:
            return list(inputs)
        meta = self._manifest["nodes"][unique_id]["config"].get("meta", {})
        through = meta.get("reaches_through", [])
        return [
            u
            for u in inputs
            if u.split(".")[-1] not in through and not self._is_refreshed(u, known, states, decided)
        ]

    def _is_refreshable(self, unique_id: str) -> bool:
        if replayed_day():
            # macros/refresh.sql builds all then.
            return False
        config = self._manifest["nodes"][unique_id]["config"]
        is_model = config.get("incremental_strategy") == STRATEGY and config.get("unique_key")
        return bool(is_model) or self.rules.looks_at_changes(unique_id)

    def _is_view(self, unique_id: str) -> bool:
        return bool(self._manifest["nodes"][unique_id]["config"].get("materialized") == "view")

    def _is_refreshed(
        self,
        unique_id: str,
        known: NodeState,
        states: Mapping[str, NodeState],
        decided: Mapping[str, Decision],
    ) -> bool:
        """Whether the rows of an input that changed can be told from those a node was made from."""
        if unique_id not in self._manifest["nodes"]:
            # The models over landing find what is new there themselves, but not through a view.
            return not self._is_view(known.unique_id)
        if known.unique_id.startswith("test.") and self._is_view(unique_id):
            return False  # a test could only ask for a delta, and a view has none
        seen = known.made_from.inputs.get(unique_id)
        now = states.get(unique_id)
        if unique_id in decided and decided[unique_id].action != SKIP:
            is_next = now is not None and now.build == seen
            return is_next and decided[unique_id].action == REFRESH
        # Once refreshed since, its last changes are all of them.
        return now is not None and now.before == seen

    def _made_from(
        self, unique_id: str, states: Mapping[str, NodeState], tables: TablesRead
    ) -> MadeFrom:
        node = self._manifest["nodes"][unique_id]
        inputs = {
            read: states[read].build if read in states else tables.fingerprint(read)
            for read in self._read_by(node)
        }
        inputs |= {table: tables.content(table) for table in _tables_read(node)}
        return MadeFrom(dict(self.rules.of(unique_id)), inputs, self.rules.day_of(unique_id))

    def _read_by(self, node: Mapping[str, Any]) -> list[str]:
        reads = node.get("depends_on", {}).get("nodes", [])
        known = {*self._manifest["nodes"], *self._manifest["sources"]}
        return [read for read in reads if read in known]

    def in_order(self, unique_ids: Collection[str]) -> Iterator[str]:
        """Nodes, each after those of them that it reads."""
        graph = {
            unique_id: [
                read
                for read in self._read_by(self._manifest["nodes"][unique_id])
                if read in unique_ids
            ]
            for unique_id in sorted(unique_ids)
        }
        yield from TopologicalSorter(graph).static_order()


def _tables_read(node: Mapping[str, Any]) -> list[str]:
    """Tables that a Python model's code reads without dbt's knowing (`config.meta.reads`)."""
    reads: list[str] = node["config"].get("meta", {}).get("reads", [])
    return reads


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
