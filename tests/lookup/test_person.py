"""A person is found by whatever is known of them, and all of it is told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.layers_reader import connect_layers
from orchestration.lookup import layers as lookup_layers
from orchestration.lookup.layers import connect_people, require_readable
from orchestration.lookup.person import SECTIONS, Asked, look_up, profile_asked_for
from orchestration.warehouse import rows
from tests.conftest import Company, settings_in

PEOPLE = "select profile_id from profile.profiles order by md5(profile_id) limit 25"


@pytest.fixture(scope="module")
def layers(finished_company: Company) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_layers(finished_company.settings, with_personal_data=True) as con:
        yield con


@pytest.fixture
def few() -> Iterator[duckdb.DuckDBPyConnection]:
    """A family with one address, and a profile that another one has taken in."""
    with duckdb.connect() as con:
        for schema in ("policy", "identity", "profile"):
            con.execute(f"create schema {schema}")
        con.execute(
            """
            create table policy.identity_namespaces as
                select unnest(['email', 'phone', 'login']) as namespace;
            create table profile.profiles as
                select unnest(['p000000000000000a', 'p000000000000000b']) as profile_id;
            create table profile.alternate_keys as from (values
                ('identity', 'email', 'home@x.org', 'p000000000000000a'),
                ('identity', 'email', 'home@x.org', 'p000000000000000b'),
                ('identity', 'email', 'b@x.org', 'p000000000000000b'),
                ('identity', 'phone', '+491701234567', 'p000000000000000b'),
                ('source_record', 'shop', '1', 'p000000000000000a'),
                ('source_record', 'shop', '2:x', 'p000000000000000b'),
                ('former_profile', 'profile_id', 'p000000000000000c', 'p000000000000000b')
            ) as t(key_kind, namespace, key_value, profile_id);
            create table identity.identity_map as from (values
                ('shop:1', 'shop', '1', 'p000000000000000a'),
                ('shop:2:x', 'shop', '2:x', 'p000000000000000b')
            ) as t(record_key, source_system, source_record_id, profile_id);
            create table identity.comparison_values as from (values
                ('shop:1', 'login', 'Ann  ')
            ) as t(record_key, namespace, identity_value);
            """
        )
        yield con


@pytest.mark.parametrize(
    ("key", "value", "letter"),
    [
        ("p000000000000000a", None, "a"),
        ("p000000000000000c", None, "b"),
        ("shop:1", None, "a"),
        ("shop:2:x", None, "b"),
        ("email", "b@x.org", "b"),
        ("email", " B@X.org ", "b"),
        ("phone", "0049 170/123-4567", "b"),
        ("phone", "+49 (170) 1234567", "b"),
        ("login", "Ann  ", "a"),
    ],
)
def test_a_person_is_found_by(
    few: duckdb.DuckDBPyConnection, key: str, value: str | None, letter: str
) -> None:
    assert profile_asked_for(few, key, value) == f"p{letter:0>16}"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("email", "home@x.org", "2 people have this email: p0+a, p0+b. Ask for one"),
        ("email", "nobody@x.org", "Nobody has this email"),
        ("e-mail", "b@x.org", "no namespace e-mail. These are known: email, login, phone"),
        ("p000000000000000d", None, "Nobody has the id p0+d"),
        ("p000000000000000e", None, "Nobody has the id"),
        ("shop:3", None, "Nobody has the record shop:3"),
        ("serch", None, "serch is no profile's id.*c360 profile search"),
        ("email", "x' or 1=1 --", "Nobody has this email"),
    ],
)
def test_what_names_nobody_or_several_is_said(
    few: duckdb.DuckDBPyConnection, key: str, value: str | None, says: str
) -> None:
    with pytest.raises(UserError, match=says) as told:
        profile_asked_for(few, key, value)
    # An identity is personal data, and a message may end in a log.
    assert value is None or value not in str(told.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(UserError, match="not UTF-8"):
        require_readable("email", None, os.fsdecode(b"ann\xff"))
    require_readable("Ańn", None)


def test_a_warehouse_that_can_not_be_asked_yet_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an earlier version, or of a run that ended before the profiles."""

    @contextmanager
    def empty(*_: object, **__: object) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect() as con:
            yield con

    monkeypatch.setattr(lookup_layers, "connect_layers", empty)
    with (
        pytest.raises(UserError, match=r"no people to look up.*Run `c360 run` first"),
        connect_people(settings_in(Path("nowhere"))),
    ):
        pass


