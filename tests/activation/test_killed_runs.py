"""`c360 activation run`, killed at random instants, against servers that are real or that fail."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks.activation_input import SEGMENT, warehouse
from orchestration.activation.definitions import read_sync
from orchestration.activation.ledger import ledger_path
from orchestration.activation.running import run_sync
from orchestration.activation.sealing import seal
from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT, Settings
from orchestration.terminal import Console
from orchestration.transform.parsing import load_manifest
from tests.activation.web import Request, serving
from tests.conftest import Company
from tests.parsed import parsed
from tests.postgresql import OWNER, Server

pytestmark = pytest.mark.slow

KILLS = 25
PEOPLE = 60
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
TABLE = """
title: Table
owner: team:marketing
kind: postgresql
host: HOST
database: postgres
user: OWNER
table: killed.NAME
batch: 4
marketing_actions: [email_targeting]
"""
API = """
title: Server
owner: team:marketing
kind: http
address: ADDRESS
add: {path: /NAME/add, row: {id: $KEY, email: $email, given_name: $given_name}}
remove: {path: /NAME/remove, row: {id: $KEY}}
rejections: {list: refused}
repeats: REPEATS
timeout_seconds: 0.3
batch: 4
marketing_actions: [email_targeting]
"""


@dataclass
class Installed:
    """A company with a project of its own, whose syncs are killed."""

    company: Company
    chance: random.Random
    longest: float = 2.0
    kills: int = 0

    @property
    def settings(self) -> Settings:
        return self.company.settings

    def destination(self, name: str, text: str) -> None:
        """Write a destination's file."""
        path = self.settings.dbt_project_dir / "activation" / "destinations" / f"{name}.yml"
        path.write_text(text.replace("NAME", name))

    def define(self, name: str, mode: str, destination: str) -> None:
        """Write the files of a sync and its destination."""
        self.destination(name, destination)
        text = SYNC.replace("NAME", name).replace("SEGMENT", SEGMENT).replace("MODE", mode)
        (self.settings.dbt_project_dir / "activation" / "syncs" / f"{name}.yml").write_text(text)

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
        """Run a sync in this process; its state."""
        began = time.monotonic()
        try:
            ended = run_sync(self.settings, name)
        except UserError as error:
            return str(error)
        self.longest = 0.7 * self.longest + 0.3 * (time.monotonic() - began)
        return ended.state

    def kill(self, name: str) -> None:
        """Kill `c360 activation run` at a random instant after it began its work."""
        transit = self.settings.data_dir / "activation_transit"
        shutil.rmtree(transit, ignore_errors=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "activation", "run", name],
            env=self.company.environment, cwd=PROJECT_ROOT, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        while not transit.exists() and process.poll() is None:
            time.sleep(0.01)
        try:
            _, error = process.communicate(timeout=self.chance.uniform(0, 1) * self.longest)
            assert process.returncode in (0, 1), error
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.kills += 1

    def ledger(self, name: str) -> list[tuple[Any, ...]]:
        """What stands at the other end as the ledger has it."""
        with duckdb.connect(str(ledger_path(self.settings)), read_only=True) as con:
            return con.execute(
                "select sync_key, is_acked from sync_standing where sync_name = ? order by 1",
                [name],
            ).fetchall()

    def tell(self) -> None:
        """How the runs and their rows ended."""
        with duckdb.connect(str(ledger_path(self.settings)), read_only=True) as con:
            for table, column in (("sync_run", "state"), ("sync_attempt", "outcome, reason")):
                print(
                    con.execute(f"select {column}, count(*) from {table} group by all").fetchall()
                )

    def kill_until_done(
        self, kills: int, names: tuple[str, ...], check: Callable[[str], None]
    ) -> None:
        """Change segments, kill each sync at a random instant, run it to its end, and look."""
        while self.kills < kills:
            for name in names:
                self.choose()
                self.kill(name)
                for _ in range(40):
                    if self.run(name) == "completed":
                        break
                else:
                    pytest.fail(f"{name} does not end")
                check(name)


@pytest.fixture(params=[1, 2])
def installed(tmp_path: Path, request: pytest.FixtureRequest) -> Installed:
    project, data = tmp_path / "project", tmp_path / "data"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    warehouse(data, PEOPLE, Console(quiet=True))
    settings = Settings(data, data / "landing", project)
    load_manifest(parsed(settings))
    return Installed(Company(settings), random.Random(request.param))


