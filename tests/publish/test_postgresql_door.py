"""PostgreSQL shows one whole version: types, keys, comments and rights; no reader is surprised."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import duckdb
import psycopg
import pytest

from orchestration.publish import postgres_door, publish
from orchestration.publish.publish import roll_back
from orchestration.settings import Settings
from tests.postgresql import Server
from tests.publish.models import TABLES, build, declare

ROWS = "select * from {} order by 1, 2"


@pytest.fixture(autouse=True)
def quickly(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest declares keys; no time is spent on the other door or on waiting."""
    declare(settings)
    monkeypatch.setenv("C360_PUBLISH_PARQUET", "no")
    monkeypatch.setattr(postgres_door, "PAUSE_SECONDS", 0.1)


def schemas(server: Server) -> list[str]:
    found = server.rows("select nspname from pg_namespace where nspname ~ '^ins' order by 1")
    return [name for (name,) in found]


def in_utc(value: object) -> object:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def versions(con: psycopg.Connection) -> set[tuple[int, ...]]:
    """The versions that one statement over several tables sees."""
    return set(
        con.execute(
            "select d.version, p.as_of_version, count(*) over () from insights.dim_segment as d "
            "cross join insights.fact_profile as p"
        ).fetchall()
    )


def test_a_version_arrives_with_types_keys_comments_and_rights(
    door: Server, settings: Settings
) -> None:
    build(settings, 4)
    published = publish(settings)
    assert published.faults == []
    with duckdb.connect(str(settings.published_path), read_only=True) as con:
        for table in TABLES:
            there = door.rows(ROWS.format(f"insights.{table}"), "analyst")
            # As texts, because NaN equals nothing; the server tells instants in its own zone.
            assert [repr(tuple(map(in_utc, row))) for row in there] == [
                repr(row) for row in con.execute(ROWS.format(table)).fetchall()
            ]
    types = dict(door.rows(
        "select column_name, format_type(atttypid, atttypmod) from information_schema.columns "
        "join pg_attribute on attrelid = format('insights.%I', table_name)::regclass "
        "and attname = column_name where table_schema = 'insights'"
    ))  # fmt: skip
    assert types == {
        "segment_id": "integer", "segment_name": "text", "version": "bigint",
        "started_at": "timestamp with time zone", "date_key": "date", "profile_count": "bigint",
        "as_of_version": "integer", "net_amount": "numeric(18,2)", "share": "double precision",
        "is_even": "boolean", "title": "text", "large_count": "bigint",
    }  # fmt: skip
    keys = door.rows(
        "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint "
        "where connamespace = 'insights'::regnamespace and contype in ('p', 'f') order by 1, 2"
    )
    assert keys == [
        ("insights.dim_segment", "PRIMARY KEY (segment_id)"),
        (
            "insights.fact_segment",
            "FOREIGN KEY (segment_id) REFERENCES insights.dim_segment(segment_id)",
        ),
        ("insights.fact_segment", "PRIMARY KEY (date_key, segment_id)"),
    ]
    comments = door.rows(
        "select obj_description('insights.dim_segment'::regclass), "
        "col_description('insights.dim_segment'::regclass, 1), "
        "obj_description('insights'::regnamespace)"
    )[0]
    assert comments[:2] == ("It's dim_segment. One row per key.", "The segment.")
    assert published.version in comments[2] and "as of 2026-01-05" in comments[2]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        door.rows("delete from insights.dim_segment", "analyst")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        door.rows("select * from insights.dim_segment", "stranger")


def test_the_same_version_is_not_written_again_and_a_rollback_is(
    door: Server, settings: Settings
) -> None:
    build(settings, 4)
    publish(settings)
    identity = door.rows("select 'insights.fact_segment'::regclass::oid")
    publish(settings)
    assert door.rows("select 'insights.fact_segment'::regclass::oid") == identity
    build(settings, 5)
    publish(settings)
    assert door.rows("select max(version) from insights.fact_segment") == [(5,)]
    roll_back(settings)
    assert door.rows("select max(version) from insights.fact_segment") == [(4,)]
    publish(settings)
    assert door.rows("select max(version) from insights.fact_segment") == [(5,)]
    assert schemas(door) == ["insights"]


