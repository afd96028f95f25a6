"""The sensor starts a run when there is news, once, and again when that failed."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from orchestration import automation
from orchestration import run_records as records
from orchestration.automation import source_sensor
from orchestration.ingest.declarations import declared_source_tables
from orchestration.ingest.watch import UNREACHABLE, source_states
from orchestration.run import job_origin
from orchestration.run_records import REFRESH_JOB, RunRecord
from orchestration.settings import Settings

COLUMNS: dict[str, Any] = {"id": {"name": "id", "meta": {}, "data_type": None, "description": ""}}


class Watched:
    """A sensor over two sources: files in the landing folder and a database elsewhere."""

    def __init__(self, settings: Settings, outside: Path) -> None:
        self.settings = settings
        self.outside = outside
        self.manifest = {
            "sources": {
                "a": _source("shop", "people", {"path": "shop/*.csv", "format": "csv"}),
                "b": _source("crm", "people", {"path": str(outside), "format": "sqlite"}),
            }
        }
        self.instance = dg.DagsterInstance.ephemeral()
        self.sensor = source_sensor(settings, self.manifest)
        self.cursor: str | None = None

    def look(self) -> dg.RunRequest | dg.SkipReason:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        answer = self.sensor(context)
        self.cursor = context.cursor
        assert isinstance(answer, dg.RunRequest | dg.SkipReason)
        return answer

    def starts(self) -> bool:
        return isinstance(self.look(), dg.RunRequest)

    def why(self) -> str:
        answer = self.look()
        assert isinstance(answer, dg.SkipReason)
        return str(answer.skip_message)

    def run(self, state: str, door: str = "schedule refresh_every_morning") -> RunRecord:
        """A run of the whole chain over the sources as they are now, from another door."""
        states = source_states(self.settings, declared_source_tables(self.manifest))
        made = RunRecord(str(uuid.uuid4()), REFRESH_JOB, door, 1, records.now(), state, whole=True)
        made = replace(made, finished_at=records.now(), sources=states)
        records.write_record(self.settings, made)
        return made

    def run_as_asked(self, status: DagsterRunStatus, stopped_by: str = "") -> None:
        """What the sensor asked for, as Dagster keeps it, and how it ended."""
        answer = self.look()
        assert isinstance(answer, dg.RunRequest)
        run_id = str(uuid.uuid4())
        self.instance.create_run_for_job(_job(), run_id=run_id, tags=answer.tags, status=status)
        state = records.STOPPED if stopped_by else records.FAILED
        made = RunRecord(run_id, REFRESH_JOB, "sensor sources_changed", 1, records.now(), state)
        records.write_record(
            self.settings, replace(made, stopped_by=stopped_by, failure="The disk is full.")
        )


def _source(source: str, table: str, meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "source_name": source,
        "name": table,
        "identifier": table,
        "description": "",
        "columns": COLUMNS,
        "meta": meta,
        "config": {"meta": meta, "enabled": True},
        "original_file_path": "sources.yml",
        "resource_type": "source",
    }


def _job() -> dg.JobDefinition:
    @dg.job(name=REFRESH_JOB)
    def refresh() -> None:
        pass

    return refresh


@pytest.fixture
def watched(settings: Settings, tmp_path: Path) -> Iterator[Watched]:
    (settings.landing_dir / "shop").mkdir(parents=True)
    (settings.landing_dir / "shop" / "a.csv").write_text("id\n1\n")
    outside = tmp_path / "elsewhere" / "crm.sqlite"
    outside.parent.mkdir()
    with sqlite3.connect(outside) as con:
        con.execute("create table people (id)")
    yield Watched(settings, outside)


def test_first_look_starts_nothing_where_nothing_is_new(watched: Watched) -> None:
    watched.run(records.SUCCEEDED)
    assert [watched.starts() for _ in range(3)] == [False] * 3
    assert "Nothing has changed" in watched.why()


def test_first_look_at_a_new_installation_waits_and_starts(watched: Watched) -> None:
    assert [watched.starts(), watched.starts()] == [False, True]


def test_nothing_delivered_starts_nothing(watched: Watched) -> None:
    (watched.settings.landing_dir / "shop" / "a.csv").unlink()
    watched.outside.unlink()
    assert "anything" in watched.why()


def change_landing(watched: Watched) -> None:
    (watched.settings.landing_dir / "shop" / "b.csv").write_text("id\n2\n")


def change_outside(watched: Watched) -> None:
    with sqlite3.connect(watched.outside) as con:
        con.execute("insert into people values (1)")


@pytest.mark.parametrize("change", [change_landing, change_outside])
def test_news_of_any_source_starts_one_run(watched: Watched, change: Any) -> None:
    watched.run(records.SUCCEEDED)
    assert not watched.starts()
    change(watched)
    assert not watched.starts(), "a file that has just changed may still be being written"
    assert watched.starts()
    watched.run(records.SUCCEEDED, "sensor sources_changed")
    assert [watched.starts() for _ in range(3)] == [False] * 3


def test_what_the_schedule_has_just_done_is_not_done_again(watched: Watched) -> None:
    change_landing(watched)
    assert not watched.starts()
    watched.run(records.SUCCEEDED)
    assert not watched.starts()


@pytest.mark.parametrize("status", automation.IN_PROGRESS)
def test_a_run_in_progress_is_waited_for(watched: Watched, status: DagsterRunStatus) -> None:
    watched.starts()
    watched.instance.create_run_for_job(_job(), status=status, remote_job_origin=job_origin())
    assert "in progress" in watched.why()


def test_a_run_of_the_command_line_counts_before_dagster_knows_it(watched: Watched) -> None:
    watched.starts()
    begun = RunRecord("begun", REFRESH_JOB, "command line", 1, records.now(), records.WAITING)
    with records.alive(watched.settings, "begun"):
        records.write_record(watched.settings, begun)
        assert "in progress" in watched.why()


def test_a_failed_run_is_tried_again_at_once_then_later(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not watched.starts()
    watched.run_as_asked(DagsterRunStatus.FAILURE)
    assert watched.starts(), "the cursor must not move before success"
    watched.run_as_asked(DagsterRunStatus.FAILURE)
    assert "2 runs over these sources have failed" in watched.why()
    assert "The disk is full." in watched.why()
    change_landing(watched)
    assert not watched.starts()
    assert watched.starts(), "other sources are another try"


def test_failures_before_the_last_success_do_not_count(watched: Watched) -> None:
    watched.starts()
    for _ in range(2):
        watched.run_as_asked(DagsterRunStatus.FAILURE)
    assert not watched.starts()
    done = watched.run(records.SUCCEEDED)
    records.write_record(
        watched.settings, replace(done, sources={}, started_at="2100-01-01T00:00:00+00:00")
    )
    assert watched.starts()


@pytest.mark.parametrize(("by", "again"), [("in Dagster", False), ("with Dagster's page", True)])
def test_what_somebody_stopped_stays_stopped_until_there_is_news(
    watched: Watched, by: str, again: bool
) -> None:
    """Whoever stops the service does not mean the run; whoever presses Terminate does."""
    watched.starts()
    watched.run_as_asked(DagsterRunStatus.CANCELED, by)
    assert watched.starts() is again


def test_a_run_whose_process_is_gone_is_not_waited_for(watched: Watched) -> None:
    watched.starts()
    run = watched.instance.create_run_for_job(_job(), status=DagsterRunStatus.STARTED)
    begun = RunRecord(run.run_id, REFRESH_JOB, "Dagster page", 1, records.now(), records.RUNNING)
    records.write_record(watched.settings, begun)
    assert watched.starts()
    ended = watched.instance.get_run_by_id(run.run_id)
    assert ended and ended.status == DagsterRunStatus.FAILURE


def test_a_source_that_is_away_is_no_news(watched: Watched) -> None:
    done = watched.run(records.SUCCEEDED)
    assert automation.known_states(dict.fromkeys(done.sources, UNREACHABLE), done.sources) == (
        done.sources
    )
