"""What facts remember of their days, whatever happens on them, beside a plain account of it."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from tests.publish.remembering import FIRST, Remembered, Step, make, run, some_steps


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remembering")
    make(folder)
    return folder


def compare(folder: Path, steps: list[Step]) -> None:
    """Every step leaves what the oracle says."""
    oracle = Remembered()
    for number, (step, found) in enumerate(zip(steps, run(folder, steps), strict=True)):
        oracle.run(step)
        published = found["published"]
        fact = {tuple(row.values()) for row in published.get("fact_size", [])}
        dimension = {tuple(row.values()) for row in published.get("dim_name", [])}
        where = f"step {number}: {steps[: number + 1]}, {found['messages']}"
        assert bool(found["messages"]) == bool(step.breaks), where
        assert fact == oracle.fact, where
        assert dimension == oracle.dimension, where


def test_days_are_remembered_as_they_were(project: Path) -> None:
    days = [FIRST + timedelta(days=n) for n in range(9)]
    one, two = [("a", 1, 5), ("b", 2, 6)], [("b", 3, 7)]
    steps = [
        Step(days[0], one),
        Step(days[1], two),
        Step(days[1], one, passes=False),
        Step(days[2], []),
        Step(days[2], two, breaks="publishing"),
        Step(days[3], one, columns="two", rebuilds=True, discards=True),
        Step(days[1], two, columns="two", replays=True),
        Step(days[3], two, breaks="working"),
        Step(days[8], one, columns="two"),
        Step(days[2], two),
    ]
    compare(project, steps)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_days_are_remembered(project: Path, seed: int) -> None:
    compare(project, some_steps(random.Random(seed), 25))
