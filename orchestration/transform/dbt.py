"""dbt in this process. Importing and parsing dbt costs seconds; a run pays for it once.

dbt's own subprocess resource would pay again for every layer (stack decision in docs/decisions.md).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.errors import UserError, without_values
from orchestration.failures import of_the_machine
from orchestration.settings import Settings
from orchestration.transform.parsing import base_arguments, parse


@dataclass(frozen=True)
class NodeResult:
    """What dbt reported of one node.

    Attributes:
        unique_id: dbt's id, e.g. model.customer_360.orders or test.customer_360.unique_...
        status: success, pass, warn, fail, error or skipped.
        seconds: execution time.
        failures: number of failing rows of a test, None for a model.
        message: dbt's message, without quoted values, for the log.
    """

    unique_id: str
    status: str
    seconds: float
    failures: int | None
    message: str

    @property
    def is_failure(self) -> bool:
        """Whether what depends on the node must not go on."""
        return self.status in ("fail", "error", "runtime error")


def run_dbt(settings: Settings, command: Sequence[str]) -> Iterator[NodeResult]:
    """Run a dbt command in this process and yield each node's result as it comes.

    Parameters:
        settings: paths.
        command: e.g. `["build", "--select", "path:models/staging"]`.

    Yields:
        One result per finished node, in the order of finishing. Skipped nodes are included.

    Raises:
        UserError: dbt could not start the command at all.
    """
    from dbt.cli.main import dbtRunner, dbtRunnerResult
    from google.protobuf.json_format import MessageToDict

    manifest = parse(settings)
    results: queue.Queue[NodeResult | None] = queue.Queue()

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            data = MessageToDict(event.data, preserving_proto_field_name=True)
            results.put(_node_result(data))

    outcome: list[dbtRunnerResult] = []

    def invoke() -> None:
        try:
            runner = dbtRunner(manifest=manifest, callbacks=[on_event])
            # Every layer would write the whole manifest and list the whole database again, a second
            # and half a second each. The layer's own schema must be listed before the models run:
            # dbt's threads, each listing it when it first needs to, trip over each other.
            lean = ["--no-write-json", "--cache-selected-only"]
            arguments = [*command, *base_arguments(settings), *lean]
            outcome.append(runner.invoke(arguments))
        finally:
            results.put(None)

    thread = threading.Thread(target=invoke, name="dbt", daemon=True)
    thread.start()
    seen = 0
    while (result := results.get()) is not None:
        seen += 1
        yield result
    thread.join()
    if not outcome or (outcome[0].exception and not seen):
        reason = outcome[0].exception if outcome else "it ended without a result"
        told = of_the_machine(str(reason))
        raise UserError(told or f"dbt could not run `{' '.join(command)}`: {reason}")


def _node_result(data: Mapping[str, Any]) -> NodeResult:
    result = data.get("run_result", {})
    failures = result.get("num_failures")
    return NodeResult(
        unique_id=data["node_info"]["unique_id"],
        status=str(result.get("status", "")).lower(),
        seconds=float(result.get("execution_time", 0.0)),
        failures=None if failures is None else int(failures),
        message=without_values(result.get("message", "")),
    )


def close_connections() -> None:
    """Let go of the warehouse: dbt's runner keeps its DuckDB file open after it returns."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def layer_of(manifest: Mapping[str, Any], unique_id: str) -> str:
    """The layer a node belongs to: its folder under models/, `policy` for seeds."""
    node = manifest["nodes"][unique_id]
    return "policy" if node["resource_type"] == "seed" else node["fqn"][1]
