"""`c360 activation run`, killed at random instants, against servers that are real or that fail."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.activation.running import run_sync
from orchestration.errors import UserError
from tests.activation.killing import Begun, Killable, killable
from tests.activation.web import Request, Web, serving
from tests.postgresql import OWNER, Server

pytestmark = pytest.mark.slow

KILLS = 25
PEOPLE = 60
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


@pytest.fixture(params=[1, 2])
def company(tmp_path: Path, request: pytest.FixtureRequest) -> Killable:
    return killable(tmp_path, PEOPLE, request.param)


def kill_and_look(
    company: Killable, leaving: Callable[[], Begun], check: Callable[[str], None]
) -> None:
    """Change segments, kill each sync at a random instant, run it to its end, and look.

    Parameters:
        company: whose syncs they are.
        leaving: when a run is about to begin, gives what tells that it is at work.
        check: holds the other end to the segment of a sync.
    """
    longest = 1.0
    while company.kills < KILLS:
        for name in ("mirrored", "appended"):
            company.choose()
            company.kill(name, leaving(), company.chance.uniform(0, 1) * longest)
            for _ in range(40):
                began = time.monotonic()
                if state_after(company, name) == "completed":
                    longest = 0.7 * longest + 0.3 * (time.monotonic() - began)
                    break
            else:
                pytest.fail(f"{name} does not end")
            check(name)
    company.tell()


def asked_again(web: Web) -> Begun:
    """Tells that a server has been asked for something since."""
    before = len(web.requests)
    return lambda: len(web.requests) > before


def state_after(company: Killable, name: str) -> str:
    """How a run ends, or why it does not begin."""
    try:
        return run_sync(company.settings, name).state
    except UserError as error:
        return str(error)


def test_postgresql_has_the_segment_whenever_a_run_is_killed(
    company: Killable, postgresql: Server, tmp_path: Path
) -> None:
    """Mirrors equal the segment; what is appended is there exactly once."""
    postgresql.sql("drop schema if exists killed cascade; create schema killed")
    columns = "profile_id text PRIMARY, email text, given_name text"
    for name, key in (("mirrored", "primary key"), ("appended", "")):
        postgresql.sql(f"create table killed.{name} ({columns.replace('PRIMARY', key)})")
        text = TABLE.replace("HOST", str(postgresql.folder)).replace("OWNER", OWNER)
        company.define(name, "append" if key == "" else "mirror", text)
    postgresql.sql("insert into killed.mirrored values ('application', 'a@b.c', 'Bo')")
    seen: dict[str, Any] = {}

    def check(name: str) -> None:
        wanted = company.wanted(name, tmp_path)
        if name == "appended":
            seen.update(wanted)
            appended = postgresql.rows("select profile_id from killed.appended order by 1")
            assert [key for (key,) in appended] == sorted(seen)
            assert company.standing(name) == [(key, True) for key in sorted(seen)]
            return
        rows = postgresql.rows("select profile_id, email, given_name from killed.mirrored")
        mirrored = {key: (email, name) for key, email, name in rows}
        assert mirrored.pop("application") == ("a@b.c", "Bo")
        assert mirrored == {
            key: (row.get("email"), row.get("given_name")) for key, row in wanted.items()
        }
        assert company.standing(name) == [(key, True) for key in sorted(wanted)]

    kill_and_look(company, lambda: company.transit.exists, check)


def test_a_failing_server_has_the_segment_whenever_a_run_is_killed(
    company: Killable, tmp_path: Path
) -> None:
    """Time-outs, 429, 500, cut connections and refused rows, before and after rows are taken."""
    chance = random.Random(company.chance.random())
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
        wanted = company.wanted(name, tmp_path)
        if name == "appended":
            seen.update(wanted)
            assert sorted(events) == sorted(seen)
        else:
            assert rows == wanted
        there = seen if name == "appended" else wanted
        assert company.standing(name) == [(key, True) for key in sorted(there)]

    with serving(answer) as web:
        for name, repeats in (("mirrored", "safe"), ("appended", "keyed")):
            text = API.replace("ADDRESS", web.address).replace("REPEATS", repeats)
            company.define(name, "mirror" if repeats == "safe" else "append", text)
        kill_and_look(company, lambda: asked_again(web), check)
