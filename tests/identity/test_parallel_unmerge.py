"""Decisions that several people write at the same moment are all kept, each once."""

from __future__ import annotations

import csv
import multiprocessing
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.identity.unmerge import Plan, write_plan
from orchestration.policy import check_policy
from orchestration.policy.overrides import OVERRIDE_COLUMNS
from tests.own_data import project_copy

WRITERS, EACH = 6, 8


def plan(path: Path, records: list[tuple[str, str]]) -> Plan:
    rows = [
        dict(
            zip(
                OVERRIDE_COLUMNS,
                ["never_link", "shop", a, "shop", b, "ann", "two, not one", "2020-01-01", ""],
                strict=True,
            )
        )
        for a, b in records
    ]
    return Plan("p", (), 0, tuple(rows), 0, path)


def write(path: Path, number: int) -> None:
    for i in range(EACH):
        write_plan(plan(path, [(f"{number}-{i}", f"{number}-{i}x"), ("same", "for all")]))


def test_parallel_decisions_are_all_kept(tmp_path: Path) -> None:
    project = project_copy(tmp_path / "project")
    path = project / "seeds" / "policy" / "identity_overrides.csv"
    before = list(csv.DictReader(path.open(newline="")))
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write, args=(path, n)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    after = list(csv.DictReader(path.open(newline="")))
    assert after[: len(before)] == before
    added = [(row["source_record_id_a"], row["source_record_id_b"]) for row in after[len(before) :]]
    wanted = [(f"{n}-{i}", f"{n}-{i}x") for n in range(WRITERS) for i in range(EACH)]
    assert sorted(added) == sorted([*wanted, ("same", "for all")])
    check_policy(project)


def test_a_contradiction_written_meanwhile_is_refused(tmp_path: Path) -> None:
    project = project_copy(tmp_path / "project")
    path = project / "seeds" / "policy" / "identity_overrides.csv"
    made = plan(path, [("1", "2")])
    (row,) = made.rows
    line = [*row.values()]
    line[0] = "always_link"
    with path.open("a", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerow(line)
    text = path.read_text()
    with pytest.raises(UserError, match=r"identity_overrides.csv, line"):
        write_plan(made)
    assert path.read_text() == text
