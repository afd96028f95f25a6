"""dbt in this process. Importing and parsing dbt costs seconds; a run pays for it once.

dbt's own subprocess resource would pay again for every layer (stack decision in docs/decisions).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.errors import UserError, without_values
from orchestration.failures import of_the_machine
from orchestration.memory import shortage
from orchestration.settings import Settings
from orchestration.transform.dbt_lean import HEARD, be_lean
from orchestration.transform.dbt_threads import guard_threads, lost
from orchestration.transform.parsing import base_arguments, parse
from orchestration.warehouse import let_go
from orchestration.watchdog import beat

LOOK_SECONDS = 1.0


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
        UserError: dbt could not start the command, or ended before all nodes had their turn.
    """
    from dbt.cli.main import dbtRunner, dbtRunnerResult
    from google.protobuf.json_format import MessageToDict

    manifest = parse(settings)
    guard_threads()
    be_lean()
    # dbt opens it with a configuration of its own, and keeps it open then.
    let_go()
    results: queue.Queue[NodeResult | None] = queue.Queue()

    def on_event(event: Any) -> None:
        if event.info.name in HEARD:
            beat()
        if event.info.name == "NodeFinished":
            data = MessageToDict(event.data, preserving_proto_field_name=True)
            results.put(_node_result(data["node_info"]["unique_id"], data.get("run_result", {})))

    outcome: list[dbtRunnerResult] = []
    ended: list[BaseException] = []

    def invoke() -> None:
        try:
            runner = dbtRunner(manifest=manifest, callbacks=[on_event])
            # Every layer would write the whole manifest and list the whole database again, a second
            # and half a second each. The layer's own schema must be listed before the models run:
            # dbt's threads, each listing it when it first needs to, trip over each other.
            lean = ["--no-write-json", "--cache-selected-only"]
            # Tests wait for the same nodes, found without walking the graph from every node.
            lean += ["--use-fast-test-edges"]
            arguments = [*command, *base_arguments(settings), *lean]
            outcome.append(runner.invoke(arguments))
        except BaseException as error:
            ended.append(error)
        finally:
            results.put(None)

    thread = threading.Thread(target=invoke, name="dbt", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise UserError(_could_not(command, error)) from None
    seen = set()
    for result in _until_ended(results, thread):
        seen.add(result.unique_id)
        yield result
    reason = lost() or (ended and ended[0]) or (outcome and outcome[0].exception)
    if reason or not outcome:
        raise UserError(_could_not(command, reason or "it ended without a result"))
    # What a thread could not tell by an event is in the outcome all the same.
    for left in getattr(outcome[0].result, "results", ()):
        if left.node.unique_id not in seen:
            yield _node_result(left.node.unique_id, left.to_dict())


def _until_ended(
    results: queue.Queue[NodeResult | None], thread: threading.Thread
) -> Iterator[NodeResult]:
    """Results until the thread says that it has ended, or can't say so any more."""
    while True:
        try:
            result = results.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            if lost() or not (thread.is_alive() or results.qsize()):
                return
            continue
        if result is None:
            return
        yield result


def _could_not(command: Sequence[str], reason: BaseException | str) -> str:
    name = type(reason).__name__ if isinstance(reason, BaseException) else ""
    why = shortage(reason) or of_the_machine(str(reason)) or without_values(str(reason)) or name
    return f"dbt could not run `{' '.join(command)}`: {why}"


def _node_result(unique_id: str, result: Mapping[str, Any]) -> NodeResult:
    failures = result.get("num_failures", result.get("failures"))
    message = str(result.get("message") or "")
    return NodeResult(
        unique_id=unique_id,
        status=str(result.get("status", "")).lower(),
        seconds=float(result.get("execution_time", 0.0)),
        failures=None if failures is None else int(failures),
        message=(shortage(message) or without_values(_cause(message))).rstrip("."),
    )


def _cause(message: str) -> str:
    """A Python model's error without the stack trace before it."""
    before, _, trace = message.partition("Traceback (most recent call last):")
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    return f"{before.rstrip()} {lines[-1]}" if lines else message


def close_connections() -> None:
    """Let go of the warehouse: dbt's runner keeps its DuckDB file open after it returns."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    let_go()
    DuckDBConnectionManager.close_all_connections()


def layer_of(manifest: Mapping[str, Any], unique_id: str) -> str:
    """The layer a node belongs to: its folder under models/, `policy` for seeds."""
    node = manifest["nodes"][unique_id]
    return "policy" if node["resource_type"] == "seed" else node["fqn"][1]
