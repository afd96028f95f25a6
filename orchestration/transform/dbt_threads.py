"""dbt's threads never take a node with them.

dbt hands nodes to a pool of threads and waits until each is marked as done. What a thread raises
outside of the node itself (no memory for an event, a model that calls `sys.exit`) is lost in the
pool, the node stays in progress, and dbt waits for good (dbt-core issue 8959, open). Here such a
node ends with an error like any other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

_guard = threading.Lock()
_lost: list[BaseException] = []


def guard_threads() -> None:
    """Have every later invocation of dbt in this process hand out nodes as described above."""
    from dbt.task.runnable import GraphRunnableTask

    with _guard:
        _lost.clear()
        GraphRunnableTask._submit = _submit


def lost() -> BaseException | None:
    """What kept dbt from even noting that a node has ended; it will wait for that node for good."""
    return _lost[0] if _lost else None


def _submit(self: Any, pool: Any, args: Sequence[Any], callback: Callable[[Any], None]) -> None:
    (runner,) = args

    def run() -> Any:
        try:
            return self.call_runner(runner)
        except BaseException as error:
            return _failed(runner, error)

    def done(result: Any) -> None:
        # In the thread that hands out all results: what escapes here would end it.
        try:
            callback(result)
        except BaseException as error:
            _lost.append(error)

    pool.apply_async(run, callback=done, error_callback=_lost.append)


def _failed(runner: Any, error: BaseException) -> Any:
    from dbt.artifacts.schemas.results import RunStatus
    from dbt.artifacts.schemas.run import RunResult

    return RunResult(
        status=RunStatus.Error,
        timing=[],
        thread_id="",
        execution_time=0.0,
        adapter_response={},
        message=f"{type(error).__name__}: {error}",
        failures=None,
        batch_results=None,
        node=runner.node,
    )
