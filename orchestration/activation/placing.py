"""The files of a run: written, placed, and settled by whether they are complete."""

from __future__ import annotations

from contextlib import closing

from orchestration.activation.destinations.files import FilesDestination
from orchestration.activation.leaving import WHOLE, changed
from orchestration.activation.recovering import OpenStore
from orchestration.activation.runs import Ended, Run
from orchestration.activation.settling_files import close_file
from orchestration.activation.targets.files import write_files
from orchestration.activation.targets.protocol import FileStore, StopSyncError


def send_file(run: Run, open_store: OpenStore) -> Ended:
    """Send the whole segment, or what changed, as files, when there is anything to say.

    Parameters:
        run: the run, whose plan is kept.
        open_store: connects to where it goes.
    """
    destination = run.destination
    assert isinstance(destination, FilesDestination)
    if not run.plan.sent and not _shrinks(run):
        return run.completed()
    if stop := run.consent.too_old():
        return run.end("stopped", stop)
    try:
        store = open_store()
    except StopSyncError as error:
        return run.end("stopped", error.reason)
    with closing(store):
        return _place_file(run, store, destination)


def _place_file(run: Run, store: FileStore, destination: FilesDestination) -> Ended:
    whole = run.sync.mode == "snapshot"
    written = write_files(
        run.con,
        run.folder,
        destination,
        run.sync,
        run.name,
        run.run_id,
        WHOLE if whole else changed(run.name, run.sync),
        operation=not whole,
    )
    run.calls = len(written.files) - 1
    stopped = ""
    try:
        for file in written.files:
            store.place(file, file.name)
    except StopSyncError as error:
        stopped = error.reason
    try:
        state = close_file(run.con, run.name, run.sync.mode, run.run_id, store)
    except StopSyncError as error:
        return run.end("unsettled", error.reason)
    if state != "completed":
        return run.end("stopped", stopped)
    run.counts["accepted"] = written.rows
    return run.completed()


def _shrinks(run: Run) -> bool:
    """Whether somebody of the last whole file can't be in the next one."""
    if run.sync.mode != "snapshot":
        return False
    [(left,)] = run.con.execute(
        "select count(*) from planned where is_standing and operation in ('invalid', 'blocked')"
    ).fetchall()
    return bool(left)
