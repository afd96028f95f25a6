"""What a refresh learns of syncs: each run once, as an independent count of what arrived has it."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from orchestration.activation.ledger import ledger_path
from orchestration.activation.recorded import TABLES, record
from orchestration.errors import UserError
from tests.activation.lab import FILES, Lab, Member, people, project_in
from tests.conftest import settings_in

DAY = "2026-10-31"
FOUND_AT = datetime(2026, 11, 1, 4)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = Lab(settings_in(tmp_path / "data", project_in(tmp_path)), monkeypatch)
    lab.settings.data_dir.mkdir()
    return lab


@pytest.fixture
def warehouse(lab: Lab) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with what is read of it: the day, and who was found in the segment when."""
    with duckdb.connect(str(lab.settings.warehouse_path)) as con:
        con.execute("create schema conformed; create schema segments")
        con.execute(f"create table conformed.refresh_period as select date '{DAY}' as as_of_on")
        con.execute(
            "create table segments.segment_membership_history "
            "(profile_id varchar, segment_name varchar, computed_at timestamp)"
        )
        yield con


def found(con: duckdb.DuckDBPyConnection, members: list[Member], at: datetime = FOUND_AT) -> None:
    con.execute(
        "insert into segments.segment_membership_history "
        "select unnest($1::varchar[]), 'members', $2",
        [[member.key for member in members], at],
    )


def runs(con: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"select {columns} from operations.sync_runs order by started_at").fetchall()


