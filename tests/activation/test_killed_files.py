"""`c360 activation run` killed at any instant, while files leave for a real server and a folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.activation_input import change
from tests.activation.consumer import hearsay, manifests, state_of
from tests.activation.killing import Begun, Killable, killable
from tests.activation.sftp_server import PASSWORD, serving

pytestmark = pytest.mark.slow

KILLS = 50
PEOPLE = 2_000
FOLDER = """
title: Folder
owner: team:marketing
kind: file
folder: partner
split_rows: 10
marketing_actions: [email_targeting]
"""


def test_after_50_kills_the_server_has_the_segment_and_the_ledger_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFTP_PASSWORD", PASSWORD)
    company = killable(tmp_path, PEOPLE, 25)
    (tmp_path / "served").mkdir()
    with serving(tmp_path / "served") as server:
        server.pause = 0.05
        company.define("partner", "mirror", server.destination(split_rows=400, compression="gzip"))

        def connected() -> Begun:
            before = server.connections
            return lambda: server.connections > before

        landed = kill_and_look(company, server.root, tmp_path, connected)
    assert landed["half a file"] and landed["some files"] + landed["no file yet"], landed


def test_after_50_kills_the_folder_has_the_segment_and_the_ledger_says_so(tmp_path: Path) -> None:
    """Files move from one folder to the other in an instant each, so there are many."""
    company = killable(tmp_path, PEOPLE, 26)
    company.define("partner", "mirror", FOLDER)
    root = company.settings.data_dir / "outbox" / "partner"

    def moved() -> Begun:
        before = len(list(root.iterdir())) if root.exists() else 0
        return lambda: root.exists() and len(list(root.iterdir())) > before

    landed = kill_and_look(company, root, tmp_path, moved)
    assert landed["some files"] > 5 and landed["no file yet"], landed


def kill_and_look(
    company: Killable, root: Path, folder: Path, leaving: Callable[[], Begun]
) -> Counter[str]:
    """Change rows and members, kill the run, run it to its end, and look at the other end.

    Parameters:
        company: whose sync `partner` it is.
        root: the other end's folder.
        folder: for what is compared.
        leaving: when a run is about to begin, gives what tells that something leaves.

    Returns:
        How often a killed run left what.
    """
    landed: Counter[str] = Counter()
    span = measured(company, leaving)
    number = 0
    while company.kills < KILLS:
        number += 1
        company.choose()
        change(company.settings.warehouse_path, 1, f"N{number}")
        before, began = len(manifests(root)), leaving()
        killed = company.kills
        if number % 4:
            company.kill("partner", began, company.chance.uniform(0, 1) * span)
        else:  # before anything leaves
            company.kill("partner", company.transit.exists, company.chance.uniform(0, 1))
        landed[left(company, root, before)] += company.kills - killed
        assert company.run("partner") == ""
        wanted = company.wanted("partner", folder)
        held = state_of(root, "mirror")
        assert {key: (row["email"], row["given_name"]) for key, row in held.items()} == {
            key: (row["email"], row["given_name"]) for key, row in wanted.items()
        }
        assert {row["given_name"] for row in held.values()} == {f"N{number}"}
        assert len(manifests(root)) == before + 1 and not hearsay(root)
        assert company.standing("partner") == [(key, True) for key in sorted(wanted)]
        assert not company.transit.exists()
    print(landed)
    company.tell()
    return landed


def measured(company: Killable, leaving: Callable[[], Begun]) -> float:
    """Seconds from something leaving to the end of the first run."""
    began = leaving()
    seen: list[float] = []

    def begun() -> bool:
        if began() and not seen:
            seen.append(time.monotonic())
        return False

    company.kill("partner", begun, 60)
    assert seen and company.kills == 0
    return time.monotonic() - seen[0]


def left(company: Killable, root: Path, before: int) -> str:
    """What a killed run left, in words."""
    names = [path.name for path in root.iterdir()]
    run_id, state = company.last_run("partner")
    if state != "sending":
        return "not begun or done"
    if len(manifests(root)) > before:
        return "complete and not settled"
    if any(name.startswith(".") for name in names):
        return "half a file"
    return "some files" if any(run_id in name for name in names) else "no file yet"
