"""`nightly`: what a night costs: news, no news, another day, one edit; beside the full run.

Every step is a `c360 run` in a process of its own, over one data folder and a copy of the project,
in which the edits are made. The product is a black box: files in, published tables out. The last
step builds everything again over the same state, and what is published must then be equal.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.delivery import deliver
from benchmarks.harness import RESULTS, Measurement, child, environment_for, measure
from benchmarks.later_clock import DAY_SECONDS, clock_library, environment_on
from benchmarks.layer_costs import Sampler, step_costs
from benchmarks.pipeline import file_sizes, step_spans
from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT
from orchestration.terminal import Console

END_ON = date(2026, 10, 1)
"""First day after the company's history. The deliveries' days follow it and must have been."""
SEED = 360
PROJECT = (
    "orchestration", "dbt_project", "sql_templates", "dashboards", "reporting_names", "profiles.yml"
)  # fmt: skip
OURS = ("C360_LANDING_DIR", "C360_DBT_PROJECT_DIR", "C360_AS_OF")
"""Variables that would lead a run elsewhere."""

NO_COMPILER = "left out: without a C compiler the clock of a process can't be another day's"

EDITS = {
    "segment": ("dbt_project/models/segments/loyalty_points_over_1000.sql", "> 1000", "> 800"),
    "policy row": (
        "dbt_project/seeds/policy/clv_settings.csv",
        "\nhigh_value_top_share,0,",
        "\nhigh_value_top_share,0.1,",
    ),
    "comment": (
        "orchestration/dashboard/charts.py",
        "from __future__ import annotations\n",
        "# A comment.\nfrom __future__ import annotations\n",
    ),
}
"""File of the project, a text in it, and what stands there after the edit."""


@dataclass
class Night:
    """The folder that the steps share.

    Attributes:
        folder: holds the data folder and the copy of the project.
        console: where progress goes.
        library: shifts the clock; None when there is none.
        days: by how many days the next run is later.
        measured: the runs so far.
    """

    folder: Path
    console: Console
    library: Path | None = None
    days: int = 0
    measured: list[Measurement] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        """Landing files, warehouse, what is published."""
        return self.folder / "data"

    @property
    def project(self) -> Path:
        """The copy of the project that runs."""
        return self.folder / "project"

    @property
    def published(self) -> Path:
        """The published file."""
        return self.data_dir / "published" / "insights.duckdb"

    def run(self, name: str, *arguments: str, **findings: Any) -> None:
        """Measure a `c360 run`.

        Parameters:
            name: what has happened before it.
            arguments: of `c360 run`.
            findings: kept beside the measurement.
        """
        self.console.print(f"  {name} …")
        environment = {**environment_for(self.data_dir), **environment_on(self.library, self.days)}
        environment = {k: v for k, v in environment.items() if k not in OURS}
        # In a small company chance alone halves a table of a few rows, which closes a gate.
        command = child("orchestration.cli", "run", "--accept-drift", *arguments)
        sampler = Sampler()
        found = measure(name, command, environment, self.project, sampler.watch)
        # Kept on the screen, should a later run fail after hours.
        self.console.print(f"    {found.wall_seconds:.1f} s, {found.cpu_seconds:.1f} cpu s")
        later = self.days * DAY_SECONDS if self.library else 0
        spans = {
            step: (begin - later, end - later)
            for step, (begin, end) in step_spans(self.data_dir).items()
        }
        output = {
            **file_sizes(self.data_dir),
            **findings,
            "steps": step_costs(spans, sampler.end()),
        }
        self.measured.append(replace(found, output=output))

    def edit(self, what: str) -> None:
        """Make one of the edits in the copy of the project.

        Raises:
            UserError: the file no longer holds what is to be edited.
        """
        file, before, after = EDITS[what]
        path = self.project / file
        text = path.read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise UserError(f"{file} has {before!r} not once: the benchmark's edit needs mending.")
        path.write_text(text.replace(before, after), encoding="utf-8")


def run(customers: int, console: Console, keep: Path | None = None) -> list[Measurement]:
    """Measure the steps of a night over a company that is made for it.

    Parameters:
        customers: size of the company.
        console: where progress goes.
        keep: folder to work in and to leave behind; a temporary one without it.

    Returns:
        A measurement per step, with the costs of each Dagster step and the ratio to the last full
        run; that one names the published tables that differ from those before it.

    Raises:
        UserError: the folder is not empty, or a run failed.
    """
    with _folder(keep) as folder:
        night = Night(folder, console, clock_library(folder))
        _copy_project(night.project)
        console.print(f"Making a company of {customers:,} people in {folder} …", soft_wrap=True)
        made = ("demo", "--customers", str(customers), "--end-on", str(END_ON), "--seed", str(SEED))
        measure("demo", child("orchestration.cli", *made), environment_for(night.data_dir))
        night.run("full run, empty warehouse")
        night.run("no news, same day")
        night.days = 1
        if night.library:
            night.run("no news, next day")
        else:
            left_out = Measurement("no news, next day", 0.0, 0.0, 0.0, {"left out": NO_COMPILER})
            night.measured.append(left_out)
        for number, name in enumerate(("one per cent of news", "one per cent more over it"), 1):
            landing_dir, spill_dir = night.data_dir / "landing", night.folder / "spill"
            rows = deliver(landing_dir, number, END_ON, SEED, spill_dir)
            night.run(name, delivered=rows)
        for what in EDITS:
            night.edit(what)
            night.run(f"one {what} edited")
        before = fingerprints(night.published)
        night.run("full run again", "--rebuild")
        differing = differing_tables(before, fingerprints(night.published))
        *others, full = night.measured
        return with_ratios([*others, replace(full, differing=differing)])


def with_ratios(measured: list[Measurement]) -> list[Measurement]:
    """The measurements, each with its clock and its CPU by those of the last."""
    full = measured[-1]
    found = []
    for step in measured:
        ratios = {
            "wall by full run": round(step.wall_seconds / full.wall_seconds, 3),
            "cpu by full run": round(step.cpu_seconds / full.cpu_seconds, 3),
        }
        found.append(replace(step, output={**ratios, **step.output}))
    return found


def fingerprints(database: Path) -> dict[str, tuple[Any, ...]]:
    """Rows and a sum of their hashes of every table of a database, whatever the rows' order.

    Parameters:
        database: a DuckDB file that nobody writes.
    """
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where not internal"
        ).fetchall()
        prints = {}
        for (table,) in tables:
            schema, name = table.split(".", 1)
            row = con.execute(
                f'select count(*), sum(md5_number_lower(t::varchar)) from "{schema}"."{name}" as t'
            ).fetchone()
            prints[table] = row or ()
        return prints


def differing_tables(
    before: dict[str, tuple[Any, ...]], after: dict[str, tuple[Any, ...]]
) -> tuple[str, ...]:
    """Tables that are missing on one side, or have other rows."""
    names = sorted(before.keys() | after.keys())
    return tuple(name for name in names if before.get(name) != after.get(name))


def _copy_project(target: Path) -> None:
    """The compiled Python comes along with the files' times, so that no run compiles it."""
    target.mkdir(parents=True)
    for name in PROJECT:
        source = PROJECT_ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("target", "logs"))
        else:
            shutil.copy2(source, target / name)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        RESULTS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="nightly_", dir=RESULTS) as name:
            yield Path(name)
        return
    folder = keep.expanduser().resolve()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UserError(f"{folder} is not an empty folder. Name one for --keep that is.", 2)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
