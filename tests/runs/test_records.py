"""A run's record says what is true of it, also when its process could not say anything any more."""

from __future__ import annotations

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration import run_records as records
from orchestration.run_records import RunRecord
from orchestration.runs import lifecycle
from orchestration.runs.repair import settle_records
from orchestration.runs.status import read_status
from orchestration.settings import PROJECT_ROOT, Settings

CARRY = """
import sys, time
from pathlib import Path
from orchestration.runs import lifecycle
from orchestration.settings import Settings
settings = Settings(Path(sys.argv[1]), Path(sys.argv[1]), Path(sys.argv[1]))
begun = lifecycle.CarriedRun.begun(settings, "carried", "refresh", lifecycle.COMMAND_LINE)
with lifecycle.carry(begun, lambda text: print(text, flush=True)) as run:
    run.enter_step("identity")
    print("carried", flush=True)
    time.sleep(60)
"""


def record(run_id: str, state: str, started_at: str = "2026-01-01T04:00:00+00:00") -> RunRecord:
    return RunRecord(run_id, "refresh", "command line", 1, started_at, state)


def carry_elsewhere(settings: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CARRY, str(settings.data_dir)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_run_is_recorded_when_it_begins_and_known_as_killed_after_kill_9(
    settings: Settings,
) -> None:
    process = carry_elsewhere(settings)
    assert first_line(process) == "carried"
    [seen] = records.read_records(settings)
    assert (seen.state, seen.step, seen.pid) == ("running", "identity", process.pid)
    process.kill()
    process.wait()
    [seen] = records.read_records(settings)
    assert (seen.state, seen.step, seen.finished_at) == ("killed", "identity", None)
    status = read_status(settings)
    assert status["last_run"]["state"] == "killed" and status["running"] is None
    assert "in step identity" in status["last_run"]["failure"]
    [settled] = settle_records(settings)
    assert settled.finished_at and "nothing was published" in settled.failure
    assert settle_records(settings) == [], "told once"
    assert not list(settings.runs_dir.glob("*.lock"))


def test_a_waiting_run_says_so_and_one_that_is_stopped_says_where(settings: Settings) -> None:
    first = carry_elsewhere(settings)
    assert first_line(first) == "carried"
    with pytest.raises(KeyboardInterrupt):
        begun = lifecycle.CarriedRun.begun(settings, "second", "refresh", lifecycle.COMMAND_LINE)
        with lifecycle.carry(begun, lambda _: _interrupt(settings)):
            pytest.fail("the first still writes")
    first.kill()
    first.wait()
    stopped = records.read_record(settings, "second")
    assert stopped and stopped.state == "stopped"
    assert stopped.failure == (
        "Stopped by you while it waited for another run; nothing was published."
    )


def _interrupt(settings: Settings) -> None:
    waiting = records.read_record(settings, "second")
    assert waiting and waiting.state == "waiting"
    raise KeyboardInterrupt


def test_damaged_and_newer_records_do_not_hide_the_others(settings: Settings) -> None:
    records.write_record(settings, record("good", records.SUCCEEDED))
    (settings.runs_dir / "cut.json").write_text('{"run_id": "cut", "sta')
    (settings.runs_dir / "list.json").write_text("[]")
    (settings.runs_dir / "less.json").write_text('{"run_id": "less"}')
    newer = (settings.runs_dir / "good.json").read_text().replace('"job"', '"later": 1, "job"')
    (settings.runs_dir / "good.json").write_text(newer)
    assert [r.run_id for r in records.read_records(settings)] == ["good"]


def test_old_records_go_and_the_newest_stay(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KEPT_RECORDS", 3)
    for day in range(1, 6):
        made = record(f"day{day}", records.SUCCEEDED, f"2026-01-0{day}T04:00:00+00:00")
        records.write_record(settings, made)
    (settings.runs_dir / "day1.99.part").write_text("half")
    records.forget_old(settings)
    assert [r.run_id for r in records.read_records(settings)] == ["day5", "day4", "day3"]
    assert not list(settings.runs_dir.glob("*.part"))


def test_an_id_can_not_leave_the_folder(settings: Settings) -> None:
    with pytest.raises(ValueError, match="not a run's id"):
        records.write_record(settings, replace(record("x", records.FAILED), run_id="../x"))


def test_how_a_run_ended_is_written_on_a_full_disk_as_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = record("full", records.RUNNING)
    records.write_record(settings, begun)
    whole = Path.write_text

    def no_room(path: Path, text: str, **options: Any) -> int:
        if path.suffix == ".part":
            whole(path, text[:10], **options)
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, text, **options)

    monkeypatch.setattr(Path, "write_text", no_room)
    records.write_record(
        settings, replace(begun, state=records.FAILED, failure="The disk is full.")
    )
    [seen] = records.read_records(settings)
    assert (seen.state, seen.failure) == ("failed", "The disk is full.")
    assert not list(settings.runs_dir.glob("*.part"))
