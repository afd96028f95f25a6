"""`c360 activation run` in a process of its own, killed wherever a test says."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.activation_input import SEGMENT, warehouse
from orchestration.activation.definitions import read_sync
from orchestration.activation.ledger import ledger_path
from orchestration.activation.sealing import seal
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, Settings
from orchestration.terminal import Console
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company
from tests.parsed import parsed

Begun = Callable[[], bool]
SYNC = """
title: Members
owner: team:marketing
destination: NAME
segment: SEGMENT
mode: MODE
purpose: commercial
channel: email
guard: {max_delete_share: 1, max_reject_share: 1, allow_empty: true}
retry: {most: 100}
columns:
  email: profile.profiles.email
  given_name: profile.profiles.given_name
"""


@dataclass
class Killable:
    """A company with a project of its own, whose syncs are killed.

    Attributes:
        chance: decides who is a member and when a run is killed.
        kills: runs that were killed before they ended.
    """

    company: Company
    chance: random.Random
    kills: int = 0

    @property
    def settings(self) -> Settings:
        return self.company.settings

    def define(self, name: str, mode: str, destination: str) -> None:
        """Write the files of a sync and its destination, both of that name."""
        activation = self.settings.dbt_project_dir / "activation"
        (activation / "destinations" / f"{name}.yml").write_text(destination.replace("NAME", name))
        text = SYNC.replace("NAME", name).replace("SEGMENT", SEGMENT).replace("MODE", mode)
        (activation / "syncs" / f"{name}.yml").write_text(text)

    def choose(self) -> None:
        """Other members."""
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            con.execute(
                "create or replace table segments.segment_membership as select profile_id, "
                f"'{SEGMENT}' as segment_name from profile.profiles "
                "where hash(profile_id, ?) % 3 > 0",
                [self.chance.randrange(2**30)],
            )

    def wanted(self, name: str, folder: Path) -> dict[str, dict[str, Any]]:
        """Who would leave now, with what."""
        sync, _ = read_sync(self.settings, name)
        sealed = seal(self.settings, sync, folder / "wanted.parquet")
        with duckdb.connect() as con:
            rows = con.execute(
                f"select sync_key, payload from '{sealed.path}' "
                "where blocked is null and invalid is null"
            ).fetchall()
        return {key: json.loads(payload) for key, payload in rows}

    def run(self, name: str) -> str:
        """Run a sync to its end; what it printed when it did not complete, nothing when it did."""
        with self._running(name) as process:
            output, _ = process.communicate()
        assert process.returncode in (0, 1), output
        return output if process.returncode else ""

    def kill(self, name: str, begun: Begun, seconds: float) -> None:
        """Run a sync and kill it so many seconds after something is there, if it runs still."""
        shutil.rmtree(self.transit, ignore_errors=True)
        with self._running(name) as process:
            while not begun() and process.poll() is None:
                time.sleep(0.002)
            try:
                output, _ = process.communicate(timeout=seconds)
                assert process.returncode in (0, 1), output
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                self.kills += 1

    @property
    def transit(self) -> Path:
        """Where a run has its files until they have left."""
        return self.settings.data_dir / "activation_transit"

    def standing(self, name: str) -> list[tuple[str, bool]]:
        """What stands at the other end as the ledger has it, and whether that is known."""
        with self.ledger() as con:
            return con.execute(
                "select sync_key, is_acked from sync_standing where sync_name = ? order by 1",
                [name],
            ).fetchall()

    def last_run(self, name: str) -> tuple[str, str]:
        """A sync's last run, and its state."""
        with self.ledger() as con:
            [found] = con.execute(
                "select run_id, state from sync_run where sync_name = ? "
                "order by started_at desc limit 1",
                [name],
            ).fetchall()
        return found

    def tell(self) -> None:
        """Print how runs and rows ended."""
        with self.ledger() as con:
            for table, column in (("sync_run", "state"), ("sync_attempt", "outcome, reason")):
                told = f"select {column}, count(*) from {table} group by all order by all"
                print(con.execute(told).fetchall())

    @contextmanager
    def ledger(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the ledger, read-only."""
        with duckdb.connect(str(ledger_path(self.settings)), read_only=True) as con:
            yield con

    def _running(self, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "activation", "run", name],
            env=self.company.environment, cwd=PROJECT_ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


def killable(folder: Path, people: int, seed: int) -> Killable:
    """A company of so many people, with a project of its own."""
    project, data = folder / "project", folder / "data"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    warehouse(data, people, Console(quiet=True))
    settings = Settings(data, data / "landing", project)
    load_manifest(parsed(settings))
    return Killable(Company(settings), random.Random(seed))
