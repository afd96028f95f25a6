"""Every door takes the same way: what a click may do to what is published, and what is known of it.

A click on assets is Dagster's implicit job over a selection; it runs here in the tests' process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import duckdb
import pytest

from orchestration import run_records as records
from orchestration.definitions import build_definitions
from orchestration.proof import read_proof
from orchestration.run_records import RunRecord
from orchestration.runs.dagster_home import prepare_dagster_home
from orchestration.transform.dbt import close_connections
from orchestration.transform.parsing import prepare_environment
from tests.conftest import Company

PUBLISH = ["publish/insights"]
SEGMENT = "segments/top_three_deciles"


@dataclass
class Clicks:
    """Somebody at Dagster's page."""

    company: Company
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def materialize(
        self, *names: str, downstream: bool = False, tags: dict[str, str] | None = None
    ) -> RunRecord:
        keys = [dg.AssetKey(name.split("/")) for name in names]
        selection = dg.AssetSelection.assets(*keys)
        graph = self.definitions.resolve_asset_graph()
        wanted = (selection.downstream() if downstream else selection).resolve(graph)
        job = self.definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=self.instance, raise_on_error=False, asset_selection=list(wanted), tags=tags
        )
        close_connections()
        record = records.read_record(self.company.settings, result.run_id)
        assert record, "a run of Dagster is known to `c360 status`"
        assert record.success is result.success
        return record


@pytest.fixture
def clicks(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clicks]:
    for name, value in company.environment.items():
        monkeypatch.setenv(name, value)
    prepare_environment(company.settings)
    prepare_dagster_home(company.settings)
    definitions = build_definitions(company.settings)
    with dg.DagsterInstance.get() as instance:
        yield Clicks(company, definitions, instance)
    close_connections()


def published(company: Company) -> tuple[str, str]:
    """The bytes of what is published and the run that its proof names."""
    proof = read_proof(company.settings.published_proof_path)
    assert proof
    return proof.sha256, proof.run_id


def test_a_click_on_publish_takes_what_has_its_proof(clicks: Clicks) -> None:
    before = published(clicks.company)
    record = clicks.materialize(*PUBLISH)
    assert record.published and record.door == "Dagster page" and not record.whole
    assert published(clicks.company) == before


def test_a_click_on_publish_takes_nothing_without_it(clicks: Clicks) -> None:
    """A run of the whole chain that was killed anywhere has taken the proof away."""
    clicks.company.settings.proof_path.unlink()
    before = published(clicks.company)
    record = clicks.materialize(*PUBLISH)
    assert not record.published and "has not passed every gate" in record.failure
    refused = clicks.company.c360("publish")
    assert refused.returncode == 1 and "has not passed every gate" in refused.stderr
    assert published(clicks.company) == before


def test_one_model_alone_leaves_nothing_to_publish_and_says_what_is_missing(
    clicks: Clicks,
) -> None:
    before = published(clicks.company)
    assert clicks.materialize(SEGMENT).success
    closed = clicks.materialize("gate/insights", *PUBLISH)
    assert closed.gate_closed and not closed.published
    assert "gate after segments has not passed" in closed.failure
    closed = clicks.materialize("gate/segments")
    assert closed.gate_closed
    assert "has not passed since it" in closed.failure
    assert published(clicks.company) == before


def test_a_model_and_all_after_it_are_published(clicks: Clicks) -> None:
    with clicks.company.published() as con:
        before = con.execute("from fact_segment order by all").fetchall()
    record = clicks.materialize(SEGMENT, downstream=True)
    assert record.success and record.published, record.failure
    assert published(clicks.company)[1] == record.run_id
    with clicks.company.published() as con:
        assert con.execute("from fact_segment order by all").fetchall() == before


def test_a_failed_test_is_not_forgotten_by_the_gate(clicks: Clicks) -> None:
    """The suite of the layer is content; the model's own test was not, in an earlier run."""
    with clicks.company.warehouse() as con:
        con.execute(
            "insert into segments.segment_membership from segments.segment_membership limit 1"
        )
        con.execute(
            "update operations.node_states set status = 'fail' "
            "where unique_id like 'test.%.unique_combination_segment_membership%'"
        )
    closed = clicks.materialize("gate/segments")
    assert closed.gate_closed and "unique_combination_segment_membership" in closed.failure


def test_tables_of_removed_models_do_not_stay_published(clicks: Clicks) -> None:
    with duckdb.connect(str(clicks.company.settings.insights_build_path)) as con:
        con.execute("create table fact_of_a_removed_model as select 1 as n")
    record = clicks.materialize("insights/fact_segment", "gate/insights", *PUBLISH)
    assert record.published, record.failure
    with clicks.company.published() as con:
        names = {
            name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        }
    assert "fact_of_a_removed_model" not in names and "fact_segment" in names


def test_a_click_looks_at_the_disk_first(clicks: Clicks, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("orchestration.warehouse.shutil.disk_usage", lambda _: usage)
    record = clicks.materialize(SEGMENT)
    assert record.state == "failed" and "GB free" in record.failure
    assert clicks.company.settings.proof_path.exists(), "nothing was touched"


@pytest.mark.parametrize(
    ("tags", "door"),
    [
        ({}, "Dagster page"),
        ({"dagster/schedule_name": "refresh_every_morning"}, "schedule refresh_every_morning"),
        ({"dagster/sensor_name": "sources_changed"}, "sensor sources_changed"),
    ],
)
def test_status_knows_who_started_a_run(clicks: Clicks, tags: dict[str, str], door: str) -> None:
    record = clicks.materialize(*PUBLISH, tags=tags)
    assert record.door == door
    status = json.loads(clicks.company.c360("status", "--json").stdout)
    assert status["last_run"]["door"] == door
    assert status["last_run"]["run_id"] == record.run_id


def test_an_interrupted_run_is_stopped_and_not_failed(
    clicks: Clicks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terminate in Dagster interrupts the process and has marked the run before."""

    def press(*_: object, **__: object) -> None:
        [run] = clicks.instance.get_runs(
            filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        )
        clicks.instance.report_run_canceling(run)
        raise KeyboardInterrupt

    monkeypatch.setattr("orchestration.publish.assets.publish", press)
    record = clicks.materialize(*PUBLISH)
    assert record.state == "stopped" and record.stopped_by == "in Dagster"
    assert record.failure == "Stopped in Dagster in step publish; nothing was published."


def test_dead_runs_are_ended_by_the_next_of_any_door(clicks: Clicks) -> None:
    job = clicks.definitions.resolve_job_def("refresh")
    lost = clicks.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    begun = RunRecord(
        lost.run_id, "refresh", "command line", 1, "2026-01-01T04:00:00+00:00", step="value"
    )
    records.write_record(clicks.company.settings, begun)
    clicks.materialize(*PUBLISH)
    found = clicks.instance.get_run_by_id(lost.run_id)
    assert found and found.status == dg.DagsterRunStatus.FAILURE
    settled = records.read_record(clicks.company.settings, lost.run_id)
    assert settled and settled.state == "killed" and settled.finished_at


def test_runs_of_the_command_line_are_in_dagsters_timeline(clicks: Clicks) -> None:
    [run] = clicks.instance.get_runs(filters=dg.RunsFilter(job_name="refresh"))
    assert run.remote_job_origin
    origin = run.remote_job_origin.repository_origin
    assert origin.get_label() == "__repository__@orchestration.definitions"
    record = records.read_record(clicks.company.settings, run.run_id)
    assert record and record.door == "command line" and record.whole and record.sources
