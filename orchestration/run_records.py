"""The records of runs: one JSON file per run in `<data>/runs`, written when the run begins.

Beside the record of a run in progress lies a file that its process holds locked (`flock`). The
kernel lets go of it whenever the process ends, so a record that says running without that lock is
the record of a run that was killed, whoever asks and whenever, also from another container.
The warehouse can't hold this: nobody but the run can open it while it runs.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from orchestration.logs import log
from orchestration.private_files import open_to_readers
from orchestration.settings import Settings

REFRESH_JOB = "refresh"
"""Dagster's job that is the whole chain."""
ACTIVATION_JOB = "activation"
"""Dagster's job that runs the syncs which follow a refresh."""
JOB_TAG = "c360/job"
"""Dagster's tag on runs of jobs of which one runs at a time."""
KEPT_RECORDS = 500
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
WAITING, RUNNING = "waiting", "running"
IN_DAGSTER = "in Dagster"
"""Who stopped a run by its Terminate button."""
ENDED_WITH_PAGE_TAG = "c360/ended_with_page"
"""A run that was stopped because the page that had started it ended."""
SUCCEEDED, FAILED, STOPPED, KILLED = "succeeded", "failed", "stopped", "killed"


@dataclass(frozen=True)
class RunRecord:
    """What is known of one run.

    Attributes:
        run_id: Dagster's id of the run.
        job: the Dagster job, `refresh` for the chain; `__ASSET_JOB` for chosen assets.
        door: who started it: `command line`, `schedule NAME`, `sensor NAME`, `Dagster page`.
        pid: its process.
        started_at: when it was recorded, UTC, ISO 8601.
        state: waiting (for another run), running, succeeded, failed, stopped or killed.
        step: the step it is in, or was in when it ended without success.
        finished_at: when it ended, UTC; None before.
        seconds: from start to end, without the wait for another run.
        failure: one paragraph about what went wrong, empty otherwise.
        gate_closed: whether it failed because a gate was closed.
        exit_code: what the command line ends with, for a run from there.
        stopped_by: who stopped it, empty otherwise.
        published: whether what it built was published.
        checks_passed: dbt tests and gates that passed.
        checks_failed: those that did not.
        checks_unchanged: passed ones that were not run again, because nothing had changed.
        warnings: checks that did not hold and only warn, each with what was found.
        whole: whether it was a run of the whole chain and not of chosen assets.
        sources: what each declared source table looked like when it began, as a fingerprint.
        alerts: what was told to whom about it, one sentence each.
    """

    run_id: str
    job: str
    door: str
    pid: int
    started_at: str
    state: str = RUNNING
    step: str = ""
    finished_at: str | None = None
    seconds: float = 0.0
    failure: str = ""
    gate_closed: bool = False
    exit_code: int = 0
    stopped_by: str = ""
    published: bool = False
    checks_passed: int = 0
    checks_failed: int = 0
    checks_unchanged: int = 0
    warnings: list[str] = field(default_factory=list)
    whole: bool = False
    sources: dict[str, str] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)

    @property
    def success(self) -> bool:
        """Whether everything passed."""
        return self.state == SUCCEEDED

    @property
    def in_progress(self) -> bool:
        """Whether it waits or runs."""
        return self.state in (WAITING, RUNNING)


def now() -> str:
    """This instant, UTC, ISO 8601 to the millisecond: two runs may begin within a second."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_record(settings: Settings, record: RunRecord) -> None:
    """Write a record in one step, so that a reader never sees half of it.

    On a full disk the record that is there is written over where it stands, which needs no room:
    how a run ended for want of space must be known. What can't be written then is only logged.
    """
    settings.runs_dir.mkdir(parents=True, exist_ok=True)
    open_to_readers(settings.data_dir, settings.runs_dir)
    path = _path(settings, record.run_id)
    part = path.with_suffix(f".{os.getpid()}.part")
    text = json.dumps(asdict(record), indent=2)
    try:
        part.write_text(text, encoding="utf-8")
        open_to_readers(settings.data_dir, part)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno not in NO_ROOM or not path.exists():
            raise
        _write_over(path, text)


def _write_over(path: Path, text: str) -> None:
    try:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
        with path.open("r+", encoding="utf-8") as handle:
            handle.write(text)
            handle.truncate()
    except OSError as error:
        log().warning("the record %s can't be written: %s", path.name, error.strerror)


def read_record(settings: Settings, run_id: str) -> RunRecord | None:
    """The record of a run, None when there is none. A run without a process is `killed`."""
    return _read(settings, _path(settings, run_id))


def read_records(settings: Settings, limit: int = KEPT_RECORDS) -> list[RunRecord]:
    """The newest records, newest first. A file that is damaged is left out.

    Parameters:
        settings: paths.
        limit: how many at most.
    """
    if not settings.runs_dir.is_dir():
        return []
    records = [_read(settings, path) for path in settings.runs_dir.glob("*.json")]
    found = sorted((r for r in records if r), key=lambda r: (r.started_at, r.run_id), reverse=True)
    return found[:limit]


def forget_old(settings: Settings) -> None:
    """Remove the oldest records above the number that is kept, and what killed writers left."""
    for record in read_records(settings, limit=10**6)[KEPT_RECORDS:]:
        _path(settings, record.run_id).unlink(missing_ok=True)
        forget_lock(settings, record.run_id)
    for part in settings.runs_dir.glob("*.part"):
        part.unlink(missing_ok=True)
    # An earlier version kept its last run there.
    (settings.data_dir / "last_run.json").unlink(missing_ok=True)


def forget_lock(settings: Settings, run_id: str) -> None:
    """Remove the lock that a killed run has left."""
    _lock_path(settings, run_id).unlink(missing_ok=True)


@contextmanager
def alive(settings: Settings, run_id: str) -> Iterator[None]:
    """Hold the lock that tells others that this process carries the run."""
    settings.runs_dir.mkdir(parents=True, exist_ok=True)
    path = _lock_path(settings, run_id)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_alive(settings: Settings, run_id: str) -> bool:
    """Whether a process carries the run; needs no right to write."""
    try:
        handle: IO[str] = _lock_path(settings, run_id).open("r")
    except PermissionError:
        return _has_process(settings, run_id)
    except OSError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def _has_process(settings: Settings, run_id: str) -> bool:
    """What a reader can tell who may not open the lock: whether the process is there."""
    try:
        os.kill(int(json.loads(_path(settings, run_id).read_text(encoding="utf-8"))["pid"]), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return True


def _read(settings: Settings, path: Path) -> RunRecord | None:
    try:
        known = {f.name for f in fields(RunRecord)}
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record = RunRecord(**{name: value for name, value in values.items() if name in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if record.in_progress and not is_alive(settings, record.run_id):
        # It may have ended between the two looks: what it wrote last counts.
        again = json.loads(path.read_text(encoding="utf-8")) if path.exists() else values
        if again.get("state") == record.state:
            return replace(record, state=KILLED)
        return _read(settings, path)
    return record


def _path(settings: Settings, run_id: str) -> Path:
    return settings.runs_dir / f"{_plain(run_id)}.json"


def _lock_path(settings: Settings, run_id: str) -> Path:
    return settings.runs_dir / f"{_plain(run_id)}.lock"


def _plain(run_id: str) -> str:
    if not run_id.replace("-", "").isalnum():
        raise ValueError(f"{run_id!r} is not a run's id")
    return run_id
