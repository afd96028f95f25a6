"""`c360 activation run` killed at any instant, with a real server at the other end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from benchmarks.activation_input import change, warehouse
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from orchestration.terminal import Console
from tests.activation.consumer import hearsay, manifests, state_of
from tests.activation.sftp_server import PASSWORD, Server, serving

SYNC = """
title: Members
owner: team:marketing
destination: partner
segment: newsletter_only
mode: mirror
purpose: commercial
channel: email
columns:
  email: {from: profile.profiles.email, as: plain.email}
  given_name: profile.profiles.given_name
"""
KILLS = 50


@pytest.mark.slow
def test_after_50_kills_the_server_has_the_segment_and_the_ledger_says_so(tmp_path: Path) -> None:
    data, project, dice = tmp_path / "data", tmp_path / "project", random.Random(25)
    path = warehouse(data, 2_000, Console())
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target"))
    environment = {
        **os.environ, "C360_DATA_DIR": str(data), "C360_DBT_PROJECT_DIR": str(project),
        "SFTP_PASSWORD": PASSWORD,
    }  # fmt: skip
    (tmp_path / "served").mkdir()
    landed: Counter[str] = Counter()
    span = 0.0
    with serving(tmp_path / "served") as server:
        server.pause = 0.05
        destination = server.destination(split_rows=400, compression="gzip")
        (project / "activation" / "destinations" / "partner.yml").write_text(destination)
        (project / "activation" / "syncs" / "members.yml").write_text(SYNC)
        run(environment)
        keys = set(state_of(server.root, "mirror"))
        assert len(keys) > 1_500
        for number in range(KILLS + 1):
            change(path, 1, f"N{number}")
            before = len(manifests(server.root))
            if number:
                # Some before the server is asked for anything, most while it is at work.
                kill(environment, server, dice.uniform(-0.2, 1) * span, dice)
                landed[where(data, server, before)] += 1
            run(environment)
            span = span or time.monotonic() - server.connected_at
            held = state_of(server.root, "mirror")
            assert set(held) == keys
            assert {row["given_name"] for row in held.values()} == {f"N{number}"}
            assert len(manifests(server.root)) == before + 1 and not hearsay(server.root)
            assert ledger(data) == keys
            assert not (data / "activation_transit").exists()
    print(landed)
    assert len(landed) >= 4, landed


def begun(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """The sync in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "activation", "run", "members"],
        env=environment, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run(environment: dict[str, str]) -> None:
    """Run the sync and see it through."""
    process = begun(environment)
    output, _ = process.communicate()
    assert process.returncode == 0, output.decode()


def kill(environment: dict[str, str], server: Server, seconds: float, dice: random.Random) -> None:
    """Run the sync and kill it so many seconds after it connects; below zero, before it does."""
    before, process = server.connections, begun(environment)
    if seconds < 0:
        time.sleep(dice.uniform(0.5, 3))
    while seconds >= 0 and server.connections == before and process.poll() is None:
        time.sleep(0.002)
    time.sleep(max(seconds, 0))
    process.send_signal(signal.SIGKILL)
    process.communicate()


def where(data: Path, server: Server, before: int) -> str:
    """What a killed run left, in words."""
    names = [path.name for path in server.root.iterdir()]
    with duckdb.connect(str(data / "activation.duckdb")) as con:
        last = "select run_id, state from sync_run order by started_at desc limit 1"
        [(run_id, state)] = con.execute(last).fetchall()
    if state != "sending":
        return "not begun or done"
    if len(manifests(server.root)) > before:
        return "complete and not settled"
    if any(name.startswith(".") for name in names):
        return "half a file"
    return "some files" if any(run_id in name for name in names) else "no file yet"


def ledger(data: Path) -> set[str]:
    """Who stands at the other end, as the ledger has it; nothing may be open."""
    with duckdb.connect(str(data / "activation.duckdb")) as con:
        assert con.execute("select 1 from sync_standing where not is_acked").fetchall() == []
        return {key for (key,) in con.execute("select sync_key from sync_standing").fetchall()}