def test_a_transaction_sees_one_version_to_its_end(door: Server, settings: Settings) -> None:
    build(settings, 4)
    publish(settings)
    build(settings, 5)
    with psycopg.connect(door.url_of("analyst")) as reader:
        assert reader.execute("select max(version) from insights.dim_segment").fetchone() == (4,)
        publishing = threading.Thread(target=publish, args=(settings,))
        publishing.start()
        publishing.join(0.5)
        assert publishing.is_alive(), "it waits for the reader"
        with psycopg.connect(door.url_of("analyst")) as another:
            assert another.execute("select max(version) from insights.dim_segment").fetchone()
        assert {row[:2] for row in versions(reader)} == {(4, 4)}
        reader.commit()
        publishing.join(10)
        assert not publishing.is_alive()
        assert {row[:2] for row in versions(reader)} == {(5, 5)}


def test_an_old_snapshot_never_finds_tables_empty(door: Server, settings: Settings) -> None:
    build(settings, 4)
    publish(settings)
    build(settings, 5)
    with psycopg.connect(door.url_of("analyst")) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("select 1 from pg_class limit 1")
        publishing = threading.Thread(target=publish, args=(settings,))
        publishing.start()
        publishing.join(0.5)
        # To this snapshot rows of the new version do not exist.
        assert versions(reader) == {(4, 4, 15)}
        reader.commit()
        publishing.join(10)
        assert versions(reader) == {(5, 5, 15)}


def test_who_waits_too_long_is_told_and_caught_up(
    door: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(settings, 4)
    publish(settings)
    build(settings, 5)
    monkeypatch.setattr(postgres_door, "WAIT_SECONDS", 0.3)
    with psycopg.connect(door.url_of("analyst")) as reader:
        reader.execute("select 1 from insights.dim_segment limit 1")
        published = publish(settings)
        (fault,) = published.faults
        assert "still open" in fault and "c360 publish" in fault
        assert {row[:2] for row in versions(reader)} == {(4, 4)}
    with duckdb.connect(str(settings.published_path), read_only=True) as con:
        assert con.execute("select max(version) from dim_segment").fetchone() == (5,)
    assert publish(settings).faults == []
    assert door.rows("select max(version) from insights.dim_segment") == [(5,)]
    assert schemas(door) == ["insights"]


def test_two_publishers_of_a_schema_follow_each_other(
    door: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(settings, 4)
    publish(settings)
    build(settings, 5)
    monkeypatch.setattr(postgres_door, "WAIT_SECONDS", 0.3)
    with psycopg.connect(door.url_of("publisher")) as other:
        other.execute("select pg_advisory_lock(360, hashtext('insights'))")
        assert "another publisher" in publish(settings).faults[0]
    assert door.rows("select max(version) from insights.dim_segment") == [(4,)]


def test_a_prepared_statement_goes_on_until_columns_change(
    door: Server, settings: Settings
) -> None:
    build(settings, 4)
    publish(settings)
    with psycopg.connect(door.url_of("analyst"), autocommit=True, prepare_threshold=0) as reader:
        asked = "select * from insights.fact_profile order by 1 desc limit 1"
        assert reader.execute(asked).fetchone()[1:] == (4, 1004, 4)  # type: ignore[index]
        build(settings, 5)
        publish(settings)
        assert reader.execute(asked).fetchone()[1:] == (5, 1005, 5)  # type: ignore[index]
        build(settings, 6, extra="alter table fact_profile add column more int default 7")
        publish(settings)
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="cached plan"):
            reader.execute(asked)
        assert reader.execute(f"{asked} ").fetchone()[1:] == (6, 1006, 6, 7)  # type: ignore[index]


def another_schema(door: Server) -> None:
    door.sql("create schema insights; create table insights.mine as select 1 as x")


def a_view_upon_it(door: Server) -> None:
    door.sql("create schema others; create view others.top as select * from insights.dim_segment")


def a_gone_role(door: Server) -> None:
    door.sql("revoke create on database postgres from publisher")


@pytest.mark.parametrize(
    ("first", "happens", "says"),
    [
        (False, another_schema, "not made by this program"),
        (True, a_view_upon_it, "others.top"),
        (True, a_gone_role, "CREATE on the database"),
    ],
)
def test_what_others_made_stays_and_the_reason_is_told(
    door: Server, settings: Settings, first: bool, happens, says: str
) -> None:
    build(settings, 4)
    if first:
        publish(settings)
    happens(door)
    build(settings, 5)
    try:
        (fault,) = publish(settings).faults
    finally:
        door.sql("grant create on database postgres to publisher")
    assert says in fault
    assert schemas(door) == ["insights"]
    seen = door.rows(
        "select 4 from insights.mine"
        if not first
        else "select max(version) from insights.dim_segment"
    )
    assert seen == [(4,)]
