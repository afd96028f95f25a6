"""What the ledger makes of time, loss, new formats, late answers and two runs at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration.activation.identifiers import Identifier, format_of, identifiers_sql
from orchestration.activation.ledger import SyncLock, ledger_path
from orchestration.activation.targets.folder import Folder
from orchestration.activation.targets.protocol import Result, Row, StopSyncError
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.lab import (
    FILES,
    Killed,
    Lab,
    Member,
    Receiver,
    killed_after,
    people,
    project_in,
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    data = tmp_path / "data"
    return Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)


@pytest.mark.parametrize("mode", ["mirror", "audience"])
def test_s11_without_its_ledger_a_sync_adds_and_takes_nobody_away(lab: Lab, mode: str) -> None:
    lab.define(mode=mode, more="guard: {max_delete_share: 1}\n")
    first = lab.run(people(100))
    again = lab.run(people(100))
    ledger_path(lab.settings).unlink()
    lab.receiver.seen.clear()

    lost = lab.run(people(80))
    assert (first.plan.is_first, again.plan.is_first, lost.plan.is_first) == (True, False, True)
    assert {operation for operation, _, _ in lab.receiver.seen} == {"add"}
    assert lost.plan.counts["delete"] == 0
    assert len(lab.receiver.rows) == 100

    lab.run(people(70))
    assert lab.counts() == {"unchanged": 70, "delete": 10}


def test_s31_identifiers_of_an_old_format_leave_after_those_of_the_new_one(lab: Lab) -> None:
    """Of a hundred identifiers forty have another form in a new version; one of each stays."""
    numbers = [f"+4915{n:08}" for n in range(40)] + [f"id{n:08}" for n in range(60)]
    old, new = (hashed(numbers, f"tiktok.{{}}@{version}") for version in ("2025-06", "2025-08"))
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 40
    lab.receiver = Receiver(batch=1000)
    lab.define(mode="audience", more="guard: {max_delete_share: 0.4}\n")
    lab.run([Member(f"p{n:03}", value) for n, value in enumerate(old)])
    lab.receiver.seen.clear()

    lab.run([Member(f"p{n:03}", value) for n, value in enumerate(new)])

    assert [(operation, len(keys)) for operation, _, keys in lab.receiver.seen] == [
        ("add", 40), ("remove", 40),
    ]  # fmt: skip
    assert lab.receiver.values == {("email", value) for value in new}
    assert lab.run([Member(f"p{n:03}", value) for n, value in enumerate(new)]).calls == 0


def hashed(texts: Sequence[str], form: str) -> list[str]:
    """Telephone numbers, and texts of devices, in the form in which they leave."""
    with duckdb.connect() as con:
        con.execute(
            "create table countries (country_code varchar, calling_code varchar, "
            "international_prefix varchar, trunk_prefix varchar, trunk_pattern varchar, "
            "trunk_replacement varchar, is_trunk_ambiguous boolean, number_pattern varchar, "
            "number_lengths varchar)"
        )
        con.execute("create table texts as select unnest($1) as text, unnest($2) as place",
                    [list(texts), list(range(len(texts)))])  # fmt: skip
        found: dict[int, str] = {}
        for field, kind in (("phone", "text like '+%'"), ("mobile_id", "text like 'id%'")):
            chosen = Identifier("sent", "text", format_of(form.format(field)))
            con.execute(f"create or replace view chosen as from texts where {kind}")
            sql = identifiers_sql("chosen", ["place"], [chosen], "countries")
            found |= dict(con.execute(f"select place, sent from ({sql})").fetchall())
    return [found[place] for place in range(len(texts))]


def test_after_a_run_that_stopped_the_next_is_not_the_first(lab: Lab) -> None:
    """It takes away who left since, so nobody may be told that it does not."""
    lab.define(more="guard: {max_delete_share: 1}\n")
    lab.receiver = killed_after(2)
    with pytest.raises(Killed):
        lab.run(people(300))

    ended = lab.run(people(50))

    assert (ended.plan.is_first, ended.plan.counts["delete"]) == (False, 150)


def test_what_left_is_kept_in_no_plan(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when its file arrived nor when the line broke."""
    lab.define(mode="audience", destination=FILES)
    with monkeypatch.context() as broken:
        broken.setattr(Folder, "place", _breaks)
        assert lab.run(people(20)).state == "stopped"
    assert lab.run(people(20)).state == "completed"

    assert lab.ledger("select count(*), count(payload) from sync_plan") == [(40, 0)]
    assert lab.ledger("select count(*), count(payload) from sync_standing") == [(20, 20)]


