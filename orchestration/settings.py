"""Where things live. `C360_DATA_DIR` moves the data folder; nothing else needs configuring."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import UserError
from orchestration.limits import Limits
from orchestration.private_files import Readers

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"

UNSAFE = ("'", "{", "}", "?", "\\")
"""Tried: dbt and DuckDB's attach read each as something else than a letter of a name."""
PARTS = (
    "dbt_project/dbt_project.yml", "profiles.yml", "sql_templates", "dashboards", "reporting_names"
)  # fmt: skip
"""What the program reads of the project beside itself; a package built from it has none of this."""

LAYERS = ("staging", "conformed", "identity", "profile", "value", "segments", "insights")
"""The layers in the order of the chain: a folder, a schema, an asset group, a page in docs each."""
DATA_DOCS_PATH = "/data-docs"
"""Where `c360 ui` serves the pages of the gates, on Dagster's own address."""


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

        Raises:
            UserError: a variable has a value that can't be, or the program stands without its
                project.
        """
        require_project()
        Limits.from_env()
        Readers.from_env()
        data_dir = _folder("C360_DATA_DIR", PROJECT_ROOT / "data")
        landing = landing_dir or _folder("C360_LANDING_DIR", data_dir / "landing")
        project = _folder("C360_DBT_PROJECT_DIR", DBT_PROJECT_DIR)
        if not (project / "dbt_project.yml").is_file():
            raise UserError(
                f"C360_DBT_PROJECT_DIR is {project}, a folder without a dbt_project.yml. Name the "
                "folder of a dbt project, or unset it.",
                2,
            )
        return cls(data_dir, landing.resolve(), project)

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


def require_project() -> None:
    """See that the program runs from a checkout of its project, of whose files it is made.

    Raises:
        UserError: it was installed as a package, without them.
    """
    missing = [part for part in PARTS if not (PROJECT_ROOT / part).exists()]
    if missing:
        raise UserError(
            f"This c360 was installed without its project: {', '.join(missing)} should be in "
            f"{PROJECT_ROOT}. The models, templates and policies are files that your team changes, "
            "so the program runs from a checkout: clone the repository, and in it `make run`, or "
            "`pip install -e .` in an environment of your own.",
            3,
        )


def _folder(variable: str, default: Path) -> Path:
    text = os.environ.get(variable) or str(default)
    odd = [character for character in UNSAFE if character in text and variable == "C360_DATA_DIR"]
    if odd or not text.isprintable():
        shown = "a character that is not seen" if not odd else " and ".join(odd)
        raise UserError(
            f"{variable} names a folder with {shown} in its path: {text!r}. dbt and DuckDB read "
            "paths as text in which that means something else. Take another folder.",
            2,
        )
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"{variable} is {text[:80]!r}, which names no folder: {error}. Write a whole path, "
            f"such as {variable}=/srv/customer360, or unset it.",
            2,
        ) from None
