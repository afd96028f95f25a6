"""A run of a sync: seal, plan, guard, send, settle, and only then take away.

Every batch is claimed in the ledger before it is sent and settled in one transaction after the
answer. What was claimed and never settled is unknown: the next run finds it so and settles it
before anything else.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.activation.definitions import read_sync
from orchestration.activation.destinations import Destination, FileDestination
from orchestration.activation.file_target import outbox
from orchestration.activation.http_target import HttpTarget
from orchestration.activation.ledger import SyncLock, open_ledger
from orchestration.activation.planning import (
    GuardError,
    make_plan,
    require_guards,
    require_settled,
)
from orchestration.activation.sealing import seal
from orchestration.activation.sending import Ended, MakeTarget, Progress, Run, mapping_hash
from orchestration.activation.settling_files import close_unsettled
from orchestration.errors import UserError
from orchestration.settings import Settings


def plan_sync(settings: Settings, name: str) -> Ended:
    """What a run would do; nothing is sent. What a killed run left is settled before.

    Raises:
        UserError: the sync's files can't be followed, or the warehouse lacks what they name.
    """
    sync, destination = read_sync(settings, name)
    with SyncLock(settings.data_dir), _transit(settings) as folder:
        sealed = seal(settings, sync, folder / "sealed.parquet")
        with open_ledger(settings) as con:
            close_unsettled(con, name, sync, _folder(settings, destination))
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
    make_target: MakeTarget = HttpTarget,
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
    with SyncLock(settings.data_dir), _transit(settings) as folder:
        sealed = seal(settings, sync, folder / "sealed.parquet")
        with open_ledger(settings) as con:
            close_unsettled(con, name, sync, _folder(settings, destination))
            plan = make_plan(con, name, sync, sealed.path)
            run = Run(con, settings, name, sync, destination, plan, sealed)
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
                return run.send(make_target, progress)
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


def _folder(settings: Settings, destination: Destination) -> Path | None:
    return outbox(settings, destination) if isinstance(destination, FileDestination) else None
