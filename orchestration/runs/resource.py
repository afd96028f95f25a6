"""The Dagster resource that carries a run: with the right to write the warehouse for all of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb

from orchestration.activation.recorded import record
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.resources import Warehouse
from orchestration.run_records import ACTIVATION_JOB, REFRESH_JOB
from orchestration.runs import before, lifecycle
from orchestration.runs.repair import settle_dagster, settle_records
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections
from orchestration.warehouse import keep_open

DOOR_TAG = "c360/door"
ACCEPT_DRIFT_TAG = "c360/accept_drift"
REBUILD_TAG = "c360/rebuild"


class CarryingWarehouse(Warehouse):
    """The warehouse, with its lock.

    All steps of a run share one process (in-process executor), so the lock lives as long as the
    run; a second run, from whatever door, waits for it. Entering it is where every run begins and
    ends: see `orchestration.runs.lifecycle`.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[CarryingWarehouse]:
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
                try:
                    self._prepare(carried, run.tags, whole)
                except UserError as error:
                    # Dagster keeps its text and not its exit code.
                    carried.refused = error
                    raise
                yield self
            finally:
                close_connections()

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As of `Warehouse`, over a file that stays open between the steps."""
        with super().get_connection() as con:
            keep_open(Path(self.database))
            yield con

    def _prepare(self, run: lifecycle.CarriedRun, tags: Mapping[str, str], whole: bool) -> None:
        assert run.instance is not None
        settle_records(self.settings)
        settle_dagster(self.settings, run.instance, but=run.record.run_id)
        before.look_before(self.settings, self.get_connection)
        if whole:
            run.change(whole=True, sources=before.begin_whole(self.settings))
        with self.get_connection() as con:
            if whole:
                record(con, self.settings)
            if ACCEPT_DRIFT_TAG in tags:
                before.accept_drift(con)
            if REBUILD_TAG in tags:
                before.build_all(con)


class CarryingSyncs(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What carries a run of syncs, which does not write the warehouse.

    Where layers are made in the same run, the warehouse carries it.

    Parameters:
        data_dir, landing_dir, dbt_project_dir: as of `Warehouse`.
    """

    data_dir: str
    landing_dir: str
    dbt_project_dir: str

    @classmethod
    def of(cls, settings: Settings) -> CarryingSyncs:
        """Of an installation."""
        return cls(
            data_dir=str(settings.data_dir),
            landing_dir=str(settings.landing_dir),
            dbt_project_dir=str(settings.dbt_project_dir),
        )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[CarryingSyncs]:
        """Carry the run from its first sync to its last."""
        run = context.dagster_run
        chosen = run.asset_selection or () if run else ()
        of_syncs = all(key.path[0] == ACTIVATION_JOB for key in chosen)
        if run is None or context.instance is None or not of_syncs:
            yield self
            return
        settings = Settings(Path(self.data_dir), Path(self.landing_dir), Path(self.dbt_project_dir))
        begun = lifecycle.CarriedRun.begun(settings, run.run_id, ACTIVATION_JOB, door_of(run.tags))
        with lifecycle.carry(begun, log().info, writes=False) as carried:
            carried.instance = context.instance
            yield self


def door_of(tags: Mapping[str, str]) -> str:
    """Who started a run, by Dagster's tags."""
    for tag, name in (("dagster/schedule_name", "schedule"), ("dagster/sensor_name", "sensor")):
        if tag in tags:
            return f"{name} {tags[tag]}"
    return tags.get(DOOR_TAG, "Dagster page")
