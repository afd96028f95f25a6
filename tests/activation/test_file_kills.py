"""Whatever breaks on the way of files, and wherever: after reruns the other end is the segment."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.activation import running, settling_files
from orchestration.activation.targets.folder import Folder
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.consumer import hearsay, manifests, state_of
from tests.activation.lab import FILES, Killed, Lab, Member, people, project_in

MORE = "guard: {max_delete_share: 1, allow_empty: true}\n"


@dataclass
class Chaos:
    """Breaks at random, so often and no more.

    Attributes:
        chance: of a break at each point.
        left: breaks that are still to come.
        seen: where it broke.
    """

    dice: random.Random
    chance: float
    left: int
    seen: set[str]

    def point(self, name: str, can_be_lost: bool = True) -> None:
        """Here something may break: the process ends, or the connection does."""
        if self.left and self.dice.random() < self.chance:
            self.left -= 1
            kind = self.dice.choice(["kill", "loss"] if can_be_lost else ["kill"])
            self.seen.add(f"{kind} {name}")
            raise Killed if kind == "kill" else StopSyncError("The line is dead", [])


class Far:
    """A folder that files reach in steps, between any of which something breaks."""

    def __init__(self, path: Path, chaos: Chaos) -> None:
        self._path, self._chaos, self._near = path, chaos, Folder(path)
        path.mkdir(parents=True, exist_ok=True)

    def holds(self, name: str) -> bool:
        self._chaos.point("before holds")
        (self._path / f".{name}.part").unlink(missing_ok=True)
        found = self._near.holds(name)
        self._chaos.point("after holds")
        return found

    def place(self, file: Path, name: str) -> None:
        what = "manifest" if name.endswith(".manifest.json") else "data"
        self._chaos.point(f"before {what}")
        hidden, content = self._path / f".{name}.part", file.read_bytes()
        hidden.write_bytes(content[: len(content) // 2])
        self._chaos.point(f"half of {what}")
        hidden.write_bytes(content)
        self._chaos.point(f"all of {what}")
        hidden.rename(self._path / name)
        self._chaos.point(f"named {what}")

    def sweep(self, run_id: str) -> None:
        for path in sorted(self._path.iterdir()):
            if run_id in path.name:
                self._chaos.point("sweeping")
                path.unlink()

    def close(self) -> None:
        self._chaos.point("closing", can_be_lost=False)


def breaking(chaos: Chaos, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function before and after which the process may end."""

    def broken(*given: object, **more: object) -> Any:
        chaos.point(f"before {name}", can_be_lost=False)
        made = function(*given, **more)
        chaos.point(f"after {name}", can_be_lost=False)
        return made

    return broken


def live_through(lab: Lab, seed: int, rounds: int, mode: str) -> set[str]:
    """Rounds of a segment that changes, each run until it completes; what broke."""
    dice = random.Random(seed)
    chaos = Chaos(dice, 0.2, 0, set())
    folder = lab.settings.data_dir / f"far{seed}"
    lab.define(mode=mode, more=MORE, destination=FILES + "split_rows: 9\n")
    with lab.patch.context() as patch:
        patch.setattr(running, "file_store", lambda *_: Far(folder, chaos))
        settle = breaking(chaos, "settle_file", settling_files.settle_file)
        patch.setattr(settling_files, "settle_file", settle)
        members: list[Member] = []
        for number in range(rounds):
            members = changed(members, dice, number)
            chaos.left = dice.randrange(2, 7)
            before = len(manifests(folder))
            until_completed(lab, members)
            held = state_of(folder, mode)
            assert held == {m.key: {"profile_id": m.key, **m.values} for m in members}
            assert not hearsay(folder)
            acked = lab.ledger("select sync_key from sync_standing where is_acked order by 1")
            assert [key for (key,) in acked] == sorted(held)
            assert lab.ledger("select 1 from sync_standing where not is_acked") == []
            assert len(manifests(folder)) <= before + 1
    (lab.settings.data_dir / "activation.duckdb").unlink()
    return chaos.seen


def changed(members: list[Member], dice: random.Random, number: int) -> list[Member]:
    """Some leave, some change, some are new."""
    kept = [m for m in members if dice.random() > 0.2]
    edited = [replace(m, name=f"N{number}") if dice.random() < 0.2 else m for m in kept]
    return edited + people(dice.randrange(1, 12), 100 * number)


def until_completed(lab: Lab, members: list[Member]) -> None:
    for _ in range(10):
        try:
            if lab.run(members).state == "completed":
                return
        except (Killed, UserError):
            continue
    raise AssertionError("it never completed")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    data = tmp_path / "data"
    return Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)


@pytest.mark.parametrize(("seed", "mode"), [(24, "snapshot"), (17, "mirror")])
def test_after_any_break_the_other_end_is_the_segment_and_the_ledger_is_the_other_end(
    lab: Lab, seed: int, mode: str
) -> None:
    assert len(live_through(lab, seed, 2, mode)) >= 5


@pytest.mark.slow
def test_every_point_breaks_in_both_ways_and_none_does_harm(lab: Lab) -> None:
    seen: set[str] = set()
    for seed in range(60):
        seen |= live_through(lab, seed, 3, ("snapshot", "mirror")[seed % 2])
    assert len(seen) == 2 * (2 + 4 + 4 + 1) + 1 + 2, sorted(seen)
