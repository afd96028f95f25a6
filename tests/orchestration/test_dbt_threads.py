"""dbt ends in every case: with results of all nodes, or with a word about why there are none."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from orchestration.errors import UserError
from orchestration.settings import Settings
from orchestration.transform import dbt
from orchestration.transform.dbt import NodeResult, close_connections, run_dbt
from orchestration.transform.parsing import parse

LONG_ENOUGH = 90
PROJECT = """
name: customer_360
profile: customer_360
"""
LEAVES = """
def leave():
    raise {error}


def model(dbt, session):
    dbt.config(materialized="table")
    leave()
    return dbt.ref("first")
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Settings]:
    """A project of three models, the second of which a test writes."""
    project = tmp_path / "project"
    models = project / "models"
    models.mkdir(parents=True)
    (project / "dbt_project.yml").write_text(PROJECT)
    (models / "first.sql").write_text("select 1 as n")
    (models / "last.sql").write_text("select n from {{ ref('second') }}")
    (models / "second.sql").write_text("select n from {{ ref('first') }}")
    yield Settings(tmp_path / "data", tmp_path / "landing", project)
    close_connections()


def results_in_time(settings: Settings) -> dict[str, NodeResult]:
    """What `dbt build` yields; fails instead of waiting for good."""
    found: list[NodeResult] = []
    errors: list[BaseException] = []

    def build() -> None:
        try:
            found.extend(run_dbt(settings, ["build"]))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=build, daemon=True)
    thread.start()
    thread.join(timeout=LONG_ENOUGH)
    assert not thread.is_alive(), "dbt waits for good"
    if errors:
        raise errors[0]
    return {result.unique_id.split(".")[2]: result for result in found}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("SystemExit(3)", "SystemExit"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("MemoryError", "no more memory"),
        ("RuntimeError('can\\'t start new thread')", "no more memory"),
        ("ValueError('no such column')", "ValueError: no such column"),
    ],
)
def test_a_model_that_takes_its_thread_along_fails(small: Settings, error: str, told: str) -> None:
    (small.dbt_project_dir / "models" / "second.sql").unlink()
    (small.dbt_project_dir / "models" / "second.py").write_text(LEAVES.format(error=error))
    results = results_in_time(small)
    assert results["first"].status == "success"
    assert results["second"].is_failure
    assert told in results["second"].message
    assert "Traceback" not in results["second"].message
    assert results["last"].status == "skipped"


def test_what_a_thread_could_not_tell_is_in_the_outcome(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.task.runnable import GraphRunnableTask

    real = GraphRunnableTask.call_runner

    def no_memory_for_second(self: Any, runner: Any) -> Any:
        if runner.node.name == "second":
            raise MemoryError
        return real(self, runner)

    monkeypatch.setattr(GraphRunnableTask, "call_runner", no_memory_for_second)
    results = results_in_time(small)
    assert results["second"].is_failure
    assert results["last"].status == "skipped"


def test_a_node_whose_end_can_not_be_noted_ends_the_run(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.task.runnable import GraphRunnableTask

    def no_memory(_self: Any, _result: Any) -> NoReturn:
        raise MemoryError

    monkeypatch.setattr(GraphRunnableTask, "_handle_result", no_memory)
    with pytest.raises(UserError, match=r"dbt could not run `build`: the system gave .* memory"):
        results_in_time(small)


def test_a_thread_that_dies_with_dbt_is_noticed(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.cli.main import dbtRunner

    real = dbtRunner.invoke

    def leaves(self: Any, args: list[str], **kwargs: Any) -> Any:
        if args[0] == "build":
            raise SystemExit(3)
        return real(self, args, **kwargs)

    monkeypatch.setattr(dbtRunner, "invoke", leaves)
    with pytest.raises(UserError, match="dbt could not run `build`: 3"):
        results_in_time(small)


def test_a_thread_that_could_not_even_say_that_it_ends_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dbt, "LOOK_SECONDS", 0.05)
    results: queue.Queue[NodeResult | None] = queue.Queue()
    last = NodeResult("model.customer_360.orders", "success", 1.0, None, "")
    thread = threading.Thread(target=results.put, args=(last,))
    thread.start()
    assert list(dbt._until_ended(results, thread)) == [last]


def test_the_system_has_no_thread_for_dbt(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_self: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    parse(small)
    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(UserError, match="no more memory or no more threads"):
        list(run_dbt(small, ["build"]))
