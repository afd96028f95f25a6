"""What Dagster operations share: the warehouse, with the right to write it for a whole run."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource

from orchestration.automation import REFRESH_JOB
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.runs import before, lifecycle
from orchestration.runs.repair import settle_dagster, settle_records
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections
from orchestration.warehouse import open_writer

DOOR_TAG = "c360/door"
ACCEPT_DRIFT_TAG = "c360/accept_drift"
REBUILD_TAG = "c360/rebuild"


class Warehouse(DuckDBResource):
    """The warehouse of one installation: its lock, its connections, their limits.

    All steps of a run share one process (in-process executor), so the lock lives as long as the
    run; a second run, from whatever door, waits for it. Entering it is where every run begins and
    ends: see `orchestration.runs.lifecycle`.

    Parameters:
        database: the warehouse's file.
        data_dir: the data folder.
        landing_dir: where source files arrive.
        dbt_project_dir: the dbt project.
    """

    data_dir: str
    landing_dir: str
    dbt_project_dir: str

    @classmethod
    def of(cls, settings: Settings) -> Warehouse:
        """The warehouse of an installation."""
        return cls(
            database=str(settings.warehouse_path),
            data_dir=str(settings.data_dir),
            landing_dir=str(settings.landing_dir),
            dbt_project_dir=str(settings.dbt_project_dir),
        )

    @property
    def settings(self) -> Settings:
        """The installation's paths."""
        return Settings(Path(self.data_dir), Path(self.landing_dir), Path(self.dbt_project_dir))

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that may write, with the limits that profiles.yml sets.

        Within a dbt run it joins dbt's own database instance, so it can't have a configuration of
        its own, which DuckDBResource would give it. Another program that has the file open for a
        moment is waited for.
        """
        with open_writer(Path(self.database), waits=None) as con:
            yield con

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Warehouse]:
        """Carry the run from its first step to its last."""
        run = context.dagster_run
        if run is None or context.instance is None:
            yield self
            return
        begun = lifecycle.CarriedRun.begun(
            self.settings, run.run_id, run.job_name, door_of(run.tags)
        )
        with lifecycle.carry(begun, log().info) as carried:
            carried.instance = context.instance
            whole = run.job_name == REFRESH_JOB and run.asset_selection is None
            try:
                self._prepare(carried, run.tags, whole)
            except UserError as error:
                # Dagster keeps its text and not its exit code.
                carried.refused = error
                raise
            try:
                yield self
            finally:
                close_connections()

    def _prepare(self, run: lifecycle.CarriedRun, tags: Mapping[str, str], whole: bool) -> None:
        assert run.instance is not None
        settle_records(self.settings)
        settle_dagster(self.settings, run.instance, but=run.record.run_id)
        before.look_before(self.settings)
        if whole:
            run.change(whole=True, sources=before.begin_whole(self.settings))
        with self.get_connection() as con:
            if ACCEPT_DRIFT_TAG in tags:
                before.accept_drift(con)
            if REBUILD_TAG in tags:
                before.build_all(con)


def door_of(tags: Mapping[str, str]) -> str:
    """Who started a run, by Dagster's tags."""
    for tag, name in (("dagster/schedule_name", "schedule"), ("dagster/sensor_name", "sensor")):
        if tag in tags:
            return f"{name} {tags[tag]}"
    return tags.get(DOOR_TAG, "Dagster page")