def test_postgresql_has_the_segment_whenever_a_run_is_killed(
    installed: Installed, postgresql: Server, tmp_path: Path
) -> None:
    """Mirrors equal the segment; what is appended is there exactly once."""
    postgresql.sql("drop schema if exists killed cascade; create schema killed")
    columns = "profile_id text PRIMARY, email text, given_name text"
    for name, key in (("mirrored", "primary key"), ("appended", "")):
        postgresql.sql(f"create table killed.{name} ({columns.replace('PRIMARY', key)})")
        text = TABLE.replace("HOST", str(postgresql.folder)).replace("OWNER", OWNER)
        installed.define(name, "append" if key == "" else "mirror", text)
    postgresql.sql("insert into killed.mirrored values ('application', 'a@b.c', 'Bo')")
    seen: dict[str, Any] = {}

    def check(name: str) -> None:
        wanted = installed.wanted(name, tmp_path)
        if name == "appended":
            seen.update(wanted)
            appended = postgresql.rows("select profile_id from killed.appended order by 1")
            assert [key for (key,) in appended] == sorted(seen)
            assert installed.ledger(name) == [(key, True) for key in sorted(seen)]
            return
        rows = postgresql.rows("select profile_id, email, given_name from killed.mirrored")
        mirrored = {key: (email, name) for key, email, name in rows}
        assert mirrored.pop("application") == ("a@b.c", "Bo")
        assert mirrored == {
            key: (row.get("email"), row.get("given_name")) for key, row in wanted.items()
        }
        assert installed.ledger(name) == [(key, True) for key in sorted(wanted)]

    installed.kill_until_done(KILLS, ("mirrored", "appended"), check)
    with duckdb.connect(str(ledger_path(installed.settings)), read_only=True) as con:
        print(con.execute("select state, count(*) from sync_run group by 1 order by 1").fetchall())
        print(
            con.execute(
                "select outcome, reason, count(*) from sync_attempt group by all"
            ).fetchall()
        )


def test_a_failing_server_has_the_segment_whenever_a_run_is_killed(
    installed: Installed, tmp_path: Path
) -> None:
    """Time-outs, 429, 500, cut connections and refused rows, before and after rows are taken."""
    chance = random.Random(installed.chance.random())
    rows: dict[str, dict[str, Any]] = {}
    events: list[str] = []
    replied: dict[str, tuple[int, Any]] = {}

    def take(request: Request) -> tuple[int, Any]:
        _, name, operation = request.path.split("/")
        key = request.headers["Idempotency-Key"]
        if name == "appended" and key in replied:
            return replied[key]
        refused = []
        for place, row in enumerate(request.json["rows"]):
            if operation == "remove":
                rows.pop(row["id"], None)
            elif chance.random() < 0.03:
                refused.append({"index": place, "reason": "NOT_NOW"})
            elif name == "appended":
                events.append(row["id"])
            else:
                rows[row["id"]] = {n: v for n, v in row.items() if n != "id"}
        replied[key] = (200, {"refused": refused})
        return replied[key]

    def answer(request: Request) -> tuple[int, Any] | None:
        luck = chance.random()
        if luck < 0.04:
            return None
        if luck < 0.08:
            return 429, {}
        if luck < 0.12:
            return 500, {}
        taken = take(request)
        if luck < 0.16:
            return None
        if luck < 0.20:
            return 503, {}
        if luck < 0.22:
            time.sleep(0.5)
        return taken

    seen: dict[str, Any] = {}

    def check(name: str) -> None:
        wanted = installed.wanted(name, tmp_path)
        if name == "appended":
            seen.update(wanted)
            assert sorted(events) == sorted(seen)
        else:
            assert rows == wanted
        there = seen if name == "appended" else wanted
        assert installed.ledger(name) == [(key, True) for key in sorted(there)]

    with serving(answer) as web:
        for name, repeats in (("mirrored", "safe"), ("appended", "keyed")):
            text = API.replace("ADDRESS", web.address).replace("REPEATS", repeats)
            installed.define(name, "mirror" if repeats == "safe" else "append", text)
        installed.kill_until_done(KILLS, ("mirrored", "appended"), check)
    with duckdb.connect(str(ledger_path(installed.settings)), read_only=True) as con:
        print(con.execute("select state, count(*) from sync_run group by 1 order by 1").fetchall())
        print(
            con.execute(
                "select outcome, reason, count(*) from sync_attempt group by all"
            ).fetchall()
        )
