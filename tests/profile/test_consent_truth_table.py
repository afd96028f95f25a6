"""Consent over random facts: the models' SQL against an implementation of its own."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.profile.consent_oracle import (
    ANY,
    CARE,
    KINDS,
    Point,
    Said,
    World,
    effective,
    may_be_sent,
    model_of,
    own_word,
)
from tests.value.rendering import fill, render

MODELS = ("consent_statements", "consent_words", "consent", "contact_points", "point_words",
          "effective_consent")  # fmt: skip
SEEDS = ("consent_codes", "consent_channels", "consent_settings", "identity_namespaces",
         "identity_value_aliases")  # fmt: skip
POLICY = {
    (ANY, ANY): "restrictive",
    ("service", ANY): "disabled",
    ("news", ANY): "non_restrictive",
    ("news", "sms"): "restrictive",
    (ANY, "whatsapp"): "non_restrictive",
}
PURPOSES = ("commercial", "news", "service")
TOPICS = (ANY, "tea", "art")
NOON = datetime(2026, 1, 1, 12)
INSTANTS = range(6)
REFUSED = ("too_many_records", "blocked_value")
GROUPS = 450
"""Groups of a few records that share addresses among them."""


def instant(at: int) -> datetime:
    return NOON + timedelta(days=at)


class Facts:
    """Random worlds, as they stand before the models: in tables, and for the oracle."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.world = dice, World()
        self.world_of: dict[Point, World] = {}
        self.identity_map: list[Sequence[Any]] = []
        self.values: list[Sequence[Any]] = []
        self.consents: list[Sequence[Any]] = []
        self.unread: list[Sequence[Any]] = []
        self.kept: list[Sequence[Any]] = []
        self.points: list[tuple[Point, str]] = []
        for group in range(GROUPS):
            self._group(group)

    def _group(self, group: int) -> None:
        dice, self.world = self.dice, World()
        addresses = [(("email", f"a{group}.{i}@x.org"), "email") for i in range(2)]
        addresses.append((("phone", f"+4912{group:05}"), "phone"))
        addresses.append((("work_email", addresses[0][0][1]), "email"))
        self.world.withheld = {point for point, _ in addresses if dice.random() < 0.2}
        records = [f"s:{group}.{i}" for i in range(dice.randint(1, 4))]
        gone = f"s:{group}.gone"
        people = [f"p{group}.{dice.randrange(len(records))}" for _ in records]
        for record, person in zip(records, people, strict=True):
            self.world.person_of[record] = person
            self.identity_map.append(("s", record[2:], record, person))
            for point, kind in addresses:
                if dice.random() < 0.5:
                    self.world.shows.setdefault(record, set()).add(point)
                    refusal = dice.choice(REFUSED) if point in self.world.withheld else None
                    self.values.append(("s", record[2:], record, point[0], kind, point[1], refusal))
        for number in range(dice.randint(1, 7)):
            self._statement(group, number, dice.choice(records), [p for p, _ in addresses])
        if dice.random() < 0.3:
            self._unread(group, dice.choice(records))
        if dice.random() < 0.3:
            self._kept(group, dice.choice([gone, dice.choice(records)]), addresses[0][0])
        addresses += [(("profile", person), "profile") for person in sorted(set(people))]
        self.points += addresses
        self.world_of |= {point: self.world for point, _ in addresses}

    def _statement(self, group: int, number: int, record: str, addresses: list[Point]) -> None:
        dice = self.dice
        own = sorted(self.world.shows.get(record, set()) & set(addresses))
        point = dice.choice(own) if own and dice.random() < 0.3 else None
        code = dice.choice(CARE) if dice.random() < 0.5 else dice.choice("nyyp")
        channel = dice.choice([ANY, "email", "email", "sms", "whatsapp", "direct_mail", "pigeon"])
        topic, at = dice.choice([ANY, ANY, *TOPICS]), dice.choice(INSTANTS)
        purpose = dice.choice(PURPOSES)
        self.consents.append(
            ("s", f"{group}.{number}", record[2:], *(point or (ANY, ANY)), purpose, channel, topic,
             code, instant(at))
        )  # fmt: skip
        if channel == "pigeon":
            channel = ANY if code in ("n", "dn") else channel
        self.world.said.append(Said(record, point, purpose, channel, topic, code, at))

    def _unread(self, group: int, record: str) -> None:
        purpose = self.dice.choice([ANY, *PURPOSES])
        channel, at = self.dice.choice([ANY, "email"]), self.dice.choice([None, *INSTANTS])
        when = None if at is None else instant(at)
        self.unread.append(
            ("s", f"unread:{group}", record[2:], ANY, ANY, purpose, channel, ANY, "n", when)
        )
        self.world.said.append(Said(record, None, purpose, channel, ANY, "n", at))

    def _kept(self, group: int, record: str, address: Point) -> None:
        purpose, at = self.dice.choice(PURPOSES), self.dice.choice(INSTANTS)
        for point, origin in ((None, "kept"), (address, "address")):
            self.kept.append(
                ("s", f"{group}.kept", record[2:], *(point or (ANY, ANY)), purpose, "email", ANY,
                 instant(at), origin)
            )  # fmt: skip
            lifted = any(
                s.code == "y" and s.point is None and (s.at or 0) > at and s.record == record
                and (s.purpose, s.channel, s.topic) == (purpose, "email", ANY)
                for s in self.world.said
            )  # fmt: skip
            if not (point and lifted):
                self.world.said.append(Said(record, point, purpose, "email", ANY, "n", at))


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the models, or make them again."""
    for model in MODELS:
        con.execute(f"create or replace table {model} as {render(f'profile/{model}')}")


def built(facts: Facts) -> duckdb.DuckDBPyConnection:
    """The models over the facts."""
    con = duckdb.connect()
    for seed in SEEDS:
        path = DBT_PROJECT_DIR / "seeds" / "policy" / f"{seed}.csv"
        con.execute(f"create table {seed} as from read_csv('{path}', header=true)")
    con.execute("insert into identity_namespaces (namespace, kind) values ('work_email', 'email')")
    record = "source_system text, source_record_id text"
    fill(con, "identity_map", f"{record}, record_key text, profile_id text", facts.identity_map)
    fill(
        con, "normalised_values",
        f"{record}, record_key text, namespace text, kind text, normalised_value text, "
        "refusal_reason text",
        facts.values,
    )  # fmt: skip
    con.execute("alter table normalised_values add column identity_value text")
    con.execute("update normalised_values set identity_value = normalised_value")
    con.execute("create view comparison_values as from normalised_values")
    said = "purpose text, channel text, topic text, code text, recorded_at timestamp"
    statement = (
        "source_system text, consent_id text, source_record_id text, "
        f"contact_namespace text, contact_value text, {said}"
    )
    fill(con, "consents", statement, facts.consents)
    fill(con, "kept_denials", statement.replace(" code text,", "") + ", origin text", facts.kept)
    fill(con, "unread_consents", statement.replace("consent_id", "denial_id"), facts.unread)
    rules = [(*scope, model) for scope, model in POLICY.items()]
    fill(con, "consent_enforcement", "purpose text, channel text, model text", rules)
    build(con)
    create_macros(con)
    return con


def create_macros(con: duckdb.DuckDBPyConnection) -> None:
    """The questions that the models leave behind."""
    text = (DBT_PROJECT_DIR / "models" / "profile" / "effective_consent.sql").read_text()
    for hook in re.findall(r'"(create or replace macro .*?)"', text, flags=re.S):
        hook = hook.replace("{{ this.schema }}", "main").replace("{{ this }}", "effective_consent")
        con.execute(re.sub(r"{{ ref\('(\w+)'\) }}", r"\1", hook))


@pytest.fixture(scope="module", params=[1, 2])
def worlds(request: pytest.FixtureRequest) -> tuple[Facts, duckdb.DuckDBPyConnection]:
    facts = Facts(random.Random(request.param))
    return facts, built(facts)


def questions(facts: Facts) -> Iterator[tuple[Point, str, str, str, str, int]]:
    """Every point, purpose, channel of its kind and topic, at an instant of each."""
    for point, kind in facts.points:
        for purpose in PURPOSES:
            for channel in [c for c, k in KINDS.items() if k == kind]:
                for topic in TOPICS:
                    yield point, kind, purpose, channel, topic, facts.dice.choice((-1, *INSTANTS))


def test_what_counts_is_what_the_oracle_says(
    worlds: tuple[Facts, duckdb.DuckDBPyConnection],
) -> None:
    facts, con = worlds
    asked = list(questions(facts))
    assert len(asked) > 12_000
    columns = zip(*((n, *q[0], *q[2:5], instant(q[5])) for n, q in enumerate(asked)), strict=True)
    names = ("n", "namespace", "value", "purpose", "channel", "topic", "asked_at")
    con.register("asked", pa.table(dict(zip(names, map(list, columns), strict=True))))
    found = con.execute(
        "select asked.n, effective.code, effective.is_allowed, is_contact_allowed("
        "asked.namespace, asked.value, asked.purpose, asked.channel, asked.topic, asked.asked_at) "
        "from asked left join effective_consent as effective on contact_namespace = namespace "
        "and contact_value = value and effective.purpose = asked.purpose "
        "and effective.channel = asked.channel and effective.topic = asked.topic "
        "and valid_from <= asked_at and (valid_to is null or valid_to > asked_at) order by n"
    ).fetchall()
    assert len(found) == len(asked)
    seen = set()
    for (_, code, row_allows, allowed), question in zip(found, asked, strict=True):
        point, kind, purpose, channel, topic, at = question
        answers = effective(facts.world_of[point], point, kind, purpose, channel, topic, at)
        model = model_of(POLICY, purpose, channel)
        may = may_be_sent(answers, topic, model)
        assert allowed == may, (question, answers, code)
        if code is not None:
            halves = [a or "u" for a in (answers if topic != ANY else answers[:1])]
            assert code == min(halves, key=CARE.index), (question, answers)
            assert row_allows == may, (question, code)
        seen.add((code, model, allowed))
    assert {code for code, _, _ in seen} >= set(CARE)


def test_a_persons_word_is_what_the_oracle_says(
    worlds: tuple[Facts, duckdb.DuckDBPyConnection],
) -> None:
    facts, con = worlds
    found = con.execute(
        "select profile_id, contact_namespace, contact_value, purpose, channel, topic, code "
        "from consent"
    ).fetchall()
    assert len(found) > 1_600
    for person, *point, purpose, channel, topic, code in found:
        world = facts.world_of["profile", person]
        named = None if point[1] == ANY else tuple(point)
        said = [s for s in world.said if world.person_of.get(s.record) == person]
        halves = own_word(said, named, purpose, channel, topic, max(INSTANTS))
        assert code == min((a or "u" for a in halves), key=CARE.index), (person, point, channel)
    asked = {(row[0], row[2], row[3], row[5]) for row in found}
    for world in {id(w): w for w in facts.world_of.values()}.values():
        for s in (s for s in world.said if s.record in world.person_of):
            value = s.point[1] if s.point else ANY
            assert (world.person_of[s.record], value, s.purpose, s.topic) in asked, s


def test_no_merge_lifts_a_no_and_a_split_gives_back_what_was(
    worlds: tuple[Facts, duckdb.DuckDBPyConnection],
) -> None:
    """Everybody of a group becomes one person, and falls apart again."""
    _, con = worlds
    con.execute("create or replace table before as from effective_consent")
    con.execute("create or replace table apart as from identity_map")
    con.execute(
        "update identity_map set profile_id = regexp_replace(profile_id, '[.].*', '.merged')"
    )
    build(con)
    lifted = (
        "from before semi join (from contact_points) using (contact_namespace, contact_value) "
        "left join effective_consent as after using "
        "(contact_namespace, contact_value, purpose, channel, topic) where before.code = 'n' "
        "and before.valid_to is null and after.valid_to is null and after.code is distinct from 'n'"
    )
    assert con.execute(lifted).fetchall() == []
    con.execute("create or replace table identity_map as from apart")
    build(con)
    for one, other in (("before", "effective_consent"), ("effective_consent", "before")):
        assert con.execute(f"from {one} except from {other}").fetchall() == []