def test_all_that_the_layers_hold_is_told(layers: duckdb.DuckDBPyConnection) -> None:
    """As many rows as the tables have of each person, and the attributes of the profile."""
    listed = {
        "provenance": "profile.provenance where place = 1 and",
        "values_that_lost": "profile.provenance where place > 1 and not is_winning_value and",
        "records": "identity.identity_map where",
        "identities": "identity.profile_identities where",
        "consent": "profile.consent where",
        "segments": "segments.segment_membership where",
        "activities": "profile.activities where is_on_timeline and",
        "completeness": "profile.profile_completeness where",
        "history": "profile.attribute_history where",
    }
    told_of = dict.fromkeys(listed, 0)
    for (person,) in layers.execute(PEOPLE).fetchall():
        found = look_up(layers, person, Asked(limit=10_000, changes=10_000))
        assert set(found) == {"profile_id", "attributes", "measures"} | {s.name for s in SECTIONS}
        json.dumps(found, default=str)
        for name, table in listed.items():
            [[count]] = layers.execute(
                f"select count(*) from {table} profile_id = ?", [person]
            ).fetchall()
            assert len(found[name]) == count
            told_of[name] += count
        [whole] = rows(layers, "from profile.profiles where profile_id = ?", [person])
        filled = {k: v for k, v in whole.items() if v is not None and k != "profile_id"}
        assert found["attributes"] == filled
        others = layers.execute(
            "select count(*) from identity.household_members where profile_id <> $p and "
            "household_id in (select household_id from identity.household_members "
            "where profile_id = $p)",
            {"p": person},
        ).fetchall()
        assert [(len(found["household"]),)] == others
    assert all(told_of.values())


def test_activities_are_the_latest_of_what_is_asked(layers: duckdb.DuckDBPyConnection) -> None:
    [[person, kind]] = layers.execute(
        "select profile_id, activity_type from profile.activities where is_on_timeline "
        "group by all having count(*) > 3 order by count(*) desc, 1, 2 limit 1"
    ).fetchall()
    every = look_up(layers, person, Asked(10_000))["activities"]
    times = [row["occurred_at"] for row in every]
    assert times == sorted(times, reverse=True)
    of_kind = [row for row in every if row["activity_type"] == kind]
    assert look_up(layers, person, Asked(2, kind))["activities"] == of_kind[:2]
    day: date = times[len(times) // 2].date()
    later = look_up(layers, person, Asked(10_000, None, day))["activities"]
    assert later == [row for row in every if row["occurred_at"].date() >= day]
    assert 0 < len(later) < len(every) or times[0].date() == times[-1].date()
    # The lines of an order are shown when they are asked for.
    [[buyer]] = layers.execute("select min(profile_id) from profile.purchases").fetchall()
    lines = look_up(layers, buyer, Asked(10_000, "order_line"))["activities"]
    assert {row["title"] for row in lines} == {"Order line"}


def test_changes_are_the_latest_of_what_is_asked(few: duckdb.DuckDBPyConnection) -> None:
    few.execute(
        """
        create view profile.attribute_history as
        select 'p000000000000000a' as profile_id, attribute, attribute_value,
            null as previous_value, false as is_cleared, 'record' as change_reason,
            'shop' as source_system, '1' as source_record_id, 'x' as policy, 'recent' as rule,
            known_from as valid_from, null::timestamp as valid_to, known_from,
            null::timestamp as known_to
        from (values
            ('email', 'a@x', timestamp '2026-01-01 10:00'), ('city', 'Bonn', '2026-01-02 10:00'),
            ('email', 'b@x', '2026-01-03 10:00'), ('email', 'c@x', '2026-01-04 10:00')
        ) as t(attribute, attribute_value, known_from)
        """
    )

    def told(**asked: Any) -> list[str]:
        found = look_up(few, "p000000000000000a", Asked(**asked))
        return [row["attribute_value"] for row in found["history"]]

    assert told() == ["c@x", "b@x", "Bonn", "a@x"]
    assert told(changes=3, attribute="email") == ["c@x", "b@x", "a@x"]
    assert told(since=date(2026, 1, 3)) == ["c@x", "b@x"]
