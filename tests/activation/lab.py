"""A sync without a warehouse: what would leave is given, and the other end is a script."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.activation import running
from orchestration.activation.definitions import Sync
from orchestration.activation.ledger import ledger_path
from orchestration.activation.running import run_sync
from orchestration.activation.runs import Ended
from orchestration.activation.sealing import Sealed
from orchestration.activation.sending import MakeTarget
from orchestration.activation.targets.protocol import Result, Row
from orchestration.settings import DBT_PROJECT_DIR, Settings

DESTINATION = """
title: Receiver
owner: team:marketing
kind: http
address: http://127.0.0.1:1/api
marketing_actions: [email_targeting]
add: {path: /add}
remove: {path: /remove}
batch: BATCH
repeats: REPEATS
"""
FILES = """
title: Agency
owner: team:marketing
kind: file
folder: agency
format: csv
marketing_actions: [email_targeting]
"""
SYNC = """
title: Members
owner: team:marketing
destination: receiver
segment: members
key: KEY
mode: MODE
purpose: commercial
channel: email
columns: {email: {from: profile.profiles.email, as: plain.email}, name: profile.profiles.given_name}
"""


@dataclass(frozen=True)
class Member:
    """Somebody of the segment, with what the warehouse would say of them."""

    key: str
    email: str | None = None
    name: str | None = None
    blocked: str | None = None
    invalid: str | None = None
    profile: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """What leaves."""
        given = {"email": self.email, "name": self.name}
        return {name: value for name, value in given.items() if value is not None}


@dataclass
class Receiver:
    """The other end: rows by key, or the set of values that an audience has.

    Attributes:
        rejects: whether it rejects a row's payload.
        fails: called before each batch with its number; raises what goes wrong.
        fails_after: the same after the rows were taken.
    """

    batch: int = 100
    rejects: Callable[[dict[str, Any]], bool] = lambda payload: False
    fails: Callable[[int], None] = lambda number: None
    fails_after: Callable[[int], None] = lambda number: None
    key: str = "profile_id"
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    values: set[tuple[str, str]] = field(default_factory=set)
    seen: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    calls: int = 0
    unnamed: int = 0

    def outcomes(self, keys: Sequence[str], idempotency_key: str) -> list[Result] | None:
        """It can't say what arrived."""
        return None

    def close(self) -> None:
        """Nothing is open."""

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        """Take a batch, or what the script says instead."""
        self.calls += 1
        self.fails(self.calls)
        self.seen.append((operation, idempotency_key, tuple(row.key for row in rows)))
        results = [self._take(operation, row) for row in rows]
        self.fails_after(self.calls)
        return results

    def _take(self, operation: str, row: Row) -> Result:
        payload = json.loads(row.payload)
        entries = {(name, str(value)) for name, value in payload.items()}
        if operation == "remove":
            self.values -= entries
            self.rows.pop(row.key, None)
            return Result("accepted")
        if self.rejects(payload):
            return Result("rejected", "not_wanted")
        self.values |= entries
        self.rows[row.key] = payload
        return Result("accepted")


@dataclass
class Lab:
    """A sync over a data folder, whose members are given to each run.

    Attributes:
        make: makes what takes the batches; the receiver does without.
    """

    settings: Settings
    patch: pytest.MonkeyPatch
    receiver: Receiver = field(default_factory=Receiver)
    make: MakeTarget | None = None

    def define(
        self,
        mode: str = "mirror",
        more: str = "",
        key: str = "profile_id",
        repeats: str = "unsafe",
        destination: str = DESTINATION,
    ) -> None:
        """Write the files of the sync `s`."""
        folder = self.settings.dbt_project_dir / "activation"
        text = destination.replace("BATCH", str(self.receiver.batch)).replace("REPEATS", repeats)
        self._write(folder / "destinations" / "receiver.yml", text)
        sync = SYNC.replace("MODE", mode).replace("KEY", key) + more
        self._write(folder / "syncs" / "s.yml", sync)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, members: Iterable[Member], approved: str = "") -> Ended:
        """Run the sync over these members."""
        listed = list(members)

        def seal(_settings: Settings, sync: Sync, path: Path) -> Sealed:
            write_sealed(listed, sync, path)
            return Sealed(path, len(listed), {})

        self.patch.setattr(running, "seal", seal)
        return run_sync(self.settings, "s", approved, self.make or (lambda *_: self.receiver))

    def ledger(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the ledger."""
        with duckdb.connect(str(ledger_path(self.settings)), read_only=True) as con:
            return con.execute(sql).fetchall()

    def counts(self) -> Mapping[str, int]:
        """The operations of the last run's plan that are not zero."""
        [row] = self.ledger(
            "select insert_count, update_count, unchanged_count, retry_count, blocked_count, "
            "invalid_count, delete_count from sync_run order by started_at desc limit 1"
        )
        words = ("insert", "update", "unchanged", "retry", "blocked", "invalid", "delete")
        return {word: count for word, count in zip(words, row, strict=True) if count}


def write_sealed(members: Sequence[Member], sync: Sync, path: Path) -> None:
    """The file that `seal` writes of these members."""
    rows = []
    for member in members:
        payload = json.dumps(member.values)
        key = member.key if sync.key == "profile_id" else member.values.get(sync.key)
        profile = member.profile or member.key
        rows.append((
            key or f"?{profile}", profile, payload, hashlib.md5(payload.encode()).hexdigest(),
            member.blocked, member.invalid, member.email, member.name,
        ))  # fmt: skip
    with duckdb.connect() as con:
        con.execute(
            "create table sealed (sync_key varchar, profile_id varchar, payload varchar, "
            "payload_hash varchar, blocked varchar, invalid varchar, email varchar, name varchar)"
        )
        columns = list(zip(*rows, strict=True)) or [()] * 8
        unnested = ", ".join(f"unnest(${n + 1}::varchar[])" for n in range(8))
        con.execute(f"insert into sealed select {unnested}", [list(c) for c in columns])
        con.execute(f"copy sealed to '{path}' (format parquet)")


def project_in(folder: Path) -> Path:
    """A dbt project folder with nothing but what a sync reads of it."""
    project = folder / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text((DBT_PROJECT_DIR / "dbt_project.yml").read_text())
    return project


class Killed(BaseException):
    """The process ends here."""


def people(count: int, first: int = 0, name: str = "A") -> list[Member]:
    """Members with an address each."""
    return [Member(f"p{n:05}", f"p{n}@example.com", name) for n in range(first, first + count)]


def killed_after(number: int) -> Receiver:
    """A receiver after whose batch of that number the process ends, before it hears of it."""

    def fails(seen: int) -> None:
        if seen == number:
            raise Killed

    return Receiver(fails_after=fails)
