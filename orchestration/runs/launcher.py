"""Dagster's own launcher, which can also tell whether a run still has its process.

With that, Dagster's run monitoring ends dead runs by itself while its daemon is up, whoever started
them: a run of the command line counts against the one run at a time as well.
"""

from __future__ import annotations

from typing import Any

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from orchestration import run_records as records
from orchestration.settings import Settings


class RecordedRunLauncher(DefaultRunLauncher):
    """The launcher that `dagster.yaml` names (written by `runs.dagster_home.prepare`)."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster asks `check_run_worker_health`."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run is there.

        Parameters:
            run: a run that Dagster takes for running.
        """
        settings = Settings.from_env()
        if records.is_alive(settings, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        record = records.read_record(settings, run.run_id)
        if record and record.state == records.SUCCEEDED:
            return CheckRunHealthResult(WorkerStatus.SUCCESS)
        if record:
            return CheckRunHealthResult(
                WorkerStatus.FAILED, record.failure or "Its process ended without a word."
            )
        return self._ask_code_server(run)

    def _ask_code_server(self, run: DagsterRun) -> CheckRunHealthResult:
        """A job that does not take the warehouse is not recorded; the code server knows it."""
        find_client: Any = self._get_grpc_client_for_termination
        client = find_client(run.run_id)
        if client is None:
            return CheckRunHealthResult(WorkerStatus.UNKNOWN)
        try:
            # Asked by what the page's own code server passes on; the list of its runs it does not.
            answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), 10)
            found = deserialize_value(answer, CanCancelExecutionResult).can_cancel
        except Exception as error:
            return CheckRunHealthResult(
                WorkerStatus.FAILED, f"Its code server is gone ({type(error).__name__})."
            )
        return CheckRunHealthResult(WorkerStatus.RUNNING if found else WorkerStatus.NOT_FOUND)
