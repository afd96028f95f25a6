"""No path on which a denial is lost: deliveries, withdrawals, merges and splits in random order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.settings import DBT_PROJECT_DIR
from tests.profile.consent_oracle import ANY, KINDS
from tests.profile.denial_world import PURPOSES, Word, World
from tests.profile.test_consent_truth_table import SEEDS, create_macros
from tests.value.rendering import STARTED_AT, fill, render

MODELS = ("conformed/unread_consents", "profile/kept_denials", "profile/consent_statements",
          "profile/consent_words", "profile/contact_points", "profile/point_words",
          "profile/effective_consent")  # fmt: skip
FIRST = datetime(2026, 1, 1)
STAGED = "stg_email_marketing__consents"
MEMORY = "denial_history"


def columns_of_memory() -> dict[str, Any]:
    """The columns of the memory with their types, as dbt knows them."""
    text = (DBT_PROJECT_DIR / "models" / "profile" / "consent_memory.yml").read_text()
    [model] = [m for m in yaml.safe_load(text)["models"] if m["name"] == MEMORY]
    return {column["name"]: column for column in model["columns"]}


LISTED: dict[str, Any] = {
    MEMORY: columns_of_memory(),
    STAGED: ["contact_namespace", "contact_value"],
}


def instant(day: float | None) -> datetime | None:
    return None if day is None else FIRST + timedelta(days=day)


class Runs:
    """Worlds, and a run over all of them after each day."""

    def __init__(self, seed: int, count: int) -> None:
        self.worlds = [World(random.Random(f"{seed} {n}"), f"{n:04}") for n in range(count)]
        self.con = duckdb.connect()
        for seed_table in (*SEEDS, "consent_statuses"):
            path = DBT_PROJECT_DIR / "seeds" / "policy" / f"{seed_table}.csv"
            self.con.execute(f"create table {seed_table} as from read_csv('{path}', header=true)")
        fill(
            self.con, "consent_enforcement", "purpose text, channel text, model text",
            [(ANY, ANY, "non_restrictive")],
        )  # fmt: skip
        fill(self.con, "profile_ledger", "profile_id text, current_profile_id text", [])
        types = ", ".join(f"{n} {c['data_type']}" for n, c in LISTED[MEMORY].items())
        fill(self.con, MEMORY, types, [])

    def land(self, until: int = 10_000) -> None:
        """What staging, conformed and identity make of the worlds, as of a day."""
        accepted = [w for world in self.worlds for w in world.accepted(until).values()]
        said = "purpose text, channel text, {} text, recorded_at timestamp, source_file text"
        statement = "source_system text, consent_id text, source_record_id text, "
        statement += "contact_namespace text, contact_value text, "
        fill(
            self.con, "consents", statement + said.format("code") + ", topic text",
            [(*_row(w, w.code), ANY) for w in accepted],
        )  # fmt: skip
        broken = [
            w for world in self.worlds for w in world.words
            if w.code == "?" and (w.at or 0) <= until
        ]  # fmt: skip
        fill(
            self.con, STAGED,
            statement + said.format("status") + ", reject_reason text, source_row bigint",
            [
                (*_row(w, "mumbled"), "invalid_code" if w.at else "invalid_timestamp", 1)
                for w in broken
            ],
        )  # fmt: skip
        record = "source_system text, source_record_id text, record_key text"
        everybody = [(world, r) for world in self.worlds for r in world.records]
        fill(
            self.con, "identity_map", record + ", profile_id text",
            [("s", r, f"s:{r}", world.person[r]) for world, r in everybody],
        )  # fmt: skip
        shown = [
            ("s", r, f"s:{r}", n, n, v, v) for w, r in everybody for n, v in sorted(w.shown(r))
        ]
        # A record that is there shows something else than addresses, too.
        shown += [
            ("s", r, f"s:{r}", "login", "person", r, r) for w, r in everybody if r not in w.gone
        ]
        value = ", namespace text, kind text, identity_value text, normalised_value text"
        fill(self.con, "normalised_values", record + value, shown)
        # From day to day an address is on too many records, or blocked, and is not again.
        day = self.worlds[0].day
        self.con.execute(
            "create or replace view comparison_values as select *, "
            "['too_many_records', 'blocked_value']"
            f"[(1 + hash(normalised_value, {day}) % 4)::int] "
            "as refusal_reason from normalised_values"
        )

    def run(self, day: int) -> None:
        """Build the models, and then the memory."""
        history = {MEMORY: MEMORY}
        for model in MODELS:
            sql = render(model, listed=LISTED, history=history)
            self.con.execute(f"create or replace table {model.split('/')[1]} as {sql}")
        noon = str(instant(day + 0.5))
        sql = render(f"profile/{MEMORY}", listed=LISTED, history=history, incremental=True)
        sql = sql.replace(STARTED_AT.strftime("%Y-%m-%d %H:%M:%S.%f"), noon)
        self.con.execute(f"create or replace temp table noted as {sql}")
        key = "(source_system, consent_id)"
        self.con.execute(f"delete from {MEMORY} where {key} in (select {key} from noted)")
        self.con.execute(f"insert into {MEMORY} by name from noted")

    def denied(self) -> set[tuple[Any, ...]]:
        """What is shut by now, as (namespace, value, purpose, channel)."""
        return set(self.con.execute(
            "select contact_namespace, contact_value, purpose, channel from effective_consent "
            "where code = 'n' and valid_to is null and topic = 'any' and purpose <> 'any'"
        ).fetchall())  # fmt: skip


def _row(word: Word, answer: str) -> Sequence[Any]:
    point = word.point or (ANY, ANY)
    return (
        "s", word.consent, word.record, *point, word.purpose, word.channel, answer,
        instant(word.at), word.file,
    )  # fmt: skip


def days(seed: int, count: int, number: int) -> Iterator[tuple[Runs, set[Any], str]]:
    """Runs day after day, with what has to be denied after each."""
    runs = Runs(seed, count)
    for step in range(number):
        for world in runs.worlds:
            world.go_on()
        runs.land()
        runs.run(runs.worlds[0].day)
        denied = {(*p, q, c) for world in runs.worlds for p, q, c in world.run()}
        yield runs, denied, f"seed {seed}, day {step}"


def check(seed: int, count: int, number: int) -> None:
    """What is denied is what the oracle says, and nothing that is denied is allowed."""
    most = 0
    for runs, denied, when in days(seed, count, number):
        found = runs.denied()
        assert found - denied == set(), when
        assert denied - found == set(), when
        most = max(most, len(denied))
    create_macros(runs.con)
    now = instant(runs.worlds[0].day + 1)
    points = sorted({(*p, c) for w in runs.worlds for p in w.points for c in KINDS})
    fill(runs.con, "asked", "namespace text, value text, channel text", points)
    for purpose in PURPOSES:
        allowed = set(runs.con.execute(
            "select namespace, value, $purpose, channel from asked where "
            "is_contact_allowed(namespace, value, $purpose, channel, 'any', $now)",
            {"purpose": purpose, "now": now},
        ).fetchall())  # fmt: skip
        assert allowed
        assert allowed & denied == set()
    assert most > 3 * count
    replay(runs, denied)
    kept = "select count(distinct origin) from kept_denials"
    assert runs.con.execute(kept).fetchall() == [(2,)]


def replay(runs: Runs, denied: set[Any]) -> None:
    """A day of before knows nothing that was said later, and leaves the memory as it is."""
    day = runs.worlds[0].day
    until = day - 6
    later = f"select count(*) from kept_denials where recorded_at > '{instant(until + 0.9)}'"
    assert runs.con.execute(later).fetchall() > [(10,)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("C360_AS_OF", str(instant(until))[:10])
        runs.land(until)
        runs.run(day)
        assert runs.con.execute(later).fetchall() == [(0,)]
        assert runs.denied()
    runs.land()
    runs.run(day)
    assert runs.denied() == denied


def test_no_denial_is_lost() -> None:
    check(1, 40, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 22))
def test_no_denial_is_lost_at_length(seed: int) -> None:
    check(seed, 100, 25)
