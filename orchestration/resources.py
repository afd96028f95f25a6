"""What Dagster operations share: the warehouse of an installation and its connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import duckdb
from dagster_duckdb import DuckDBResource

from orchestration.settings import Settings
from orchestration.warehouse import open_writer


class Warehouse(DuckDBResource):
    """The warehouse of one installation: its connections and their limits.

    Steps ask for no more than this. What they are given in a run is the one that carries it,
    `orchestration.runs.resource.CarryingWarehouse`; this one takes no lock.

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
    def of(cls, settings: Settings) -> Self:
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
