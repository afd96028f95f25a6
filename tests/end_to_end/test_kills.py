"""kill -9 at random moments, from the command line and Dagster, and then any command at all."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from benchmarks.delivery import deliver
from orchestration import run_records as records
from orchestration.proof import hash_of, read_proof
from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company, copied, settings_in
from tests.end_to_end.contents import contents

HISTORY_ENDS_ON = date(2026, 11, 1)
NEXT = (("publish",), ("run",), ("status",), ("query", "from insights.fact_profile"))

# Dagster's doors: their worker process, which carries the run, executes a job like this.
WORKER = """
import sys
import dagster as dg
from orchestration.definitions import build_definitions
from orchestration.runs.dagster_home import prepare_dagster_home
from orchestration.settings import Settings
from orchestration.transform.parsing import prepare_environment
settings = Settings.from_env()
prepare_environment(settings)
prepare_dagster_home(settings)
definitions = build_definitions(settings)
job_name, *tags = sys.argv[1:]
job = definitions.resolve_job_def(job_name)
quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
with dg.DagsterInstance.get() as instance:
    job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config=quiet,
        tags=dict(tag.split("=") for tag in tags),
    )
"""
DOORS = {
    "command line": ["-m", "orchestration.cli", "run"],
    "command line, whole": ["-m", "orchestration.cli", "run", "--rebuild"],
    "click": ["-c", WORKER, "__ASSET_JOB"],
    "schedule": ["-c", WORKER, "refresh", "dagster/schedule_name=refresh_every_morning"],
    "sensor, whole": [
        *("-c", WORKER, "refresh", "dagster/sensor_name=sources_changed", "c360/rebuild=yes"),
    ],
}
SAID = {"click": "Dagster page"}


def kill_after(company: Company, door: str, seconds: float) -> bool:
    """Start a run by a door and kill it with all it has started; whether it was alive then."""
    run = subprocess.Popen(
        [sys.executable, *DOORS[door]],
        env=company.environment,
        cwd=PROJECT_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return True
    return False


def published_run(company: Company) -> str:
    """The run whose proof is that of the published file; fails when the file is another."""
    proof = read_proof(company.settings.published_proof_path)
    assert proof and hash_of(company.settings.published_path) == proof.sha256
    return proof.run_id


def check_said(company: Company, door: str) -> None:
    """No run is said to run whose process is gone, and the doors are told apart."""
    newest, *_ = known = records.read_records(company.settings)
    assert not any(record.in_progress for record in known), known
    if newest.state == records.KILLED:
        assert newest.door.split()[0] == SAID.get(door, door.split(",")[0]).split()[0], newest


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_thirty_kills_leave_only_what_passed_and_a_schedule_that_goes_on(
    company: Company, door: str
) -> None:
    before = contents(company)
    chance = random.Random(360)
    longest = 60.0
    killed = 0
    for _ in range(60):
        if killed == 30:
            break
        moment = chance.uniform(1, 0.95 * longest)
        if not kill_after(company, door, moment):
            longest = moment
            continue
        killed += 1
        check_said(company, door)
        command = chance.choice(NEXT)
        done = company.c360(*command)
        print(killed, door, f"{moment:.1f} s, then {command[0]}: {done.returncode}", flush=True)
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode == 0 or (command[0] == "publish" and done.returncode in (1, 3))
        published_run(company)
    assert killed == 30
    ran = company.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert contents(company) == before


@pytest.mark.slow
def test_kills_of_a_run_that_can_not_pass_never_publish_it(company: Company) -> None:
    """The last gate is closed: whatever is killed where and asked then, nothing is published."""
    with company.warehouse() as con:
        con.execute(
            "update operations.good_volumes set amount = amount * 9 where layer = 'insights'"
        )
    first = published_run(company)
    chance = random.Random(361)
    # Without anything to build, gates that have passed do not look again.
    longest = {door: 60.0 for door in DOORS if door.endswith("whole")}
    for _ in range(10):
        door = chance.choice(sorted(longest))
        moment = chance.uniform(5, longest[door])
        if not kill_after(company, door, moment):
            longest[door] = moment
        # Before anything is touched the build of the good run stands and may be published again.
        asked = company.c360("publish")
        assert asked.returncode in (0, 1, 3), (door, moment, asked.stderr)
        assert published_run(company) == first
    ran = company.c360("run", "--rebuild")
    assert ran.returncode == 1 and "gate after insights is closed" in ran.stderr
    assert company.c360("publish").returncode == 1
    assert published_run(company) == first


@pytest.mark.slow
@pytest.mark.parametrize("torn", [False, True], ids=["restarted", "power cut"])
def test_a_machine_that_starts_again_needs_nobody(
    company: Company, tmp_path: Path, torn: bool
) -> None:
    """The disk as it is in the middle of a run, on a machine on which nothing of it runs.

    After a power cut the end of what was written last is missing: the write-ahead log is cut, and
    files that were about to be renamed are there in part.
    """
    before = contents(company)
    chance = random.Random(363)
    for number in range(6):
        run = subprocess.Popen(
            [sys.executable, *DOORS["command line, whole"]],
            env=company.environment,
            cwd=PROJECT_ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        moment = chance.uniform(8, 45)
        time.sleep(moment)
        os.killpg(run.pid, signal.SIGSTOP)
        found = tmp_path / f"found_{number}"
        copied(company.settings.data_dir, found)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        if torn:
            cut_short(found, chance)
        restarted = Company(settings_in(found))
        said = restarted.c360("status")
        assert said.returncode == 0 and "Traceback" not in said.stderr, said.stderr
        check_said(restarted, "command line, whole")
        asked = restarted.c360("publish")
        assert asked.returncode in (0, 1, 3), asked.stderr
        published_run(restarted)
        ran = restarted.c360("run")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert contents(restarted) == before
        print(number, f"{moment:.1f} s, publish {asked.returncode}", flush=True)
        shutil.rmtree(found)


def cut_short(folder: Path, chance: random.Random) -> None:
    """Take the end off what was not yet on the disk for certain."""
    for log in folder.rglob("*.wal"):
        with log.open("r+b") as file:
            file.truncate(int(log.stat().st_size * chance.random()))
    for part in [*folder.rglob("*.part"), *folder.rglob(".insights.duckdb.*")]:
        with part.open("r+b") as file:
            file.truncate(part.stat().st_size // 2)


@pytest.mark.slow
def test_kills_amid_news_leave_what_a_whole_build_gives(company: Company, tmp_path: Path) -> None:
    """Refreshes of news that are killed one after the other, over each other's leftovers."""
    chance = random.Random(362)
    for number in range(1, 9):
        deliver(company.settings.landing_dir, number, HISTORY_ENDS_ON, 360, tmp_path / "spill")
        door = chance.choice(["command line", "schedule"])
        moment = chance.uniform(4, 40)
        killed = kill_after(company, door, moment)
        print(number, door, f"{moment:.1f} s", "killed" if killed else "ended", flush=True)
    # Chance may halve a table of a few rows in so small a company.
    ran = company.c360("run", "--accept-drift")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    refreshed = contents(company)
    rebuilt = company.c360("run", "--rebuild", "--accept-drift")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    whole = contents(company)
    assert {n for n in whole | refreshed if whole.get(n) != refreshed.get(n)} == set()


@pytest.mark.parametrize(
    "sent", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM]
)
def test_a_signal_ends_a_run_once_with_a_sentence(company: Company, sent: signal.Signals) -> None:
    published = published_run(company)
    run = subprocess.Popen(
        [sys.executable, *DOORS["command line, whole"]],
        env=company.environment,
        cwd=PROJECT_ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    ends_at = time.monotonic() + 120
    step = ""
    while step not in ("staging", "conformed", "identity") and time.monotonic() < ends_at:
        time.sleep(0.2)
        newest = records.read_records(company.settings, 1)[0]
        step = newest.step if newest.state == records.RUNNING else ""
    run.send_signal(sent)
    output, _ = run.communicate(timeout=60)
    said = " ".join(output.split())
    assert run.returncode == 130, output
    assert "Stopped by you in step" in said and "nothing was published" in said
    assert "fault" not in said and "Traceback" not in said
    [record] = records.read_records(company.settings, 1)
    assert (record.state, record.stopped_by, record.published) == ("stopped", "by you", False)
    assert published_run(company) == published
