"""Runs that meet another one, and runs that are killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company
from tests.end_to_end.contents import contents, published_rows


@pytest.mark.parametrize(
    "ends_early",
    [pytest.param(True, id="quick"), pytest.param(False, id="whole", marks=pytest.mark.slow)],
)
def test_two_runs_at_once_queue(company: Company, ends_early: bool) -> None:
    """The second waits for the first; neither fails for the other's sake."""
    if ends_early:
        path = next((company.settings.landing_dir / "web_shop" / "customers").rglob("*.csv"))
        path.write_text(path.read_text().replace("email", "mail", 1))
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "orchestration.cli", "run"],
            env=company.environment,
            cwd=PROJECT_ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(2)
    ]
    outputs = [run.communicate(timeout=600)[0] for run in runs]
    assert [run.returncode for run in runs] == [int(ends_early)] * 2, outputs
    assert sum("Waiting for another run" in output for output in outputs) == 1
    for output in outputs:
        assert ("lacks the column email" in output) is ends_early
        assert "set lock" not in output


def kill_during_a_run(company: Company, seconds: float) -> bool:
    """Kill a run and all its threads after some seconds; whether it was still running."""
    # Without --rebuild it would take over what the run before has built, and be busy with nothing.
    run = subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", "run", "--rebuild"],
        env=company.environment,
        cwd=PROJECT_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    alive = run.poll() is None
    if alive:
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return alive


@pytest.mark.slow
def test_killed_run_and_lost_warehouse_leave_no_trace_in_the_next(company: Company) -> None:
    """Killed while models are being built, and then even without the warehouse it left."""
    before = contents(company)
    shutil.rmtree(company.settings.dbt_target_dir)
    published = published_rows(company, "select * from fact_profile")
    assert kill_during_a_run(company, 15)
    assert published_rows(company, "select * from fact_profile") == published
    company.settings.warehouse_path.unlink()
    again = company.c360("run")
    assert again.returncode == 0, again.stdout + again.stderr
    assert contents(company) == before
