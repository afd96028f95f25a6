"""The one code server of Dagster's page and daemon, on a Unix socket that only its owner opens."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from orchestration.errors import UserError
from orchestration.run_records import ENDED_WITH_PAGE_TAG
from orchestration.settings import PROJECT_ROOT
from orchestration.web.children import Children
from orchestration.web.stopping import Stop

if TYPE_CHECKING:
    import dagster as dg
    from dagster._grpc.client import DagsterGrpcClient

LOCATION = "orchestration.definitions"
"""The module and the name of the code location, as `dagster dev -m` gives it; runs that begin
elsewhere are stamped with the same."""

SECONDS_TO_LOAD = 300
SECONDS_FOR_RUNS = 20


class CodeServer:
    """Loads the definitions, can load them again, and starts the runs.

    Parameters:
        folder: for its socket and temporary files; short, and closed to other users.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "code.sock"
        self.workspace = folder / "workspace.yaml"

    def start(self, children: Children, stop: Stop) -> None:
        """Start it and wait until it has loaded, or has failed to.

        Parameters:
            children: whom it is given to.
            stop: tells of signals.

        Raises:
            UserError: it ended while loading, or did not come to an end with it.
            KeyboardInterrupt: a signal came.
        """
        target = {"module_name": LOCATION, "working_directory": str(PROJECT_ROOT)}
        server = {
            "location_name": LOCATION,
            "socket": str(self._socket),
            "additional_metadata": target,
        }
        self.workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
        options = {
            "--socket": str(self._socket),
            "--module-name": LOCATION,
            "--working-directory": str(PROJECT_ROOT),
            "--location-name": LOCATION,
            "--log-level": "warning",
        }
        children.start(
            "Dagster's code server",
            "dagster",
            ["code-server", "start", *(word for option in options.items() for word in option)],
            # Its inner sockets lie there as well.
            {"TMPDIR": str(self._folder)},
        )
        deadline = time.monotonic() + SECONDS_TO_LOAD
        while not self.answers():
            stop.check()
            if died := children.died():
                raise UserError(f"{died} logs/dagster.log in the data folder says why.")
            if time.monotonic() > deadline:
                raise UserError(
                    f"Dagster's code server has not loaded the project in {SECONDS_TO_LOAD} "
                    "seconds. Is the machine overloaded? Start again."
                )
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether the process that holds the definitions answers."""
        from dagster._core.errors import DagsterUserCodeUnreachableError

        try:
            self._client().ping("")
        except DagsterUserCodeUnreachableError:
            return False
        return True

    def end_runs(self, instance: dg.DagsterInstance) -> None:
        """Cancel the runs that this server has started, and wait a while for their end.

        Parameters:
            instance: where their states are.
        """
        import dagster as dg
        from dagster._core.storage.tags import GRPC_INFO_TAG

        alive = dg.RunsFilter(
            statuses=[
                dg.DagsterRunStatus.STARTING,
                dg.DagsterRunStatus.STARTED,
                dg.DagsterRunStatus.CANCELING,
            ]
        )

        def ours() -> list[dg.DagsterRun]:
            runs = instance.get_runs(filters=alive)
            return [run for run in runs if str(self._socket) in run.tags.get(GRPC_INFO_TAG, "")]

        for run in ours():
            with contextlib.suppress(Exception):  # a run that ends by itself meanwhile
                # Who stops the page does not mean the run: the sensor may start it again.
                instance.add_run_tags(run.run_id, {ENDED_WITH_PAGE_TAG: "yes"})
                instance.run_launcher.terminate(run.run_id)
        deadline = time.monotonic() + SECONDS_FOR_RUNS
        while ours() and time.monotonic() < deadline:
            time.sleep(0.2)

    def _client(self) -> DagsterGrpcClient:
        from dagster._grpc.client import DagsterGrpcClient

        return DagsterGrpcClient(socket=str(self._socket))
