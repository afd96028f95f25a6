"""Generate the demo company: DuckDB makes the rows, chunk by chunk; Python moves the files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from orchestration.demo import knobs, outputs, placement, totals
from orchestration.demo.parameters import SQL_DIR, DemoParameters, generator_version

Progress = Callable[[str, int, int], None]

CHUNK_STEPS = (
    ("people", "people"),
    ("records", "records"),
    ("records", "told"),
    ("purchases", "purchases"),
    ("orders", "orders"),
    ("loyalty points", "loyalty"),
    ("web visits", "web"),
    ("campaigns", "email"),
    ("consents", "consents"),
    ("mess", "landing"),
    ("mess", "landing_web"),
    ("mess", "landing_email"),
    ("mess", "broken"),
    ("truth", "truth"),
)
"""Label and SQL file of every step, in order; each reads only what stands before it."""


def generate(
    parameters: DemoParameters,
    landing_dir: Path,
    truth_dir: Path,
    progress: Progress | None = None,
    *,
    chunk_size: int = knobs.CHUNK_SIZE,
    threads: int = 2,
) -> dict[str, Any]:
    """Write the demo company's landing files and truth tables, or keep those that are there.

    Equal parameters give equal rows whatever the thread count and the chunk size; equal files,
    byte for byte, when the chunk size is equal too. A killed run leaves the folders as they were.

    Parameters:
        parameters: size, seed and period.
        landing_dir: receives one folder per source system and `.demo.json`.
        truth_dir: receives people.csv, records.csv, parameters.json, totals.json.
        progress: called with a label, steps done and steps in all.
        chunk_size: people generated at a time, rounded down to whole family blocks; bounds memory.
        threads: DuckDB threads.

    Returns:
        The totals as in totals.json.

    Raises:
        UserError: one of the folders holds files that this generator did not write.
    """
    version = generator_version()
    wanted: dict[str, Any] = {"parameters": parameters.as_json(), "generator_version": version}
    known_totals = placement.reusable_totals(landing_dir, truth_dir, wanted)
    if known_totals is not None:
        return known_totals
    with placement.Workspace(landing_dir, truth_dir) as workspace:
        builder = _Builder(parameters, workspace, progress, chunk_size, threads)
        found_totals = builder.build()
        _write_json(workspace.truth_build / "totals.json", found_totals)
        _write_json(
            workspace.truth_build / "parameters.json",
            {
                **wanted["parameters"],
                "generator_version": version,
                "start_on": parameters.start_on.isoformat(),
                "bg_nbd": {k: asdict(knobs.PURCHASE_PROCESS)[k] for k in ("r", "alpha", "a", "b")},
                "gamma_gamma": {k: asdict(knobs.PURCHASE_PROCESS)[k] for k in ("p", "q", "gamma")},
                "company": asdict(knobs.COMPANY),
                "mess": asdict(knobs.MESS),
            },
        )
        workspace.put_in_place({**wanted, "totals": found_totals})
    return found_totals


class _Builder:
    """One run: the connection, what it is bound to, and how far it has come."""

    def __init__(
        self,
        parameters: DemoParameters,
        workspace: placement.Workspace,
        progress: Progress | None,
        chunk_size: int,
        threads: int,
    ) -> None:
        block = knobs.FAMILY_BLOCK
        size = max(block, chunk_size // block * block)
        last = parameters.customers
        self.chunks = [(first, min(first + size - 1, last)) for first in range(1, last + 1, size)]
        self.bindings = parameters.bindings()
        self.workspace = workspace
        self.progress = progress
        self.done = 0
        file_steps = len(outputs.CHUNK_FILES) + 2  # the SQLite tables, the truth
        self.total = len(self.chunks) * (len(CHUNK_STEPS) + file_steps)
        self.connection = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "memory_limit": knobs.MEMORY_LIMIT,
                "temp_directory": str(workspace.spill_dir),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "checkpoint_threshold": "1TB",
            },
        )

    def build(self) -> dict[str, Any]:
        """Write all files into the workspace and return the totals."""
        try:
            for name in ("macros", "mess", "lists"):
                self._run(name)
            self.connection.execute(totals.ACCUMULATORS)
            loyalty_dir = self.workspace.landing_build / "loyalty"
            loyalty_dir.mkdir(parents=True)
            with outputs.loyalty_database(loyalty_dir / "loyalty.sqlite") as database:
                for number, (first, last) in enumerate(self.chunks, start=1):
                    self.bindings |= {"first_person": first, "last_person": last}
                    self._build_chunk(number, database)
                outputs.append_to_sqlite(
                    self.connection, database, "tiers", "from tiers order by tier_rank"
                )
            self._write_company_files()
            return totals.collect(self.connection)
        finally:
            self.connection.close()

    def _build_chunk(self, number: int, database: sqlite3.Connection) -> None:
        for label, name in CHUNK_STEPS:
            self._run(name)
            self._step(label)
        for file in outputs.CHUNK_FILES:
            outputs.write_chunk_file(self.connection, file, self.workspace.landing_build, number)
            self._step(f"writing {file.name}")
        for table, source in outputs.SQLITE_TABLES:
            query = f"{outputs.file_rows(source)} order by sort_key, defect"
            outputs.append_to_sqlite(self.connection, database, table, query)
        self._step("writing loyalty")
        for name, order in (
            ("people", "person_id"),
            ("records", "source_system, source_record_id"),
        ):
            part = self.workspace.truth_build / f"{name}.part"
            query = f"from truth_{name} order by {order}"
            outputs.copy_rows(self.connection, query, part, header=number == 1)
            outputs.append_file(part, self.workspace.truth_build / f"{name}.csv")
        self._step("writing truth")

    def _write_company_files(self) -> None:
        """Products and campaigns: once, not per chunk."""
        self._run("catalogue")
        for name, order in (
            ("web_shop/products", "product_id"),
            ("email_marketing/campaigns", "campaign_id"),
        ):
            folder = self.workspace.landing_build / name
            folder.mkdir(parents=True, exist_ok=True)
            table = name.replace("/", "_")
            path = folder / f"{folder.name}.csv"
            outputs.copy_rows(self.connection, f"from {table} order by {order}", path)

    def _run(self, name: str) -> None:
        """Run one SQL file, each statement bound to the values it names."""
        text = (SQL_DIR / f"{name}.sql").read_text(encoding="utf-8")
        for statement in self.connection.extract_statements(text):
            values = {name: self.bindings[name] for name in statement.named_parameters}
            self.connection.execute(statement, values)

    def _step(self, label: str) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(label, self.done, self.total)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
