"""A layer made as its nodes' decisions say: what is skipped, refreshed and built, and what came."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from orchestration.clock import today
from orchestration.ingest.sql import quoted
from orchestration.progress import reporter
from orchestration.settings import Settings
from orchestration.transform.dbt import NodeResult, run_dbt
from orchestration.transform.decisions import (
    ANOTHER_DAY,
    BUILD,
    REFRESH,
    SKIP,
    Decision,
    Decisions,
)
from orchestration.transform.node_states import (
    MadeFrom,
    NodeState,
    forget_states,
    keep_states,
    read_states,
)
from orchestration.transform.numbers import hash_rows, measure_tables
from orchestration.warehouse import Connect

REFRESHED_VARIABLE = "C360_REFRESH"
"""Names the models that macros/refresh.sql may refresh; plain dbt builds every model whole."""
FLUSH_SECONDS = 2.0
ASKED_FOR = "it was asked for"


@dataclass
class LayerBuild:
    """One layer in one run.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
        connect: gives connections to the warehouse.
        layer: its name.

    Attributes:
        decisions: what is done with each node.
        results: what dbt reported of those that were made.
    """

    settings: Settings
    manifest: Mapping[str, Any]
    connect: Connect
    layer: str
    decisions: dict[str, Decision] = field(default_factory=dict)
    results: dict[str, NodeResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._decisions = Decisions(self.settings, self.manifest)
        self._day = today()

    def decide(self, nodes: Sequence[str]) -> None:
        """Decide what to do with all of the layer.

        Parameters:
            nodes: unique ids of its models, seeds and tests.
        """
        with self.connect() as con:
            self.decisions = self._decisions.decide(con, nodes)

    def ask_for(self, nodes: Sequence[str]) -> None:
        """Have some models made whatever has changed, because somebody asked for them.

        Parameters:
            nodes: their unique ids.
        """
        with self.connect() as con:
            known = read_states(con)
        self.decisions = {
            u: Decision(u, BUILD, ASKED_FOR, known.get(u)) for u in self._decisions.in_order(nodes)
        }

    @property
    def to_make(self) -> list[str]:
        """The nodes that are not skipped, by unique id."""
        return [u for u, decision in self.decisions.items() if decision.action != SKIP]

    @property
    def makes_models(self) -> bool:
        """Whether any table is made, and not only tests asked again."""
        return any(self.decisions[u].is_model for u in self.to_make)

    @property
    def makes_all_models(self) -> bool:
        """Whether no table stays as it is."""
        return all(d.action != SKIP for d in self.decisions.values() if d.is_model)

    def bytes_to_write(self) -> int:
        """What the tables that are built whole may take beside those that are there.

        By their share of all rows in the size of the warehouse; a first build has no tables yet,
        and was judged by what was loaded.
        """
        if not self.settings.warehouse_path.exists():
            return 0
        with self.connect() as con:
            found = con.execute(
                "select database_name || '.' || schema_name || '.' || table_name, estimated_size "
                "from duckdb_tables()"
            ).fetchall()
        rows = dict(found)
        built = {self._table(u).replace('"', "") for u in self.to_make if self._is_built(u)}
        share = sum(rows.get(name, 0) for name in built) / max(sum(rows.values()), 1)
        return int(self.settings.warehouse_path.stat().st_size * share)

    def _is_built(self, unique_id: str) -> bool:
        decision = self.decisions[unique_id]
        return decision.is_model and decision.action == BUILD

    def touch(self, nodes: Sequence[str]) -> None:
        """Take away what is known of nodes, and the word of all that follows, before they change.

        Parameters:
            nodes: their unique ids.
        """
        with self.connect() as con:
            forget_states(con, self.manifest, nodes)

    def make(self, selection: Callable[[Sequence[str]], list[str]]) -> None:
        """Run dbt over what is to be made.

        Where models are made only because the day has passed, those come first: of the others
        only those are made that read rows which are different now.

        Parameters:
            selection: gives the arguments that select nodes.
        """
        first = self._for_the_day()
        if first:
            self._run(selection(first), first)
            with self.connect() as con:
                left = [u for u in self.decisions if u not in first]
                self.decisions |= self._decisions.decide(con, left)
        left = [u for u in self.to_make if u not in self.results]
        if left:
            self._run(selection(left), left)

    def keep_skipped(self) -> None:
        """What was skipped is as good as it was, though what it reads may have been touched."""
        with self.connect() as con:
            touched = {u for u, state in read_states(con).items() if state.is_touched}
            skipped = [u for u in self.decisions if u in touched and self.is_skipped(u)]
            keep_states(con, map(self.state_of, skipped))

    def is_skipped(self, unique_id: str) -> bool:
        """Whether a node is as it was."""
        return self.decisions[unique_id].action == SKIP

    def state_of(self, unique_id: str) -> NodeState:
        """What a skipped node was last made from."""
        known = self.decisions[unique_id].known
        assert known is not None, unique_id
        return replace(known, is_touched=False)

    def _for_the_day(self) -> list[str]:
        made = [self.decisions[u] for u in self.to_make if self.decisions[u].is_model]
        first = [d.unique_id for d in made if d.reason == ANOTHER_DAY]
        others = [d for d in made if d.reason != ANOTHER_DAY]
        return first if others and all(d.within for d in others) else []

    def _run(self, selected: Sequence[str], nodes: Sequence[str]) -> None:
        refreshed = [u.split(".")[2] for u in nodes if self.decisions[u].action == REFRESH]
        self.touch(nodes)
        os.environ[REFRESHED_VARIABLE] = " ".join(refreshed)
        # A seed whose columns have changed can't be loaded into the table that is there.
        anew = ["--full-refresh"] if self.layer == "policy" else []
        # An exposure is reported as done, and nothing of it is made.
        without = [f"--exclude-resource-type={kind}" for kind in ("unit_test", "exposure")]
        pending: list[NodeResult] = []
        kept_at = time.monotonic()
        try:
            for result in run_dbt(self.settings, ["build", *selected, *without, *anew]):
                reporter().advance(self.layer, result.unique_id.split(".")[2], len(nodes))
                self.results[result.unique_id] = result
                pending.append(result)
                # So that a run that is killed goes on where it stood.
                if time.monotonic() - kept_at > FLUSH_SECONDS:
                    self._keep(pending)
                    pending, kept_at = [], time.monotonic()
        finally:
            os.environ.pop(REFRESHED_VARIABLE, None)
        self._keep(pending)

    def _keep(self, results: Sequence[NodeResult]) -> None:
        """Write down what was made; what failed is nothing, but a test that failed has failed."""
        made = [
            r
            for r in results
            if r.status != "skipped" and (r.unique_id.startswith("test.") or not r.is_failure)
        ]
        with self.connect() as con:
            tables = [r.unique_id for r in made if not r.unique_id.startswith("test.")]
            measured = measure_tables(con, self.manifest, tables)
            states = [self._state(con, r, measured.get(r.unique_id, {})) for r in made]
            keep_states(con, self._decisions.with_made_from(con, states, self._day))

    def _state(
        self, con: duckdb.DuckDBPyConnection, result: NodeResult, measured: dict[str, Any]
    ) -> NodeState:
        unique_id = result.unique_id
        state = NodeState(
            unique_id,
            result.status,
            MadeFrom({}, {}),
            seconds=result.seconds,
            failures=result.failures,
            measured=measured,
        )
        if unique_id.startswith("test."):
            return state
        decision = self.decisions.get(unique_id)
        known = decision.known if decision else None
        changed = None
        if known and decision and decision.action == REFRESH:
            changed = self._changed_rows(con, unique_id)
        # Only a model that asks for the day is made though nothing else has changed.
        by_day = bool(self._decisions.rules.day_of(unique_id)) and changed is None
        rows_hash = hash_rows(con, self._table(unique_id)) if by_day else ""
        is_same_day = bool(known and decision and decision.reason == ANOTHER_DAY and rows_hash)
        if known and (changed == 0 or (is_same_day and rows_hash == known.rows_hash)):
            # Its last changes are none, so they do not lead from the build before to this one.
            return replace(state, build=known.build, rows_hash=rows_hash)
        before = known.build if known and changed is not None else ""
        return replace(state, build=uuid.uuid4().hex, before=before, rows_hash=rows_hash)

    def _changed_rows(self, con: duckdb.DuckDBPyConnection, unique_id: str) -> int | None:
        """How many rows a refresh has changed or moved; None where the model does not say which."""
        name = self.manifest["nodes"][unique_id]["name"]
        tables = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'operations' "
            "and table_name in (?, ?)",
            [f"delta_{name}", f"moved_{name}"],
        ).fetchall()
        counts = [
            con.execute(f"select count(*) from operations.{quoted(table)}").fetchall()[0][0]
            for (table,) in tables
        ]
        return sum(counts) if counts else None

    def _table(self, unique_id: str) -> str:
        return str(self.manifest["nodes"][unique_id]["relation_name"])
