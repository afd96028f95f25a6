"""A table of PostgreSQL as a destination: a batch arrives once, whatever happens at its commit."""

from __future__ import annotations

import contextlib
import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as driver
import psycopg
import pytest

from orchestration.activation.targets.postgresql import LOCK_SPACE
from orchestration.activation.targets.protocol import Row, StopSyncError
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.lab import Killed, Lab, Member, people, project_in
from tests.activation.postgresql_lab import (
    TABLE,
    Breaking,
    define,
    lost,
    outcomes,
    rows,
    single,
    target,
)
from tests.activation.test_members_in_step import random_members
from tests.postgresql import Server


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: Server) -> Lab:
    data = tmp_path / "data"
    made = Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)
    made.make = lambda destination, sync: target(destination, sync)
    return made


def test_members_come_change_and_go_and_others_rows_stay(lab: Lab, there: Server) -> None:
    there.sql("insert into crm.audience values ('app1', 'a@b.c', 'Bo', 'theirs')")
    define(lab, there, more="guard: {max_delete_share: 1}\n")
    lab.run([*people(10), Member("bare")])
    there.sql("update crm.audience set note = 'kept' where profile_id = 'p00003'")

    lab.run([*people(4), Member("p00004", "p4@example.com", "B"), Member("bare")])

    found = there.rows("select * from crm.audience order by 1")
    assert found == [
        ("app1", "a@b.c", "Bo", "theirs"),
        ("bare", None, None, "ours"),
        *((f"p{n:05}", f"p{n}@example.com", "A", "kept" if n == 3 else "ours") for n in range(4)),
        ("p00004", "p4@example.com", "B", "ours"),
    ]
    assert lab.run([*people(4), Member("p00004", "p4@example.com", "B"), Member("bare")]).calls == 0


def test_values_take_the_table_s_types(there: Server) -> None:
    there.sql(
        "drop table crm.audience; create table crm.audience (profile_id bigint primary key, "
        "email jsonb, name timestamptz)"
    )
    payload = json.dumps({"email": {"a": [1]}, "name": "2026-01-02T03:04:05Z"})
    assert outcomes(single(there).send("add", [Row("7", payload)], "k")) == ["accepted"]
    found = there.rows("select profile_id + 1, email -> 'a' ->> 0, extract(epoch from name)::int "
                       "from crm.audience")  # fmt: skip
    assert found == [(8, "1", 1767323045)]
    assert outcomes(single(there).send("remove", [Row("7", "{}")], "l")) == ["accepted"]
    assert there.rows("select * from crm.audience") == []


def test_empty_values_are_left_as_they_are_or_sent(there: Server) -> None:
    for nulls, kept in (("omit", "Ann"), ("send", None)):
        single(there, nulls=nulls).send("add", rows("Ann"), f"{nulls}1")
        left_out = "{}" if nulls == "omit" else '{"name": null}'
        single(there, nulls=nulls).send("add", [Row("p0", left_out)], f"{nulls}2")
        assert there.rows("select name from crm.audience") == [(kept,)]


def test_rows_that_a_constraint_refuses_are_rejected_and_no_others(there: Server) -> None:
    there.sql("create unique index on crm.audience (name)")
    there.sql("insert into crm.audience (profile_id, name) values ('app', 'Zoe')")
    some = [*rows("Ann", "Eve", "Zoe", None), Row("p9", '{"name":"\\u0000"}')]
    sent = single(there).send("add", some, "k")
    assert outcomes(sent) == [
        "accepted", "rejected check: audience_name_check",
        "rejected taken_by_another_row: audience_name_idx", "accepted",
        "rejected value_does_not_fit",
    ]  # fmt: skip
    assert single(there).outcomes(["p0", "p1", "p2", "p3", "p9"], "k") == sent
    assert there.rows("select profile_id from crm.audience order by 1") == [
        ("app",), ("p0",), ("p3",),
    ]  # fmt: skip


