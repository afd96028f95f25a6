"""Syncs against a scripted other end: what is sent, kept, taken away, and after what failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.activation.guards import GuardError
from orchestration.activation.targets.protocol import Result, StopSyncError
from orchestration.settings import Settings
from tests.activation.lab import Killed, Lab, Member, killed_after, people, project_in


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    data = tmp_path / "data"
    return Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)


def test_s1_rejected_rows_come_again_and_no_others(lab: Lab) -> None:
    lab.define()
    lab.receiver.rejects = lambda payload: (
        payload["email"] in {f"p{n}@example.com" for n in range(10)}
    )

    first = lab.run(people(1000))
    lab.receiver.seen.clear()
    second = lab.run(people(1000))

    assert (first.accepted, first.rejected, first.state) == (990, 10, "completed_with_rejects")
    assert lab.counts() == {"retry": 10, "unchanged": 990}
    assert [keys for _, _, keys in lab.receiver.seen] == [tuple(f"p{n:05}" for n in range(10))]
    assert second.rejected == 10


def test_s2_a_rejected_row_that_changes_is_sent_with_its_new_values(lab: Lab) -> None:
    lab.define(more="retry: {most: 2}\n")
    lab.receiver.rejects = lambda payload: payload["name"] == "bad"
    bad = [Member("p1", "a@example.com", "bad")]
    lab.run(bad)
    lab.run(bad)
    assert lab.run(bad).calls == 0  # dead until it changes

    ended = lab.run([Member("p1", "a@example.com", "good")])

    assert ended.accepted == 1
    assert lab.receiver.rows["p1"]["name"] == "good"
    assert lab.ledger("select failure_count from sync_state") == [(0,)]


def test_s3_without_news_nothing_is_called(lab: Lab) -> None:
    lab.define()
    lab.run(people(250))
    lab.receiver.calls = 0

    ended = lab.run(people(250))

    assert (ended.calls, lab.receiver.calls, ended.state) == (0, 0, "completed")
    assert lab.ledger("select count(*) from sync_run") == [(2,)]


def test_s4_a_kill_between_reply_and_ledger_ends_as_without_it(lab: Lab) -> None:
    lab.define()
    lab.receiver = killed_after(3)
    with pytest.raises(Killed):
        lab.run(people(500))
    batch_of_kill = lab.receiver.seen[-1]

    lab.run(people(500))

    assert lab.receiver.seen[3] == batch_of_kill
    assert set(lab.receiver.rows) == {m.key for m in people(500)}
    assert lab.ledger("select count(*) from sync_standing where is_acked") == [(500,)]
    assert lab.ledger("select count(*) from sync_standing where not is_acked") == [(0,)]


def test_s5_what_may_have_arrived_is_not_appended_twice(lab: Lab) -> None:
    lab.define(mode="append")
    lab.receiver = killed_after(3)
    with pytest.raises(Killed):
        lab.run(people(500))
    calls = lab.receiver.calls

    with pytest.raises(GuardError, match=r"No answer came for 100 rows.*p00200"):
        lab.run(people(500))

    assert lab.receiver.calls == calls
    assert lab.ledger("select state from sync_run order by started_at desc limit 1") == [
        ("refused",)
    ]


def test_s6_a_receiver_that_knows_repetitions_gets_the_batch_once_more(lab: Lab) -> None:
    lab.define(mode="append", repeats="keyed")
    lab.receiver = killed_after(3)
    with pytest.raises(Killed):
        lab.run(people(500))

    lab.run(people(500))

    keys = [key for _, key, _ in lab.receiver.seen]
    assert sorted(set(keys)) == sorted(keys[:2] + keys[3:])
    assert keys[2] == keys[3]


def test_s7_an_empty_segment_stops_before_any_call(lab: Lab) -> None:
    lab.define()
    lab.run(people(500))
    lab.receiver.calls = 0
    before = lab.ledger("from sync_standing order by sync_key")

    with pytest.raises(GuardError, match="is empty, and 500 rows stand"):
        lab.run([])

    assert lab.receiver.calls == 0
    assert lab.ledger("from sync_standing order by sync_key") == before


def test_s8_many_leavers_need_the_plan_s_hash(lab: Lab) -> None:
    lab.define()
    lab.run(people(500))
    with pytest.raises(GuardError, match="60 of 500 rows") as refused:
        lab.run(people(440))
    assert len(lab.receiver.rows) == 500

    plan = str(refused.value).split("--plan ")[1].strip("`.")
    ended = lab.run(people(440), approved=plan)

    assert ended.plan.counts["delete"] == 60
    assert set(lab.receiver.rows) == {m.key for m in people(440)}


def test_an_approved_plan_may_empty_the_other_end_where_the_file_allows_it(lab: Lab) -> None:
    lab.define(more="guard: {allow_empty: true}\n")
    lab.run(people(50))
    with pytest.raises(GuardError, match="50 of 50 rows") as refused:
        lab.run([])

    lab.run([], approved=str(refused.value).split("--plan ")[1].strip("`."))

    assert lab.receiver.rows == {}


def test_another_plan_than_the_approved_one_is_not_run(lab: Lab) -> None:
    lab.define()
    lab.run(people(500))

    with pytest.raises(GuardError, match="not 0123"):
        lab.run(people(440), approved="0123")
    assert len(lab.receiver.rows) == 500


def test_s9_invalid_is_not_gone(lab: Lab) -> None:
    lab.define()
    lab.run(people(500))
    members = people(440) + [
        Member(m.key, None, m.name, invalid="email: not_an_email") for m in people(30, 440)
    ]

    lab.run(members)

    assert lab.counts() == {"unchanged": 440, "invalid": 30, "delete": 30}
    assert set(lab.receiver.rows) == {m.key for m in people(470)}


def test_s10_rows_of_others_at_the_other_end_stay(lab: Lab) -> None:
    lab.define(more="guard: {max_delete_share: 1}\n")
    lab.receiver.rows = {f"application{n}": {} for n in range(54)}
    lab.run(people(100))

    lab.run(people(50))

    assert sum(key.startswith("application") for key in lab.receiver.rows) == 54
    assert len(lab.receiver.rows) == 104


def test_s15_who_leaves_and_returns_between_two_runs_causes_no_call(lab: Lab) -> None:
    lab.define()
    lab.run(people(10))
    assert lab.run(reversed(people(10))).calls == 0


def test_s16_who_comes_back_is_new(lab: Lab) -> None:
    lab.define(more="guard: {max_delete_share: 1}\n")
    lab.run(people(10))
    lab.run(people(9))

    lab.run(people(10))

    assert lab.counts() == {"insert": 1, "unchanged": 9}
    assert len(lab.receiver.rows) == 10


def test_s17_each_row_is_decided_for_itself(lab: Lab) -> None:
    lab.define()
    lab.run(people(100))

    lab.run(people(99, 1, "B"))

    assert lab.counts() == {"update": 99, "delete": 1}
    assert {row["name"] for row in lab.receiver.rows.values()} == {"B"}


def test_a_stop_leaves_what_was_not_sent_for_the_next_run(lab: Lab) -> None:
    lab.define()

    def fails(number: int) -> None:
        if number == 2:
            raise StopSyncError("receiver answers 401", [Result("not_sent", "http_401")] * 100)

    lab.receiver.fails = fails
    ended = lab.run(people(500))
    assert (ended.state, ended.accepted, ended.calls) == ("stopped", 100, 2)

    ended = lab.run(people(500))

    assert ended.accepted == 400
    assert len(lab.receiver.rows) == 500
