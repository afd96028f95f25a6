"""Running a suite with Great Expectations inside the process that holds the warehouse.

Great Expectations has no DuckDB backend, and duckdb-engine alone does not work with it: the pool's
rollback on the shared connection throws a result away before it was read. Each cursor therefore
gets a DuckDB connection of its own. Importing the library takes seconds, so it is imported here,
when the first gate opens (`warm_up` does it beside the first layers).
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.memory import shortage
from orchestration.quality.suites import Promise


@dataclass(frozen=True)
class PromiseResult:
    """What a promise's expectation found.

    Attributes:
        promise: the promise.
        kept: whether it held.
        observed: the observed value in words.
        errored: the check itself failed to run, which says nothing about the data.
    """

    promise: Promise
    kept: bool
    observed: str
    errored: bool = False


@dataclass(frozen=True)
class SuiteResult:
    """All results of a layer's suite."""

    layer: str
    results: tuple[PromiseResult, ...]

    @property
    def broken(self) -> tuple[PromiseResult, ...]:
        """The critical promises that did not hold."""
        return tuple(r for r in self.results if not r.kept and r.promise.severity == "critical")

    @property
    def warnings(self) -> tuple[PromiseResult, ...]:
        """The promises that did not hold and only warn."""
        return tuple(r for r in self.results if not r.kept and r.promise.severity != "critical")

    @property
    def passed(self) -> bool:
        """Whether what is downstream may go on."""
        return not self.broken


_import_lock = threading.Lock()


def _import_gx() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _import_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx

        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        return gx


def warm_up() -> None:
    """Import Great Expectations in the background while the engine builds the first layers."""
    threading.Thread(target=_import_gx, name="import-gx", daemon=True).start()


def validate(
    con: duckdb.DuckDBPyConnection, layer: str, promises: Sequence[Promise]
) -> SuiteResult:
    """Check a layer's promises.

    Parameters:
        con: a connection to the warehouse; it sees what has been committed.
        layer: the layer, which names the suite.
        promises: its promises.

    Returns:
        One result per promise, in the order given.
    """
    gx = _import_gx()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string="duckdb:///:memory:",
        create_temp_table=False,
        kwargs={"creator": _creator(con)},
    )
    outcomes: dict[str, Any] = {}
    # Promises about one query share a batch, whose counts the library takes in one statement.
    for query in dict.fromkeys(promise.query for promise in promises):
        some = {promise.name: promise for promise in promises if promise.query == query}
        suite = gx.ExpectationSuite(name=next(iter(some)))
        for name, promise in some.items():
            expectation_class = getattr(gx.expectations, promise.expectation)
            suite.add_expectation(
                expectation_class(
                    **promise.arguments,
                    severity=promise.severity,
                    notes=promise.why,
                    meta={"promise": name},
                )
            )
        batch = (
            source.add_query_asset(suite.name, query=query)
            .add_batch_definition_whole_table("all")
            .get_batch()
        )
        for outcome in batch.validate(suite, result_format="BASIC").results:
            outcomes[outcome.expectation_config.meta["promise"]] = outcome
    return SuiteResult(layer, tuple(_result(p, outcomes[p.name]) for p in promises))


def in_words(name: str) -> str:
    """A promise's name as the beginning of a sentence."""
    return name.replace("_", " ").capitalize()


def _creator(con: duckdb.DuckDBPyConnection) -> Any:
    import duckdb_engine

    class Connection(duckdb_engine.ConnectionWrapper):  # type: ignore[misc]
        def cursor(self) -> Any:
            wrapped = self._ConnectionWrapper__c
            return duckdb_engine.CursorWrapper(wrapped.cursor(), self)

    return lambda: Connection(con.cursor())


def _result(promise: Promise, outcome: Any) -> PromiseResult:
    raised = _exception_text(outcome.exception_info)
    if raised:
        reason = shortage(raised) or raised
        return PromiseResult(promise, False, f"the check could not run: {reason}", errored=True)
    found = outcome.result or {}
    if "observed_value" in found:
        value = found["observed_value"]
        observed = f"{value:,.4g}" if isinstance(value, float) else str(value)
    elif "unexpected_count" in found:
        observed = f"{found['unexpected_count']} of {found.get('element_count', '?')} values"
    else:
        observed = "as promised" if outcome.success else "not as promised"
    return PromiseResult(promise, bool(outcome.success), observed)


def _exception_text(info: Any) -> str:
    if not info:
        return ""
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if isinstance(entry, dict) and entry.get("raised_exception"):
            return str(entry.get("exception_message", "")).splitlines()[0]
    return ""