def test_update_changes_who_is_there_and_append_takes_a_key_twice(there: Server) -> None:
    single(there).send("add", rows("Ann"), "a")
    assert outcomes(single(there, "update").send("add", rows("Bob", "Cy"), "b")) == [
        "accepted", "rejected absent",
    ]  # fmt: skip
    there.sql("alter table crm.audience drop constraint audience_pkey")
    single(there, "append").send("add", rows("Dan"), "c")
    assert there.rows("select name from crm.audience order by 1") == [("Bob",), ("Dan",)]


def test_s37_a_commit_without_an_answer_is_looked_up(there: Server) -> None:
    there.sql("alter table crm.audience drop constraint audience_pkey")
    for n, moments in enumerate((["after"], ["before"], ["before", "before"])):
        to = single(there, "append")
        to._opened()
        to.breaks = lost(*moments)  # type: ignore[method-assign]
        assert outcomes(to.send("add", rows("Ann", "Eve"), f"k{n}")) == [
            "accepted", "rejected check: audience_name_check",
        ]  # fmt: skip
        assert there.rows("select count(*) from crm.audience") == [(n + 1,)]


@pytest.mark.parametrize("lost_at", ["before", "after"])
def test_a_server_that_is_gone_leaves_the_batch_unknown_until_it_is_back(
    lab: Lab, there: Server, monkeypatch: pytest.MonkeyPatch, lost_at: str
) -> None:
    define(lab, there, "append")
    lab.run(people(3))
    down: list[bool] = []
    connect = driver.connect

    def connects(address: str) -> Any:
        if down:
            raise driver.OperationalError("gone", status_code=10)  # type: ignore[arg-type]
        return connect(address)

    def breaks(moment: str) -> None:
        if moment == lost_at and not down:
            down.append(True)
            raise driver.OperationalError("gone", status_code=10)  # type: ignore[arg-type]

    monkeypatch.setattr(driver, "connect", connects)
    made = lab.make
    lab.make = lambda *given: opened(target(*given), breaks)  # type: ignore[arg-type]
    assert lab.run(people(6)).state == "stopped"
    lab.make = made
    assert lab.ledger("select count(*) from sync_standing where not is_acked") == [(3,)]
    with pytest.raises(UserError, match="Whether what the last run sent arrived is not known"):
        lab.run(people(6))

    down.clear()
    assert lab.run(people(6)).calls == (1 if lost_at == "before" else 0)
    assert there.rows("select count(*), count(distinct profile_id) from crm.audience") == [(6, 6)]


def opened(to: Breaking, breaks: Callable[[str], None]) -> Breaking:
    """A target that is connected, and breaks from then on."""
    to._opened()
    to.breaks = breaks  # type: ignore[method-assign]
    return to


def test_what_is_still_on_its_way_is_waited_for(there: Server) -> None:
    to = single(there)
    to._opened()
    with psycopg.connect(there.url) as other:
        other.execute("select pg_advisory_xact_lock(%s, hashtext('crm.audience'))", [LOCK_SPACE])
        other.execute("insert into crm.customer_360_batches values ('k', '{}')")
        threading.Timer(0.2, other.commit).start()
        assert outcomes(to.outcomes(["p1"], "k")) == ["accepted"]
    assert outcomes(to.outcomes(["p1"], "other")) == ["not_sent not_there"]


def test_after_a_lost_ledger_the_same_batch_is_none_that_arrived(lab: Lab, there: Server) -> None:
    define(lab, there)
    lab.run(people(3))
    (lab.settings.data_dir / "activation.duckdb").unlink()
    there.sql("delete from crm.audience")
    lab.run(people(3))
    assert there.rows("select count(*) from crm.audience") == [(3,)]


def test_a_connection_that_the_server_ends_in_a_batch_is_made_again(there: Server) -> None:
    to = single(there)
    to._opened()
    with psycopg.connect(there.url) as other:
        other.execute("select pg_advisory_xact_lock(%s, hashtext('crm.audience'))", [LOCK_SPACE])

        def end() -> None:
            there.sql(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'customer-360'"
            )
            other.commit()

        threading.Timer(0.2, end).start()
        assert outcomes(to.send("add", rows("Ann", "Bob"), "k")) == ["accepted"] * 2
    assert there.rows("select count(*) from crm.audience") == [(2,)]


