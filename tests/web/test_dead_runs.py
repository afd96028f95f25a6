"""After a crash the schedule goes on by itself: real pages, a real daemon, real kills."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from orchestration import run_records as records
from orchestration.proof import hash_of, read_proof
from orchestration.run_records import RunRecord
from tests.conftest import Company
from tests.web.serving import Served, page
from tests.web.test_lifecycle import alive, family, start_run, state_over_page, wait_until

LONG = 400.0
JSON = [("Content-Type", "application/json")]
SENSOR = (
    '{sensorName:"sources_changed",repositoryName:"__repository__",'
    'repositoryLocationName:"orchestration.definitions"}'
)


def newest(company: Company) -> RunRecord:
    return records.read_records(company.settings, 1)[0]


def kill_run(company: Company, run_id: str) -> None:
    """kill -9 to the process that carries a run, once it builds."""
    wait_until(lambda: carried(company, run_id).step not in ("", "prepare", "ingest"))
    os.kill(carried(company, run_id).pid, signal.SIGKILL)


def carried(company: Company, run_id: str) -> RunRecord:
    found = records.read_record(company.settings, run_id)
    return found or RunRecord(run_id, "", "", 0, "", step="")


def check_published(company: Company) -> str:
    proof = read_proof(company.settings.published_proof_path)
    assert proof and hash_of(company.settings.published_path) == proof.sha256
    return proof.run_id


@pytest.mark.slow
def test_after_kill_9_of_everything_the_next_run_is_not_queued_for_good(company: Company) -> None:
    before = check_published(company)
    with page(company.settings, "ui") as served:
        run = start_run(served)
        kill_run(company, run)
        started = family(served)
        served.process.kill()
        served.process.wait()
        wait_until(lambda: alive(started) == {})
    assert carried(company, run).state == "killed"
    assert check_published(company) == before
    refused = company.c360("publish")
    assert refused.returncode in (1, 3), refused.stdout
    with page(company.settings, "ui") as served:
        second = start_run(served)
        assert state_over_page(served, run) == "FAILURE"
        wait_until(lambda: state_over_page(served, second) == "SUCCESS", LONG)
    assert check_published(company) == second


def switch_on(served: Served) -> None:
    query = (
        f"mutation{{startSensor(sensorSelector:{SENSOR})"
        "{__typename ... on PythonError{message}}}"
    )
    answer = served.ask("POST", "/graphql", JSON, json.dumps({"query": query}), login=None)
    assert json.loads(answer.text)["data"]["startSensor"]["__typename"] == "Sensor", answer.text


def deliver(company: Company) -> Path:
    """Another file of orders, as a supplier would send it."""
    folder = company.settings.landing_dir / "web_shop" / "orders"
    path = next(folder.rglob("*.csv"))
    new = path.with_name(f"again_{path.name}")
    new.write_text(path.read_text())
    return new


@pytest.mark.slow
def test_the_sensor_starts_what_was_killed_again_and_then_rests(company: Company) -> None:
    first = newest(company)
    with page(company.settings, "ui") as served:
        switch_on(served)
        deliver(company)
        wait_until(lambda: newest(company).run_id != first.run_id, LONG)
        killed = newest(company)
        assert killed.door == "sensor sources_changed"
        kill_run(company, killed.run_id)
        wait_until(lambda: newest(company).run_id != killed.run_id, LONG)
        again = newest(company).run_id
        wait_until(lambda: not carried(company, again).in_progress, LONG)
        assert carried(company, again).state == "succeeded", carried(company, again)
        assert carried(company, killed.run_id).state == "killed"
        assert check_published(company) == again
        with pytest.raises(AssertionError, match="in time"):
            wait_until(lambda: newest(company).run_id != again, 150)