def _breaks(*_: object) -> None:
    raise StopSyncError("the line broke", [])


@pytest.mark.parametrize(
    ("mode", "days", "again"),
    [
        ("mirror", 501, True),
        ("audience", 500, True),
        ("upsert", 501, True),
        ("audience", 499, False),
    ],
)
def test_s32_who_was_acknowledged_long_ago_is_added_again(
    lab: Lab, mode: str, days: int, again: bool
) -> None:
    lab.define(mode=mode, more="refresh_days: 500\n")
    lab.run(people(20))
    with duckdb.connect(str(ledger_path(lab.settings))) as con:
        con.execute(
            "update sync_state set last_acked_at = last_acked_at - to_days(?) "
            "where sync_key in ('p00003', 'p00007')",
            [days],
        )
    lab.receiver.seen.clear()

    lab.run(people(20))

    keys = [(operation, keys) for operation, _, keys in lab.receiver.seen]
    assert keys == ([("add", ("p00003", "p00007"))] if again else [])
    assert lab.ledger("select distinct reason from sync_plan where operation = 'update'") == (
        [("refresh",)] if again else []
    )
    assert lab.run(people(20)).calls == 0


def test_s33_nobody_is_taken_away_while_what_was_added_is_not_confirmed(lab: Lab) -> None:
    lab.define(mode="audience", more="guard: {max_delete_share: 1}\n", repeats="safe")
    lab.run(people(50))
    unsure = Unsure()
    unsure.values = lab.receiver.values
    lab.receiver = unsure

    ended = lab.run(people(50, 25))

    assert (ended.state, ended.unknown) == ("stopped", 25)
    assert "no answer yet" in ended.message
    assert {v for _, v in lab.receiver.values if "@" in v} == {m.email for m in people(75)}
    lab.receiver = Receiver(values=unsure.values)
    lab.run(people(50, 25))
    assert {v for _, v in lab.receiver.values if "@" in v} == {m.email for m in people(50, 25)}


class Unsure(Receiver):
    """Takes what it gets, and says that it will see."""

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        """Nobody knows yet."""
        super().send(operation, rows, idempotency_key)
        return [Result("unknown", "in_progress") for _ in rows]


def test_s34_a_rejected_row_comes_again_although_later_ones_arrived(lab: Lab) -> None:
    """Nothing is passed over because something newer came through: there is no watermark."""
    lab.define(mode="insert")
    lab.receiver.rejects = lambda payload: payload["email"] == "p2@example.com"
    lab.run(people(3, 1))
    lab.receiver.rejects = lambda payload: False
    lab.receiver.seen.clear()

    lab.run(people(5, 1))

    assert [keys for _, _, keys in lab.receiver.seen] == [("p00002", "p00004", "p00005")]


def test_s35_of_two_runs_at_once_the_second_begins_nothing(lab: Lab) -> None:
    """The right to run ends with its process, so nobody writes late into the ledger."""
    lab.define()
    lab.run(people(5))
    ready, done = os.pipe(), os.pipe()
    if not (child := os.fork()):
        with SyncLock(lab.settings.data_dir):
            os.write(ready[1], b"x")
            os.read(done[0], 1)
            os._exit(0)
    os.read(ready[0], 1)
    try:
        with pytest.raises(UserError, match="Another process runs a sync"):
            lab.run(people(6))
        assert lab.ledger("select count(*) from sync_run") == [(1,)]
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        for end in (*ready, *done):
            os.close(end)

    assert lab.run(people(6)).accepted == 1


def test_answers_of_a_run_are_its_own(lab: Lab) -> None:
    """What a run settles it claimed itself: the attempts of others keep their outcome."""
    lab.define(more="guard: {max_reject_share: 1}\n")
    lab.receiver.rejects = lambda payload: True
    lab.run(people(3))
    lab.receiver.rejects = lambda payload: False
    lab.run(people(3))

    outcomes = lab.ledger(
        "select outcome, count(*) from sync_attempt group by all order by outcome"
    )
    assert outcomes == [("accepted", 3), ("rejected", 3)]
