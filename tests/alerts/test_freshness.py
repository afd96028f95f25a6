"""How fresh a source is, by dbt's own check over landing, in a run and by hand."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.alerts.delivery import Limits
from orchestration.freshness import (
    SourceFreshness,
    declared,
    measure_freshness,
    read_freshness,
)
from orchestration.ingest.assets import ingest_assets
from orchestration.quality.freshness_checks import (
    CHECK_NAME,
    check_freshness,
    freshness_check_specs,
)
from orchestration.run_records import read_records
from orchestration.runs.resource import CarryingWarehouse
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.transform.dbt import close_connections
from orchestration.transform.parsing import load_manifest
from tests.conftest import settings_in
from tests.own_data import project_copy
from tests.parsed import parsed

SOURCES = """\
version: 2
sources:
  - name: fresh
    description: Tables that say how fresh they have to be.
    schema: landing
    config:
      meta: {{owner: "team:data-platform", format: csv, landing_only: true}}
      freshness: {{warn_after: {{count: 1, period: day}}, error_after: {{count: 3, period: day}}}}
      loaded_at_field: changed_at
    tables:
{tables}
"""
TABLE = """\
      - name: {name}
        description: One row per row.
        identifier: fresh__{name}
        config: {{meta: {{path: "fresh/{name}.csv"}}{more}}}
        columns: [{{name: changed_at}}, {{name: kind}}]
"""
TABLES = {
    "plain": "",
    "warns_only": ", freshness: {warn_after: {count: 12, period: hour}, error_after: null}",
    "german": """, loaded_at_field: "try_strptime(changed_at, '%d.%m.%Y %H:%M')\"""",
    "filtered": """, freshness: {filter: "kind = 'sale'"}""",
    "wrong_column": ", loaded_at_field: no_such_column",
    "without": ", freshness: null",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    root = tmp_path_factory.mktemp("fresh")
    project = project_copy(root / "project")
    folder = project / "models" / "staging" / "fresh"
    folder.mkdir()
    tables = "".join(TABLE.format(name=name, more=more) for name, more in TABLES.items())
    (folder / "_fresh__sources.yml").write_text(SOURCES.format(tables=tables))
    settings = parsed(settings_in(root / "data", project))
    for name in TABLES:
        write(settings, name, [])
    yield settings
    close_connections()


def write(settings: Settings, name: str, rows: list[tuple[str | None, str]]) -> None:
    """A landing table with these rows, as ingest leaves it: everything is text."""
    settings.data_dir.mkdir(exist_ok=True)
    close_connections()
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema if not exists landing")
        con.execute(
            f"create or replace table landing.fresh__{name} (changed_at varchar, kind varchar)"
        )
        if rows:
            con.executemany(f"insert into landing.fresh__{name} values (?, ?)", rows)


def measured(settings: Settings) -> dict[str, SourceFreshness]:
    found = measure_freshness(settings, load_manifest(settings))
    close_connections()
    return {entry.table: entry for entry in found}


def states(settings: Settings) -> dict[str, str]:
    return {name: entry.state(entry.checked_at) for name, entry in measured(settings).items()}


def ago(**time: float) -> str:
    return f"{datetime.now(UTC) - timedelta(**time):%Y-%m-%d %H:%M:%S}"


def test_only_what_says_so_has_to_be_fresh(here: Settings) -> None:
    assert declared(load_manifest(here)) == [
        ("fresh", name) for name in sorted(TABLES) if name != "without"
    ]


def test_each_way_of_saying_it(here: Settings) -> None:
    write(here, "plain", [(ago(hours=30), ""), (ago(days=9), ""), ("rubbish", ""), (None, "")])
    write(here, "warns_only", [(ago(days=400), "")])
    write(here, "german", [(f"{datetime.now(UTC) - timedelta(hours=2):%d.%m.%Y %H:%M}", "")])
    write(here, "filtered", [(ago(days=5), "sale"), (ago(days=0), "visit")])
    found = measured(here)
    now = datetime.now(UTC)
    assert {name: entry.state(now) for name, entry in found.items()} == {
        "plain": "warn",
        "warns_only": "warn",
        "german": "pass",
        "filtered": "error",
        "wrong_column": "unknown",
    }
    assert "no_such_column" in found["wrong_column"].failure
    with duckdb.connect(str(here.warehouse_path)) as con:
        rows = con.execute(
            "select source_table, state, warn_after, error_after, newest_at is null "
            "from operations.source_freshness where source_system = 'fresh' order by 1"
        ).fetchall()
    day = timedelta(days=1)
    assert rows == [
        ("filtered", "error", day, 3 * day, False),
        ("german", "pass", day, 3 * day, False),
        ("plain", "warn", day, 3 * day, False),
        ("warns_only", "warn", timedelta(hours=12), None, False),
        ("wrong_column", "unknown", day, 3 * day, True),
    ]
    assert read_freshness(here) == list(found.values())


