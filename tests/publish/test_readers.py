"""Readers go on reading while versions change and a publisher is killed: no error, no mix."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.delivery import deliver
from orchestration.publish import publish
from orchestration.run_records import read_records
from orchestration.settings import PROJECT_ROOT, Settings
from tests.conftest import Company
from tests.postgresql import Server
from tests.publish.models import build, declare
from tests.publish.reading import duckdb_file, spec_of

SPEC = "dim_segment:version,fact_profile:as_of_version,fact_segment:net_amount"
KINDS = (
    "duckdb_file", "duckdb_parquet", "duckdb_link", "polars_parquet",
    "psycopg_statement", "psycopg_transaction", "psycopg_snapshot",
)  # fmt: skip
FEW = ("duckdb_file", "polars_parquet", "psycopg_statement", "psycopg_snapshot")
DOORS = "orchestration.publish."
KILLS = (
    (f"{DOORS}versions:sync", 1),
    (f"{DOORS}publish:sync", 1),
    (f"{DOORS}parquet_door:sync", 3),
    (f"{DOORS}postgres_door:create_tables", 1),
    (f"{DOORS}postgres_door:_wait_for", 1),
    (f"{DOORS}postgres_door:_be_brief", 1),
    (f"{DOORS}postgres_door:_clear_old", 1),
)
"""After the copy, between file and proof, among Parquet files; before, after and between the
transactions of PostgreSQL."""


def environment(settings: Settings, server: Server) -> dict[str, str]:
    return {
        **os.environ,
        "C360_DATA_DIR": str(settings.data_dir),
        "C360_POSTGRES_URL": server.url_of("publisher"),
        "C360_POSTGRES_READER": "analyst",
        "READER_URL": server.url_of("analyst"),
    }


@contextmanager
def reading(
    published: Path, flag: Path, spec: str, groups: list[tuple[str, ...]], env: dict[str, str]
) -> Iterator[list[dict[str, Any]]]:
    """Readers that read meanwhile, a process for each group; afterwards what they saw."""
    found: list[dict[str, Any]] = []
    flag.touch()
    module = [sys.executable, "-m", "tests.publish.reading", str(published)]
    readers = [
        subprocess.Popen(
            [*module, ",".join(kinds), spec, str(flag)],
            env=env, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True,
        )
        for kinds in groups
    ]  # fmt: skip
    try:
        yield found
    finally:
        flag.unlink()
        for reader in readers:
            found += json.loads(reader.communicate(timeout=120)[0])


def killed(place: str, call: int, env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.publish.killed", place, str(call)]
    done = subprocess.run(command, env=env, cwd=PROJECT_ROOT, check=False, timeout=120)
    assert done.returncode == -9, f"it was not killed in {place}"


def nothing_is_left(settings: Settings, server: Server) -> None:
    """No half of anything, in the folder or on the server."""
    published = settings.published_path.parent
    assert [p.name for p in published.rglob(".*")] == []
    assert {p.name for p in published.iterdir()} == {
        "doors.json", "insights.duckdb", "insights.proof.json", "parquet", "versions",
    }  # fmt: skip
    schemas = "select nspname from pg_namespace where nspname ~ '^insights'"
    assert server.rows(schemas) == [("insights",)]


@pytest.mark.parametrize(
    ("kinds", "kills"),
    [
        pytest.param(FEW, (KILLS[5],), id="a kill at the swap"),
        pytest.param(KINDS, KILLS, id="every kill", marks=pytest.mark.slow),
    ],
)
def test_no_reader_sees_an_error_or_a_mix(
    settings: Settings,
    door: Server,
    tmp_path: Path,
    kinds: tuple[str, ...],
    kills: tuple[tuple[str, int], ...],
) -> None:
    env = environment(settings, door)
    declare(settings)
    published = settings.published_path.parent
    build(settings, 1)
    assert publish(settings).faults == []
    states = [duckdb_file(published, spec_of(SPEC))]
    with reading(published, tmp_path / "flag", SPEC, [kinds], env) as found:
        for version in range(2, 5 + len(kills)):
            build(settings, version)
            if version - 2 in range(len(kills)):
                killed(*kills[version - 2], env)
            assert publish(settings).faults == []
            nothing_is_left(settings, door)
            states.append(duckdb_file(published, spec_of(SPEC)))
    assert len(set(states)) == len(states)
    judge(found, states, len(kinds))


def judge(found: list[dict[str, Any]], states: list[Any], readers: int) -> None:
    """Every reader read often, saw whole versions only, and no error."""
    assert len(found) == readers
    whole = [[list(pair) for pair in state] for state in states]
    # Through the link each table is of one version; a version of all tables has who resolves it.
    tables = [list(pairs) for pairs in zip(*whole, strict=True)]
    for reader in found:
        assert reader["errors"] == [], reader["kind"]
        if reader["kind"].endswith("_link"):
            assert all(p in t for seen in reader["seen"] for p, t in zip(seen, tables, strict=True))
        else:
            assert [seen for seen in reader["seen"] if seen not in whole] == [], reader["kind"]
        assert len(reader["seen"]) >= 2, f"{reader['kind']} saw {reader['reads']} reads of one"
    print({reader["kind"]: (reader["reads"], len(reader["seen"])) for reader in found})


TWELVE = (
    ("duckdb_file", "duckdb_parquet", "psycopg_statement"),
    ("sqlalchemy_file", "polars_parquet", "psycopg_transaction"),
    ("duckdb_file", "pandas_parquet", "psycopg_snapshot"),
    ("duckdb_link", "polars_parquet", "sqlalchemy_postgresql"),
)
FACTS = (
    "fact_profile:profile_count,fact_segment:profile_count,fact_consent:profile_count,"
    "fact_revenue:order_count,fact_clv_decile:profile_count,fact_campaign:sent_count"
)


@pytest.mark.slow
def test_twelve_readers_through_ten_refreshes_of_the_demo(
    company: Company, door: Server, tmp_path: Path
) -> None:
    """Real refreshes with news, every door, a run killed while it publishes."""
    settings = company.settings
    env = environment(settings, door)
    published = settings.published_path.parent
    first = company.c360("publish")
    assert first.returncode == 0, first.stdout + first.stderr
    states = [duckdb_file(published, spec_of(FACTS))]
    with reading(published, tmp_path / "flag", FACTS, list(TWELVE), env) as found:
        for number in range(1, 11):
            deliver(settings.landing_dir, number, date(2026, 11, 1), 360, tmp_path / "spill")
            if number == 5:
                killed_while_it_publishes(company)
            ran = company.c360("run", "--accept-drift")
            assert ran.returncode == 0, ran.stdout + ran.stderr
            nothing_is_left(settings, door)
            states.append(duckdb_file(published, spec_of(FACTS)))
    assert len(set(states)) == 11
    judge(found, states, 12)


def killed_while_it_publishes(company: Company) -> None:
    """A run with news is killed as soon as it says that it publishes."""
    run = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run", "--accept-drift"],
        env=company.environment, cwd=PROJECT_ROOT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while run.poll() is None and read_records(company.settings, 1)[0].step != "publish":
        time.sleep(0.005)
    assert run.poll() is None, "it ended before it was seen to publish"
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
