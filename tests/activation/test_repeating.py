"""A batch without an answer goes once more as it was, to who knows it by its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from orchestration.activation.targets.protocol import Result, Row
from orchestration.errors import UserError
from orchestration.settings import Settings
from tests.activation.lab import Killed, Lab, Member, Receiver, people, project_in


@dataclass
class Remembering(Receiver):
    """A receiver that drops a batch whose key it has seen."""

    events: list[str] = field(default_factory=list)
    replied: dict[str, list[Result]] = field(default_factory=dict)

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        """Take a batch once."""
        if idempotency_key not in self.replied:
            self.events += [row.key for row in rows]
            self.replied[idempotency_key] = [Result("accepted")] * len(rows)
        super().send(operation, rows, idempotency_key)
        return self.replied[idempotency_key]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    data = tmp_path / "data"
    return Lab(Settings(data, data / "landing", project_in(tmp_path)), monkeypatch)


def killed_in_the_second_batch(lab: Lab, mode: str) -> Remembering:
    def fails(seen: int) -> None:
        if seen == 2:
            raise Killed

    receiver = lab.receiver = Remembering(batch=3, fails_after=fails)
    lab.define(mode, repeats="keyed")
    with pytest.raises(Killed):
        lab.run(people(9, 10))
    receiver.fails_after = Receiver.fails_after
    return receiver


def test_rows_that_come_between_make_no_other_batch_of_it(lab: Lab) -> None:
    receiver = killed_in_the_second_batch(lab, "append")
    between = [Member("p00013a", "a@example.com"), *people(9, 1)]

    lab.run([*people(9, 10), *between])
    assert lab.run([*people(9, 10), *between]).calls == 0

    assert sorted(receiver.events) == sorted(m.key for m in [*people(9, 10), *between])


def test_a_row_that_changed_since_is_asked_of_a_person_where_it_would_come_twice(
    lab: Lab,
) -> None:
    receiver = killed_in_the_second_batch(lab, "append")
    members = [*people(3, 10), *people(1, 13, "B"), *people(5, 14)]
    with pytest.raises(UserError, match=r"would not leave as they did: keys p00013\."):
        lab.run(members)
    assert len(receiver.events) == 6

    (lab.settings.data_dir / "activation.duckdb").unlink()
    killed_in_the_second_batch(lab, "upsert")
    lab.run(members)
    assert lab.receiver.rows["p00013"]["name"] == "B"


def test_a_row_of_two_batches_without_an_answer_goes_once(lab: Lab) -> None:
    """Both can be sent as they were when who was away in between is back."""

    def fails(_: int) -> None:
        raise Killed

    receiver = lab.receiver = Remembering(batch=2, fails_after=fails)
    lab.define("mirror", "guard: {max_delete_share: 1}\n", repeats="keyed")
    together, others = people(2), [*people(1), *people(1, 2)]
    for members in (together, others):
        with pytest.raises(Killed):
            lab.run(members)
    receiver.fails_after = Receiver.fails_after

    everybody = people(3)
    assert lab.run(everybody).state == "completed"
    assert lab.run(everybody).calls == 0
    assert set(receiver.rows) == {member.key for member in everybody}
    assert lab.ledger("select sync_key, is_acked from sync_standing order by 1") == [
        (member.key, True) for member in everybody
    ]


def test_two_tries_of_a_row_in_a_run_are_one_row_of_what_stands(lab: Lab) -> None:
    """However it came to be: a ledger that holds them is followed."""
    lab.define("mirror")
    lab.run(people(3))
    with duckdb.connect(str(lab.settings.data_dir / "activation.duckdb")) as con:
        con.execute("update sync_attempt set is_folded = false")
        con.execute(
            "insert into sync_attempt select * replace ('twice' as batch_id, 'unknown' as outcome) "
            "from sync_attempt"
        )
        con.execute("delete from sync_standing; delete from sync_state")
    assert lab.run(people(3)).calls == 0
    assert [acked for (acked,) in lab.ledger("select is_acked from sync_standing")] == [True] * 3