def test_an_empty_table_is_stale(here: Settings) -> None:
    write(here, "plain", [])
    found = measured(here)["plain"]
    assert found.newest_at is None and found.state(datetime.now(UTC)) == "error"
    assert found.sentence(found.checked_at).startswith("fresh.plain: no row, expected at least")


def test_one_row_dated_ahead_hides_nothing(here: Settings) -> None:
    write(here, "plain", [(ago(days=2), ""), (ago(days=-400), ""), (ago(hours=-2), "")])
    assert states(here)["plain"] == "warn"
    write(here, "plain", [(ago(days=2), ""), (ago(minutes=-30), "")])
    assert states(here)["plain"] == "pass", "within the hour that clocks may be wrong by"
    write(here, "plain", [("9999-12-31", ""), ("infinity", "")])
    assert states(here)["plain"] == "error"


def test_random_rows_against_an_oracle(here: Settings) -> None:
    """Any mix of instants, offsets, rubbish and rows dated ahead, in any order."""
    chance = random.Random(16)
    for _ in range(6):
        expected = {}
        for name in ("plain", "warns_only"):
            now, rows, newest = datetime.now(UTC), [], None
            for _ in range(chance.randrange(8)):
                at = now - timedelta(hours=chance.choice([-9000, -3, -0.5, 1, 20, 30, 71, 80, 900]))
                offset = timedelta(hours=chance.randrange(-12, 13))
                local = at + offset
                text = chance.choice([
                    f"{at:%Y-%m-%d %H:%M:%S}", f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    f"{local:%Y-%m-%dT%H:%M:%S}{_offset(offset)}",
                ])  # fmt: skip
                rows.append((text, ""))
                if at <= now + timedelta(hours=1) and (newest is None or at > newest):
                    newest = at
            noise = chance.choices([(None, ""), ("", ""), ("0001-01-01", ""), ("soon", "")], k=2)
            rows += noise  # type: ignore[arg-type]
            chance.shuffle(rows)
            write(here, name, rows)  # type: ignore[arg-type]
            expected[name] = newest and newest.replace(microsecond=0)
        found = measured(here)
        assert {name: found[name].newest_at for name in expected} == expected


def _offset(offset: timedelta) -> str:
    hours = int(offset.total_seconds() // 3600)
    return f"{'-' if hours < 0 else '+'}{abs(hours):02d}:00"


def of_the_sources_alone(project: Path, to: Path) -> Path:
    """The project without models and seeds: dbt parses it in a second."""
    folder = Path("models", "staging", "fresh")
    shutil.copytree(project, to, ignore=shutil.ignore_patterns("models", "seeds", "tests"))
    shutil.copytree(project / folder, to / folder)
    return to


def test_dbt_by_hand_says_the_same(here: Settings, tmp_path: Path) -> None:
    write(here, "plain", [(ago(hours=30), ""), (ago(days=-30), "")])
    expected = states(here)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")), "source", "freshness",
            "--project-dir", str(of_the_sources_alone(here.dbt_project_dir, tmp_path / "project")),
            "--profiles-dir", str(PROJECT_ROOT), "--target-path", str(tmp_path),
        ],
        env={**os.environ, "C360_DATA_DIR": str(here.data_dir)},
        cwd=here.data_dir, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, "a source is in error, as dbt counts"
    content = json.loads((tmp_path / "sources.json").read_text())
    by_hand = {r["unique_id"].split(".")[-1]: r["status"] for r in content["results"]}
    assert by_hand == {k: v for k, v in expected.items() if v != "unknown"}
    assert "no_such_column" in done.stdout


def test_a_load_shows_it_as_checks_that_stop_nothing(here: Settings) -> None:
    folder = here.landing_dir / "fresh"
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        (folder / f"{name}.csv").write_text(f"changed_at,kind\n{ago(days=2)},sale\n")
    close_connections()
    here.warehouse_path.unlink()
    manifest = load_manifest(here)
    check = partial(check_freshness, here, manifest)
    done = dg.materialize(
        [ingest_assets(here, manifest, freshness_check_specs(manifest), check)],
        resources={"warehouse": CarryingWarehouse.of(here)},
        instance=dg.DagsterInstance.ephemeral(),
    )
    assert done.success
    checks = {
        e.asset_key.path[1]: e
        for e in done.get_asset_check_evaluations()
        if e.check_name == CHECK_NAME
    }
    assert set(checks) == set(TABLES) - {"without"}
    assert not checks["plain"].passed and not checks["wrong_column"].passed
    assert {e.severity for e in checks.values()} == {dg.AssetCheckSeverity.WARN}
    assert "fresh.plain: newest row of 20" in str(checks["plain"].description)
    record = read_records(here)[0]
    assert len([w for w in record.warnings if w.startswith("fresh/")]) == len(checks)


LIMITS = Limits(5, 1, (0.01,))
