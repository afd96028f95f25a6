"""Where things live. `C360_DATA_DIR` moves the data folder; nothing else needs configuring."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"

LAYERS = ("staging", "conformed", "identity", "profile", "value", "segments", "insights")
"""The layers in the order of the chain: a folder, a schema, an asset group, a page in docs each."""


@dataclass(frozen=True)
class Settings:
    """Paths of one installation.

    Attributes:
        data_dir: everything the product writes; `data/` unless `C360_DATA_DIR` says otherwise.
        landing_dir: where source files arrive; `<data>/landing` unless `C360_LANDING_DIR` is set.
        dbt_project_dir: the dbt project; `dbt_project/` unless `C360_DBT_PROJECT_DIR` is set.
    """

    data_dir: Path
    landing_dir: Path
    dbt_project_dir: Path

    @classmethod
    def from_env(cls, landing_dir: Path | None = None) -> Settings:
        """Read the settings from the environment.

        Parameters:
            landing_dir: overrides the landing folder for this call.
        """
        data_dir = Path(os.environ.get("C360_DATA_DIR") or PROJECT_ROOT / "data").resolve()
        landing = landing_dir or Path(os.environ.get("C360_LANDING_DIR") or data_dir / "landing")
        project = Path(os.environ.get("C360_DBT_PROJECT_DIR") or DBT_PROJECT_DIR)
        return cls(data_dir, landing.resolve(), project.resolve())

    @property
    def warehouse_path(self) -> Path:
        """The warehouse: one writer, no reader beside it."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def insights_build_path(self) -> Path:
        """The reporting model while it is being built; publishing copies it."""
        return self.data_dir / "build" / "insights_build.duckdb"

    @property
    def published_path(self) -> Path:
        """The reporting model that BI tools and dashboards open."""
        return self.data_dir / "published" / "insights.duckdb"

    @property
    def truth_dir(self) -> Path:
        """What the demo generator knows and the pipeline must find out by itself."""
        return self.data_dir / "truth"

    @property
    def data_docs_dir(self) -> Path:
        """The validation pages that the gates write."""
        return self.data_dir / "data_docs"

    @property
    def log_dir(self) -> Path:
        """The one place of all logs."""
        return self.data_dir / "logs"

    @property
    def runs_dir(self) -> Path:
        """One record per run, from whatever door."""
        return self.data_dir / "runs"

    @property
    def proof_path(self) -> Path:
        """The proof that the reporting model beside it has passed every gate."""
        return self.data_dir / "build" / "insights_build.proof.json"

    @property
    def published_proof_path(self) -> Path:
        """The proof of what is published."""
        return self.published_path.with_suffix(".proof.json")

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history and schedule state."""
        return self.data_dir / "dagster"

    @property
    def dbt_target_dir(self) -> Path:
        """dbt's compiled SQL, manifest and run results."""
        return self.data_dir / "dbt_target"
