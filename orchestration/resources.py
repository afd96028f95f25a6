"""What Dagster operations share: the right to write the warehouse, held for a whole run."""

from collections.abc import Iterator

import dagster as dg

from orchestration.locking import WriterLock
from orchestration.logs import log
from orchestration.settings import Settings


def warehouse_resource(settings: Settings) -> dg.ResourceDefinition:
    """A resource that holds the writer lock from a run's first step to its last.

    All steps of a run share one process (in-process executor), so the lock lives as long as the
    run; a second run, from whatever door, waits for it. dbt's connections are closed with it.

    Parameters:
        settings: paths; the lock belongs to the data folder.
    """

    @dg.resource(description="The exclusive right to write the warehouse.")
    def warehouse(_context: dg.InitResourceContext) -> Iterator[Settings]:
        with WriterLock(settings.data_dir, on_wait=log().info):
            try:
                yield settings
            finally:
                from orchestration.transform.dbt import close_connections

                close_connections()

    return warehouse