def test_what_is_recorded_is_what_was_counted_apart(
    lab: Lab, warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Counted from what the receiver saw and from who was sent, without a look at the ledger."""
    rng = random.Random(25)
    lab.receiver.batch = 12
    lab.receiver.rejects = lambda payload: str(payload.get("name")) == "bad"
    lab.define(more="guard: {max_delete_share: 1, max_reject_share: 1, allow_empty: true}\n")
    expected = []
    for _ in range(4):
        members = [
            Member(
                f"p{n}",
                f"p{n}@example.com",
                rng.choice(["A", "A", "B", "bad"]),
                blocked=rng.choice([None, None, None, "denied"]),
                invalid=rng.choice([None, None, None, None, "email: missing"]),
            )
            for n in rng.sample(range(40), rng.randrange(5, 30))
        ]
        lab.receiver.seen.clear()
        lab.run(members)
        sent = [
            key for operation, _, keys in lab.receiver.seen for key in keys if operation == "add"
        ]
        bad = {m.key for m in members if m.name == "bad"}
        removed = [key for op, _, keys in lab.receiver.seen for key in keys if op == "remove"]
        expected.append((
            "members", "receiver", DAY, len(members), len(lab.receiver.seen),
            len(sent) - len(bad & set(sent)) + len(removed), len(bad & set(sent)),
            len([m for m in members if m.blocked]),
            len(set(removed)),
        ))  # fmt: skip
        if rng.random() < 0.5:
            record(warehouse, lab.settings)
    record(warehouse, lab.settings)
    record(warehouse, lab.settings)
    assert (
        runs(
            warehouse,
            "segment_name, destination_name, as_of_on::varchar, row_count, call_count, "
            "accepted_count, rejected_count, suppressed_count, delete_count",
        )
        == expected
    )
    whole = "insert_count + update_count + unchanged_count + retry_count + invalid_count"
    for total, rows in runs(warehouse, f"{whole} + suppressed_count, row_count"):
        assert total == rows, "of a segment's people nobody is without a fate"


def test_rows_of_a_file_are_those_that_count_as_sent(
    lab: Lab, warehouse: duckdb.DuckDBPyConnection
) -> None:
    lab.define("snapshot", destination=FILES)
    lab.run([*people(12), Member("b", "b@example.com", blocked="denied"), Member("i", invalid="x")])
    record(warehouse, lab.settings)
    [path] = (lab.settings.data_dir / "outbox" / "agency").glob("*.csv")
    with path.open() as handle:
        rows = list(csv.DictReader(handle))
    [counted] = runs(warehouse, "accepted_count, suppressed_count, invalid_count, activated_count")
    assert counted == (len(rows), 1, 1, 0)


def test_time_to_activation_is_from_being_found_to_the_acknowledgement(
    lab: Lab, warehouse: duckdb.DuckDBPyConnection
) -> None:
    lab.define()
    first, later = people(4), people(3, first=4)
    for number, member in enumerate(first):
        found(warehouse, [member], datetime(2026, 11, 1, number))
    lab.run(first)
    # They left and came again: what counts is the last time before they arrived.
    found(warehouse, later, datetime(2025, 1, 1))
    found(warehouse, later, datetime(2026, 11, 2))
    lab.run([*first, *later])
    lab.run([*first, *later])
    record(warehouse, lab.settings)
    acked = dict(lab.ledger("select sync_key, first_acked_at from sync_state"))

    def hours(members: list[Member], at: list[datetime]) -> float:
        waited = [acked[m.key] - since for m, since in zip(members, at, strict=True)]
        return float(median(one.total_seconds() / 3600 for one in waited))

    counted = runs(warehouse, "activated_count, activation_hours")
    assert [count for count, _ in counted] == [4, 3, 0]
    assert counted[0][1] == pytest.approx(
        hours(first, [datetime(2026, 11, 1, n) for n in range(4)])
    )
    assert counted[1][1] == pytest.approx(hours(later, [datetime(2026, 11, 2)] * 3))
    assert counted[2][1] is None


def test_what_was_recorded_stays_whatever_becomes_of_files_and_ledger(
    lab: Lab, warehouse: duckdb.DuckDBPyConnection
) -> None:
    lab.define()
    lab.run(people(6))
    record(warehouse, lab.settings)
    before = runs(warehouse, "*")
    # A sync that runs has it open, as another process would.
    with duckdb.connect(str(ledger_path(lab.settings))) as con:
        con.execute("update sync_run set row_count = 999")
        record(warehouse, lab.settings)
    ledger_path(lab.settings).unlink()
    record(warehouse, lab.settings)
    assert runs(warehouse, "*") == before
    lab.run(people(7))
    record(warehouse, lab.settings)
    assert [count for (count,) in runs(warehouse, "row_count")] == [6, 7]


def test_a_refused_run_is_recorded_and_its_message_is_not(
    lab: Lab, warehouse: duckdb.DuckDBPyConnection
) -> None:
    lab.define()
    lab.run(people(20))
    with pytest.raises(UserError):
        lab.run(people(2))
    record(warehouse, lab.settings)
    assert runs(warehouse, "state, accepted_count") == [("completed", 20), ("refused", 0)]
    assert "message" not in "".join(TABLES.values())


def test_destinations_and_what_goes_there_are_as_the_files_say(
    lab: Lab, warehouse: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known() -> tuple[list[Any], list[Any]]:
        record(warehouse, lab.settings)
        return (
            warehouse.execute(
                "select destination_name, title, platform_title, state "
                "from operations.sync_destinations order by all"
            ).fetchall(),
            warehouse.execute(
                "select destination_name, ended_at is null "
                "from operations.sync_mappings order by created_at"
            ).fetchall(),
        )

    folder = lab.settings.dbt_project_dir / "activation"
    lab.define()
    assert known()[1] == [("receiver", True)]
    made = warehouse.execute("from operations.sync_mappings").fetchall()
    known()
    assert warehouse.execute("from operations.sync_mappings").fetchall() == made, "as it was"
    receiver = folder / "destinations" / "receiver.yml"
    receiver.write_text(receiver.read_text() + "enabled: false\n")
    assert known()[0] == [("receiver", "Receiver", "HTTP API", "disabled")]
    # A file that can't be followed is as it was.
    receiver.write_text(receiver.read_text() + "enabld: true\n")
    assert known() == (
        [("receiver", "Receiver", "HTTP API", "disabled")],
        [("receiver", True)],
    )
    receiver.unlink()
    lab._write(folder / "destinations" / "files.yml", FILES)
    sync = folder / "syncs" / "s.yml"
    sync.write_text(sync.read_text().replace("receiver", "files"))
    monkeypatch.setenv("C360_AS_OF", "2026-06-30")
    assert known()[1] == [("receiver", True)], "a replay says nothing of today"
    monkeypatch.delenv("C360_AS_OF")
    known()
    assert known() == (
        [("files", "Agency", "Files", "enabled"), ("receiver", "Receiver", "HTTP API", "removed")],
        [("receiver", False), ("files", True)],
    )
