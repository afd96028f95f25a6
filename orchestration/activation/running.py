"""A run of a sync: seal, plan, guard, send, settle, and only then take away.

Every batch is claimed in the ledger before it is sent and answered for after it. What was claimed
and has no answer is unknown: the next run finds it so and settles it before anything else.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import duckdb

from orchestration.activation.consent_again import ConsentAgain
from orchestration.activation.definitions import Sync, read_sync
from orchestration.activation.destinations.files import FilesDestination
from orchestration.activation.destinations.kinds import Destination, batch_target, file_store
from orchestration.activation.guards import GuardError, require_guards, require_settled
from orchestration.activation.ledger import SyncLock, open_ledger
from orchestration.activation.placing import send_file
from orchestration.activation.planning import make_plan
from orchestration.activation.recovering import OpenStore, OpenTarget, close_unsettled
from orchestration.activation.runs import Ended, Run, mapping_hash
from orchestration.activation.sealing import seal
from orchestration.activation.sending import MakeTarget, Progress, send_batches
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.activation.targets.rate import kept_paces
from orchestration.errors import UserError
from orchestration.settings import Settings


def plan_sync(settings: Settings, name: str) -> Ended:
    """What a run would do; nothing is sent. What a killed run left is settled before.

    Raises:
        UserError: the sync's files can't be followed, or the warehouse lacks what they name.
    """
    sync, destination = read_sync(settings, name)
    opened = _opened(settings, destination)
    with SyncLock(settings.data_dir), _transit(settings) as folder:
        sealed = seal(settings, sync, folder / "sealed.parquet")
        with open_ledger(settings) as con:
            _settle_earlier(con, name, sync, opened, _asked(destination, sync, batch_target))
            plan = make_plan(con, name, sync, sealed.path)
            message = ""
            try:
                require_settled(con, name, sync, destination)
                require_guards(con, name, sync, plan, mapping_hash(sync))
            except GuardError as error:
                message = str(error)
            return Ended("", "planned", message, plan, sealed)


def run_sync(
    settings: Settings,
    name: str,
    approved: str = "",
    make_target: MakeTarget = batch_target,
    progress: Progress = lambda done, all_: None,
) -> Ended:
    """Run a sync.

    Parameters:
        settings: paths.
        name: of the sync.
        approved: the hash of a plan that goes through the guards.
        make_target: makes what batches are sent to; tests give another one.
        progress: told how many rows of how many have been sent.

    Raises:
        UserError: the files can't be followed, a guard stops it, or another plan was approved.
    """
    sync, destination = read_sync(settings, name)
    if not destination.enabled:
        raise UserError(f"The destination {sync.destination} is not enabled. Nothing was sent.")
    opened, data = _opened(settings, destination), settings.data_dir
    with SyncLock(data), kept_paces(data), _transit(settings) as folder:
        sealed = seal(settings, sync, folder / "sealed.parquet")
        with open_ledger(settings) as con:
            _settle_earlier(con, name, sync, opened, _asked(destination, sync, make_target))
            plan = make_plan(con, name, sync, sealed.path)
            consent = ConsentAgain(con, settings, sync, sealed)
            run = Run(con, folder, name, sync, destination, plan, sealed, consent)
            run.begin()
            try:
                require_settled(con, name, sync, destination)
                if approved and approved != plan.hash:
                    raise GuardError(
                        "another_plan",
                        f"The plan is {plan.hash} now, not {approved}: the segment, the files or "
                        f"the other end changed. Nothing was sent. Look again: "
                        f"`c360 activation plan {name}`.",
                    )
                require_guards(con, name, sync, plan, mapping_hash(sync), bool(approved))
                run.keep_plan()
                if opened:
                    return send_file(run, opened)
                with closing(make_target(destination, sync)) as target:
                    return send_batches(run, target, progress)
            except UserError as error:
                run.end("refused", str(error))
                raise


@contextmanager
def _transit(settings: Settings) -> Iterator[Path]:
    """A folder for what is on its way, which holds personal data and goes with the run."""
    base = settings.data_dir / "activation_transit"
    # We hold the lock, so what stands there is of a run that was killed.
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _opened(settings: Settings, destination: Destination) -> OpenStore | None:
    """Connects to where its files stand; None for what takes batches."""
    if isinstance(destination, FilesDestination):
        return partial(file_store, settings, destination)
    return None


def _asked(destination: Destination, sync: Sync, make_target: MakeTarget) -> OpenTarget | None:
    """Connects to what knows which batches arrived; None for what doesn't."""
    return partial(make_target, destination, sync) if destination.is_table else None


def _settle_earlier(
    con: duckdb.DuckDBPyConnection,
    name: str,
    sync: Sync,
    opened: OpenStore | None,
    asked: OpenTarget | None,
) -> None:
    try:
        close_unsettled(con, name, sync, opened, asked)
    except StopSyncError as error:
        raise UserError(
            f"{error.reason}. Whether what the last run sent arrived is not known, so nothing was "
            "begun. Try again when it answers."
        ) from None
