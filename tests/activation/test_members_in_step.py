"""Mirrors and audiences: who leaves is taken away, in which order, and whatever happens between."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from orchestration.activation.guards import GuardError
from orchestration.settings import Settings
from tests.activation.lab import Killed, Lab, Member, Receiver, killed_after, people, project_in


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    data = tmp_path / "data"
    return Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)


def test_s13_a_changed_address_is_added_before_the_old_one_is_taken_away(lab: Lab) -> None:
    lab.define(mode="audience")
    lab.run([Member("p1", "old@example.com", "A"), *people(50, 100, "B")])

    lab.run([Member("p1", "new@example.com", "A"), *people(50, 100, "B")])

    assert [operation for operation, _, _ in lab.receiver.seen[-2:]] == ["add", "remove"]
    assert ("email", "new@example.com") in lab.receiver.values
    assert ("email", "old@example.com") not in lab.receiver.values
    assert ("name", "A") in lab.receiver.values


def test_an_old_address_stays_while_the_new_one_is_rejected(lab: Lab) -> None:
    lab.define(mode="audience", more="guard: {max_reject_share: 1}\n")
    lab.run([Member("p1", "old@example.com")])
    lab.receiver.rejects = lambda payload: True

    lab.run([Member("p1", "new@example.com")])

    assert lab.receiver.values == {("email", "old@example.com")}


def test_an_identifier_that_two_have_leaves_with_the_second(lab: Lab) -> None:
    lab.define(mode="audience", more="guard: {max_delete_share: 1, allow_empty: true}\n")
    lab.run([Member("p1", "a@example.com", "shared"), Member("p2", "b@example.com", "shared")])

    lab.run([Member("p2", "b@example.com", "shared")])
    assert lab.receiver.values == {("email", "b@example.com"), ("name", "shared")}

    lab.run([])
    assert lab.receiver.values == set()


def test_s14_leavers_wait_while_most_of_what_is_added_is_rejected(lab: Lab) -> None:
    lab.define(more="guard: {max_delete_share: 1}\n")
    lab.run(people(400))
    lab.receiver.rejects = lambda payload: int(payload["email"][1:-12]) % 10 < 6

    ended = lab.run(people(200) + people(100, 1000))

    assert (ended.state, len([k for k in lab.receiver.rows if k < "p00400"])) == ("stopped", 400)
    assert "60 of 100 rows were rejected" in ended.message


def test_s30_a_further_column_needs_the_plan_s_hash(lab: Lab) -> None:
    lab.define()
    lab.run([Member(m.key, m.email) for m in people(20)])
    lab.define(more="nulls: send\n")

    with pytest.raises(GuardError, match="20 rows would be sent again"):
        lab.run(people(20))


def test_s36_withdrawn_consent_takes_a_member_away(lab: Lab) -> None:
    for mode in ("mirror", "audience"):
        lab.receiver = Receiver()
        lab.define(mode=mode)
        lab.run(people(40))
        members = [*people(39), Member("p00039", "p39@example.com", "A", blocked="denied")]

        lab.run(members)

        assert lab.counts() == {"unchanged": 39, "delete": 1}
        assert "p00039" not in lab.receiver.rows or mode == "audience"
        assert ("email", "p39@example.com") not in lab.receiver.values or mode == "mirror"
        assert lab.ledger("select reason from sync_plan where operation = 'delete'")[0] == (
            "consent: denied",
        )
        (lab.settings.data_dir / "activation.duckdb").unlink()


def test_who_lost_consent_before_an_answer_came_is_taken_away(lab: Lab) -> None:
    lab.define(more="guard: {max_delete_share: 1}\n")
    lab.receiver = killed_after(1)
    with pytest.raises(Killed):
        lab.run(people(3))

    lab.run([*people(2), Member("p00002", "p2@example.com", "A", blocked="denied")])

    assert set(lab.receiver.rows) == {"p00000", "p00001"}


def test_insert_and_upsert_leave_leavers_and_update_only_what_they_may(lab: Lab) -> None:
    for mode, changed in (("insert", "A"), ("upsert", "B")):
        lab.receiver = Receiver()
        lab.define(mode=mode)
        lab.run(people(10))

        lab.run(people(8, 0, "B"))

        assert len(lab.receiver.rows) == 10
        assert {lab.receiver.rows[m.key]["name"] for m in people(8)} == {changed}
        (lab.settings.data_dir / "activation.duckdb").unlink()


@pytest.mark.parametrize(
    "seeds", [range(3), pytest.param(range(3, 40), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_random_histories_with_kills_end_with_the_segment(lab: Lab, seeds: range) -> None:
    """Whatever happens in between: after a quiet run the other end has whom the segment has."""
    for seed in seeds:
        chance = random.Random(seed)
        mode = chance.choice(["mirror", "audience"])
        lab.receiver = Receiver(batch=chance.choice([1, 3, 7]))
        lab.define(mode=mode, more="guard: {max_delete_share: 1, max_reject_share: 1, allow_empty: "
                   "true}\nretry: {most: 100}\n")  # fmt: skip
        for _ in range(8):
            at = chance.randrange(1, 12)

            def fails(number: int, at: int = lab.receiver.calls + at) -> None:
                if number == at:
                    raise Killed

            before = chance.random() < 0.5
            lab.receiver.fails = fails if before else Receiver.fails
            lab.receiver.fails_after = Receiver.fails_after if before else fails
            lab.receiver.rejects = lambda payload, c=chance: c.random() < 0.1  # type: ignore[misc]
            with contextlib.suppress(Killed):
                lab.run(random_members(chance))
        lab.receiver = Receiver(
            lab.receiver.batch, rows=lab.receiver.rows, values=lab.receiver.values
        )
        members = random_members(chance)
        lab.run(members)
        assert lab.run(members).calls == 0, seed

        leaving = [m for m in members if not m.blocked]
        if mode == "mirror":
            assert lab.receiver.rows == {m.key: m.values for m in leaving}, seed
        assert mode == "mirror" or lab.receiver.values == {
            entry for m in leaving for entry in m.values.items()
        }, seed
        standing = lab.ledger("select sync_key from sync_standing where is_acked order by 1")
        assert [key for (key,) in standing] == sorted(m.key for m in leaving), seed
        assert lab.ledger("select count(*) from sync_standing where not is_acked") == [(0,)]
        (lab.settings.data_dir / "activation.duckdb").unlink()


def random_members(chance: random.Random) -> list[Member]:
    """Some of fifteen people, with values that change and that several share."""
    return [
        Member(
            f"p{n:02}",
            f"{n}-{chance.randrange(3)}@example.com",
            chance.choice(["Ann", "Bob", None]),
            blocked="denied" if chance.random() < 0.1 else None,
        )
        for n in range(15)
        if chance.random() < 0.7
    ]
