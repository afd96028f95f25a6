"""Syncs after a refresh: which are due, as assets of their own, and what a failure is to whom."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration import run as run_module
from orchestration.activation import assets
from orchestration.activation.after_refresh import due
from orchestration.activation.planning import Plan
from orchestration.activation.runs import Ended
from orchestration.activation.sealing import Sealed
from orchestration.alerts.telling import after_run
from orchestration.automation import refresh_job
from orchestration.errors import UserError
from orchestration.run_records import RunRecord, read_records
from orchestration.runs.lifecycle import COMMAND_LINE
from orchestration.runs.resource import DOOR_TAG, CarryingSyncs
from orchestration.runs.status import read_status
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.activation.lab import FILES, SYNC, project_in
from tests.alerts.receivers import hook_server
from tests.conftest import Company, settings_in
from tests.parsed import parsed

ADDRESS = "anna.muster@example.com"
EACH = "schedule: each_refresh\n"
DONE = Ended(
    "r1", "completed", "", Plan(40, {"insert": 30, "blocked": 10}, {}, 30, 0, False, "hash"),
    Sealed(Path(), 40, {("email", "no address"): 2}), calls=1, accepted=30,
)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path / "data", project_in(tmp_path))
    write(settings, "destinations", "receiver", FILES)
    return settings


def write(settings: Settings, kind: str, name: str, text: str) -> None:
    path = settings.dbt_project_dir / "activation" / kind / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def add_sync(
    settings: Settings, name: str, more: str = EACH, destination: str = "receiver"
) -> None:
    text = SYNC.replace("KEY", "profile_id").replace("MODE", "snapshot")
    text = text.replace("destination: receiver", f"destination: {destination}")
    write(settings, "syncs", name, text + more)


def definitions(settings: Settings) -> dg.Definitions:
    """The syncs alone, as `build_definitions` has them."""
    return dg.Definitions(
        assets=assets.sync_assets(settings),
        jobs=assets.activation_job(settings),
        resources={"syncs": CarryingSyncs.of(settings)},
    )


def test_a_sync_runs_by_itself_only_where_its_file_says_so(
    project: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_sync(project, "unasked", "")
    add_sync(project, "by_hand", "schedule: manual\n")
    add_sync(project, "asked")
    assert due(project) == ["asked"]
    # A destination that is switched off is no failure each morning; one that is broken is.
    write(project, "destinations", "off", FILES + "enabled: false\n")
    add_sync(project, "paused", destination="off")
    add_sync(project, "misspelt", "shedule: each_refresh\n")
    add_sync(project, "lost", destination="nowhere")
    add_sync(project, "Not-a-name")
    assert due(project) == ["asked", "lost", "misspelt"]
    monkeypatch.setenv("C360_AS_OF", "2026-06-30")
    assert due(project) == [], "members of a day that has been are nobody's to be sent"


def test_a_failed_sync_is_red_and_the_others_arrive(
    project: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Settings, name: str) -> Ended:
        if name == "refused":
            raise UserError(f"The key {ADDRESS} stands for several people.")
        if name == "broken":
            raise duckdb.ConversionException(f"could not convert '{ADDRESS}' to INT32")
        return DONE

    for name in ("arrives", "broken", "refused"):
        add_sync(project, name)
    add_sync(project, "by_hand", "")
    monkeypatch.setattr(assets, "run_sync", fail)
    with dg.DagsterInstance.ephemeral() as instance:
        record = run_module._sync(project, definitions(project), instance)
        assert record is not None and record.state == "failed" and not record.published
        assert "refused: The key" in record.failure and "broken: " in record.failure
        materialized = instance.fetch_materializations(assets.key_of("arrives"), limit=1).records
        [made] = [entry.asset_materialization for entry in materialized]
        assert made is not None
        counts = {name: entry.value for name, entry in made.metadata.items()}
        assert counts["accepted"] == 30 and counts["blocked"] == 10
        assert counts["left out: email, no address"] == 2
        failed = {
            entry.dagster_event.step_key
            for entry in instance.all_logs(record.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            if entry.dagster_event
        }
        assert failed == {"activation__broken", "activation__refused"}
        events = "".join(repr(entry) for entry in instance.all_logs(record.run_id))
        assert ADDRESS not in events + record.failure
    told = read_status(project)
    assert told["last_run"] is None, "a sync is no run of the chain"
    assert told["last_syncs"]["failure"] == record.failure


def test_who_stops_a_sync_stops_it_alone(
    project: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Ended:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
        return DONE

    add_sync(project, "asked")
    monkeypatch.setattr(assets, "run_sync", interrupted)
    with dg.DagsterInstance.ephemeral() as instance:
        record = run_module._sync(project, definitions(project), instance)
    assert record is not None and record.state == "stopped"
    assert record.failure.endswith("the next run of a sync settles what was under way.")


@pytest.mark.parametrize(
    ("tags", "asked"),
    [
        ({DOOR_TAG: COMMAND_LINE}, None),
        ({"dagster/schedule_name": "refresh_every_morning"}, {("activation", "asked")}),
        ({}, {("activation", "asked")}),
    ],
)
def test_a_refresh_from_dagster_is_followed_by_its_syncs(
    project: Settings, tags: dict[str, str], asked: set[tuple[str, ...]] | None
) -> None:
    add_sync(project, "asked")
    add_sync(project, "by_hand", "")

    @dg.op
    def nothing() -> None: ...

    @dg.job(name="refresh", tags=tags)
    def refresh() -> None:
        nothing()

    jobs = assets.activation_job(project)
    [sensor] = assets.after_refresh_sensor(project, refresh, jobs, DOOR_TAG, COMMAND_LINE)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    with dg.DagsterInstance.ephemeral() as instance:
        result = refresh.execute_in_process(instance=instance)
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_success_event(),
        )
        answer: Any = sensor(context)
    if asked is None:
        assert isinstance(answer, dg.SkipReason)
    else:
        assert {tuple(key.path) for key in answer.asset_selection} == asked


def test_the_sensor_is_off_where_nothing_asks_for_it(project: Settings) -> None:
    refresh = refresh_job()
    assert assets.after_refresh_sensor(project, refresh, [], DOOR_TAG, COMMAND_LINE) == []
    add_sync(project, "by_hand", "")
    jobs = assets.activation_job(project)
    [sensor] = assets.after_refresh_sensor(project, refresh, jobs, DOOR_TAG, COMMAND_LINE)
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED


def test_a_failed_sync_is_told_and_so_is_that_it_is_over(settings: Settings) -> None:
    settings.data_dir.mkdir()
    failed = RunRecord(
        "run-1", "activation", COMMAND_LINE, 1, "2026-11-28T04:01:00+00:00", "failed",
        failure="letters: nobody answers. Nothing was sent.",
    )  # fmt: skip
    good = RunRecord("run-2", "activation", COMMAND_LINE, 1, failed.started_at, "succeeded")
    with hook_server() as hook:
        for record in (failed, failed, good):
            after_run(
                settings, record, now=datetime(2026, 11, 28, 5, tzinfo=UTC),
                environ={"C360_ALERT_WEBHOOK": hook.url},
            )  # fmt: skip
        assert [posted["kind"] for posted in hook.posted] == ["sync_failed", "recovered"]
        assert "letters: nobody answers" in hook.posted[0]["text"]
        assert "The refresh before it is published." in hook.posted[0]["text"]


@pytest.mark.slow
def test_a_failing_sync_leaves_the_refresh_published(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real chain: one sync that arrives and one that can't, then what insights know of them."""
    project = tmp_path / "dbt_project"
    shutil.copytree(DBT_PROJECT_DIR, project)
    settings = Settings(company.settings.data_dir, company.settings.landing_dir, project)
    parsed(settings)
    changed = Company(settings)
    letters = project / "activation" / "syncs" / "win_back_letters.yml"
    letters.write_text(letters.read_text() + EACH)
    broken = letters.read_text().replace("given_name: profile.profiles.given", "name: profile.x.y")
    (letters.parent / "broken_letters.yml").write_text(broken)
    ran = changed.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "The refresh is published. Of its syncs: broken_letters:" in ran.stderr.replace(
        "\n", " "
    )
    assert "Traceback" not in ran.stdout + ran.stderr
    told = json.loads(changed.c360("status", "--json").stdout)
    assert told["last_run"]["state"] == "succeeded" and told["last_run"]["published"]
    assert told["last_syncs"]["state"] == "failed"
    assert told["published"]["proved"]
    assert [r.job for r in read_records(settings)][:2] == ["activation", "refresh"]
    [manifest] = (settings.data_dir / "outbox" / "agency").glob("*.manifest.json")
    rows = json.loads(manifest.read_text())["rows"]
    assert rows >= 5
    again = changed.c360("run")
    assert again.returncode == 0, again.stdout + again.stderr
    ledger = settings.data_dir / "activation.duckdb"
    shown = shown_small(5)
    with duckdb.connect(str(ledger), read_only=True) as con:
        counted = con.execute(
            f"select run_id, {shown('row_count')}, {shown('blocked_count')}, "
            f"{shown('accepted_count')} from sync_run order by started_at limit 1"
        ).fetchall()
    with company.published() as con:
        facts = con.execute(
            "select run_id, row_count, suppressed_count, accepted_count from fact_sync_run"
        ).fetchall()
        assert facts == counted and facts[0][3] == rows
        assert con.execute(
            "select dim_segment.segment_name, dim_destination.destination_name, end_on::varchar "
            "from segment_destination join dim_segment using (segment_id) "
            "join dim_destination using (destination_id)"
        ).fetchall() == [("win_back", "agency_files", "9999-12-31")]


def shown_small(least: int) -> Callable[[str], str]:
    """How a number of people is published, in SQL."""
    return lambda column: f"case when {column} = 0 or {column} >= {least} then {column} end"
