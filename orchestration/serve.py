"""`c360 ui`: Dagster's page and the data docs behind the guard, its daemon, one code server."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from orchestration.errors import UserError
from orchestration.runs.dagster_home import prepare_dagster_home
from orchestration.settings import DATA_DOCS_PATH, Settings
from orchestration.terminal import Console
from orchestration.transform.parsing import load_manifest, prepare_environment
from orchestration.web.access import Access
from orchestration.web.children import Children
from orchestration.web.code_server import CodeServer
from orchestration.web.data_docs import with_data_docs
from orchestration.web.rules import DAGSTER
from orchestration.web.server import GuardedServer, address_of, listen
from orchestration.web.stopping import Stop

if TYPE_CHECKING:
    import dagster as dg

LOG_NAME = "dagster.log"
"""What the daemon, the code server and the runs print, beside the product's log."""

SECONDS_TO_END = 10
SECONDS_BETWEEN_LOOKS = 1
SECONDS_WITHOUT_CODE = 60


def serve_dagster(
    settings: Settings, access: Access, port: int, console: Console, stop: Stop
) -> None:
    """Run Dagster's web page, daemon and code server until stopped.

    Parameters:
        settings: paths.
        access: who may open the page, and at which address it listens.
        port: to listen on; 0 takes a free one.
        console: where the addresses are printed.
        stop: tells of signals.

    Raises:
        UserError: the port is taken, another page serves this data folder, the project does not
            parse, or a process that belongs to the page has ended.
        KeyboardInterrupt: a signal came; all that was started has ended.
    """
    with ExitStack() as stack:
        note = stack.enter_context(_only_one(settings))
        taken = stack.enter_context(listen(access, port, "c360 ui"))
        address = address_of(taken)
        note(address)
        prepare_environment(settings)
        prepare_dagster_home(settings)
        console.print("Reading the dbt project …")
        load_manifest(settings)
        console.print(f"Dagster    {address}   (a minute until it answers; Ctrl-C ends it)")
        console.print(f"Data docs  {address}{DATA_DOCS_PATH}/")
        stop.check()
        _serve(settings, access, taken, stack, stop)


def _serve(
    settings: Settings, access: Access, taken: socket.socket, stack: ExitStack, stop: Stop
) -> None:
    import dagster as dg

    from orchestration.runs.repair import settle_dagster, settle_records

    # Sockets and temporary files of ours, closed to other users of the machine.
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c360-")))
    instance = stack.enter_context(dg.DagsterInstance.get())
    # Nobody launches anything yet: what Dagster takes for running or starting has no process.
    settle_records(settings)
    settle_dagster(settings, instance, nobody_launches=True)
    log = settings.log_dir / LOG_NAME
    children = Children(log)
    stack.callback(children.end, SECONDS_TO_END)
    code = CodeServer(folder)
    stack.callback(stop.begin_ending)
    code.start(children, stop)
    daemon = Children(log)
    stack.callback(code.end_runs, instance)
    stack.callback(daemon.end, SECONDS_TO_END)
    stack.callback(stop.begin_ending)
    daemon.start(
        "Dagster's daemon",
        "dagster._daemon",
        ["run", "--workspace", str(code.workspace), "--log-level", "warning"],
        {},
    )
    app = stack.enter_context(_dagster_app(instance, code))
    server = GuardedServer(with_data_docs(app, settings.data_docs_dir), DAGSTER, access)
    watch = _Watch([children, daemon], code, server)
    with watch:
        server.run(taken, stop)
    if watch.fault:
        raise UserError(
            f"{watch.fault} Dagster's page has ended with it, so that it does not stand half dead. "
            f"Start it again; {log} may say more."
        )


@contextmanager
def _dagster_app(instance: dg.DagsterInstance, code: CodeServer) -> Iterator[ASGIApp]:
    from dagster import __version__
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.app import create_app_from_workspace_process_context

    instance.optimize_for_webserver(statement_timeout=15_000, pool_recycle=3600, max_overflow=20)
    target = WorkspaceFileTarget([str(code.workspace)])
    with WorkspaceProcessContext(instance, target, version=__version__) as context:
        yield create_app_from_workspace_process_context(context, live_data_poll_rate=2000)


class _Watch:
    """Ends the page when a process that belongs to it has ended."""

    def __init__(self, groups: list[Children], code: CodeServer, server: GuardedServer) -> None:
        self.fault = ""
        self._groups, self._code, self._server = groups, code, server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="children", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exc: object) -> None:
        self._done.set()

    def _look(self) -> None:
        answered = time.monotonic()
        while not self._done.wait(SECONDS_BETWEEN_LOOKS):
            self._groups[0].shorten_log()
            died = next(filter(None, (group.died() for group in self._groups)), None)
            if died is None and self._code.answers():
                answered = time.monotonic()
            if died is None and time.monotonic() - answered > SECONDS_WITHOUT_CODE:
                died = "Dagster's code server does not answer any more."
            if died and not self._done.is_set():
                self.fault = died
                self._server.end()
                return


@contextmanager
def _only_one(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Two daemons over one history would start every scheduled run twice."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    with (settings.dagster_home / "page.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise UserError(
                f"Dagster's page of {settings.data_dir} is already open: "
                f"{handle.read().strip() or 'another process'}. Use that one, or stop it first.",
                2,
            ) from None

        def note(address: str) -> None:
            handle.truncate(0)
            handle.write(f"{address}, process {os.getpid()}")
            handle.flush()

        yield note