def test_who_leaves_and_comes_back_is_written_again(lab: Lab, there: Server) -> None:
    define(lab, there, more="guard: {max_delete_share: 1}\n", batch=1)
    for _ in range(2):
        for count in (2, 1):
            lab.run(people(count))
            assert there.rows("select count(*) from crm.audience") == [(count,)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("drop table crm.audience", r"has no table crm\.audience\. Create it with the columns"),
        ("alter table crm.audience rename name to names", "no column 'name'. Nearest: names"),
        (
            "alter table crm.audience drop constraint audience_pkey",
            r'create unique index on "crm"\."audience" \("profile_id"\)',
        ),
        (
            "alter table crm.audience drop constraint audience_name_check; "
            "alter table crm.audience alter name type int using 1",
            "another type there than what comes",
        ),
        ("revoke all on crm.audience from clerk", "Grant select, insert, update and delete"),
    ],
)
def test_a_table_that_can_t_take_rows_is_told_with_the_remedy(
    there: Server, change: str, said: str
) -> None:
    there.sql(
        "create role clerk login; grant all on schema crm to clerk; "
        "grant all on crm.audience to clerk"
    )
    there.sql(change)
    try:
        with pytest.raises(StopSyncError, match=said) as stopped:
            single(there, user="clerk").send("add", rows("Ann", "Bob"), "k")
        assert {r.outcome for r in stopped.value.results} <= {"not_sent"}
    finally:
        there.sql("drop owned by clerk cascade; drop role clerk")


def test_an_audience_is_not_for_a_table(lab: Lab, there: Server) -> None:
    define(lab, there, "audience")
    with pytest.raises(UserError, match="Take mirror"):
        lab.run(people(1))


@pytest.mark.parametrize(
    "seeds", [range(1), pytest.param(range(1, 60), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_random_histories_with_kills_end_with_the_segment(
    lab: Lab, there: Server, seeds: range
) -> None:
    """Kills and lost connections around commits: the table is the segment, each row once."""
    for seed in seeds:
        chance = random.Random(seed)
        mode = chance.choice(["mirror", "append"])
        there.sql("drop table crm.audience")
        there.sql(TABLE.replace(" primary key", "") if mode == "append" else TABLE)
        define(lab, there, mode, "guard: {max_delete_share: 1, max_reject_share: 1, allow_empty: "
               "true}\nretry: {most: 100}\n", chance.choice([1, 3, 7]))  # fmt: skip

        def breaks(moment: str, c: random.Random = chance) -> None:
            if c.random() < 0.15:
                raise Killed
            if c.random() < 0.1:
                raise driver.OperationalError("gone", status_code=10)  # type: ignore[arg-type]

        fixed = [Member(f"p{n:02}", f"{n}@example.com", "Ann") for n in range(15)]
        for step in range(5):
            Breaking.breaks = staticmethod(breaks)
            members = random_members(chance) if mode == "mirror" else fixed[: 3 * step]
            with contextlib.suppress(Killed, UserError):
                lab.run(members)
        Breaking.breaks = staticmethod(lambda moment: None)
        members = random_members(chance) if mode == "mirror" else fixed
        lab.run(members)
        assert lab.run(members).calls == 0, seed

        leaving = sorted(m.key for m in members if not m.blocked)
        listed = there.rows("select profile_id, email from crm.audience order by 1")
        assert [key for key, _ in listed] == leaving, seed
        assert dict(listed) == {m.key: m.email for m in members if not m.blocked}, seed
        standing = lab.ledger("select sync_key, is_acked from sync_standing order by 1")
        assert standing == [(key, True) for key in leaving], seed
        (lab.settings.data_dir / "activation.duckdb").unlink()
