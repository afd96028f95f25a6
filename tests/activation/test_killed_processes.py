"""`c360 activation run` killed at any instant, with a real server at the other end."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT
from tests.activation.consumer import hearsay, manifests, state_of
from tests.activation.sftp_server import PASSWORD, Server, serving
from tests.conftest import Company

SYNC = """
title: Members
owner: team:marketing
destination: partner
segment: {segment}
mode: {mode}
purpose: commercial
channel: email
guard: {{max_delete_share: 1}}
columns: {{email: {{from: profile.profiles.email}}, given_name: profile.profiles.given_name}}
"""
KILLS = 50


@pytest.mark.slow
def test_after_50_kills_the_server_has_the_segment_and_the_ledger_says_so(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, dice = tmp_path / "project", random.Random(25)
    shutil.copytree(company.settings.dbt_project_dir, project)
    environment = {
        **company.environment, "C360_DBT_PROJECT_DIR": str(project), "SFTP_PASSWORD": PASSWORD
    }  # fmt: skip
    (tmp_path / "served").mkdir()
    landed: dict[str, int] = {}
    with serving(tmp_path / "served") as server:
        server.pause = 0.03
        files = project / "activation"
        destination = server.destination(split_rows=40, compression="gzip")
        (files / "destinations" / "partner.yml").write_text(destination)
        sync = SYNC.format(segment=segment_of(company), mode="mirror")
        (files / "syncs" / "members.yml").write_text(sync)
        whole = run(environment, None)
        keys = set(state_of(server.root, "mirror"))
        assert len(keys) > 100
        for number in range(KILLS):
            name = f"N{number}"
            with company.warehouse() as con:
                con.execute(f"update profile.profiles set given_name = '{name}'")
            before = len(manifests(server.root))
            run(environment, dice.uniform(0.4, 1.1) * whole)
            instant = where(company, server, before)
            landed[instant] = landed.get(instant, 0) + 1
            run(environment, None)
            held = state_of(server.root, "mirror")
            assert set(held) == keys and {row["given_name"] for row in held.values()} == {name}
            assert len(manifests(server.root)) == before + 1 and not hearsay(server.root)
            assert ledger(company) == keys
            assert not (company.settings.data_dir / "activation_transit").exists()
    print(landed)
    assert len(landed) >= 4, landed


def run(environment: dict[str, str], seconds: float | None) -> float:
    """Run the sync and kill it after so many seconds, or see it through; how long it took."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "activation", "run", "members"],
        env=environment, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, output.decode()
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return time.monotonic() - began


def where(company: Company, server: Server, before: int) -> str:
    """What a killed run left, in words."""
    names = [path.name for path in server.root.iterdir()]
    with duckdb.connect(str(company.settings.data_dir / "activation.duckdb")) as con:
        last = "select run_id, state from sync_run order by started_at desc limit 1"
        [(run_id, state)] = con.execute(last).fetchall()
    if state != "sending":
        return "not begun or done"
    if len(manifests(server.root)) > before:
        return "complete and not settled"
    if any(name.startswith(".") for name in names):
        return "half a file"
    return "some files" if any(run_id in name for name in names) else "no file yet"


def ledger(company: Company) -> set[str]:
    """Who stands at the other end, as the ledger has it; nothing may be open."""
    with duckdb.connect(str(company.settings.data_dir / "activation.duckdb")) as con:
        assert con.execute("select 1 from sync_standing where not is_acked").fetchall() == []
        return {key for (key,) in con.execute("select sync_key from sync_standing").fetchall()}


def segment_of(company: Company) -> str:
    """The active segment with most members."""
    with company.warehouse() as con:
        [(name,)] = con.execute(
            "select segment_name from segments.segment_membership group by all "
            "order by count(*) desc, segment_name limit 1"
        ).fetchall()
    return str(name)
