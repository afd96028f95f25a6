"""A source read and staged beside the warehouse, to see what a run would make of its files."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from orchestration.errors import UserError
from orchestration.ingest import LoadedTable, SourceTable, declared_source_tables, load_all
from orchestration.ingest.accounting import StagedTable, staged_tables
from orchestration.ingest.quarantine import account
from orchestration.policy.declared_columns import check_declared_columns, namespaces_of
from orchestration.settings import Settings
from orchestration.terminal import Console, styled
from orchestration.warehouse import connect_writer

EXAMPLES = 5


@dataclass
class TableCheck:
    """What a run would make of one source table, or of one staging model over it.

    Attributes:
        table: the source table.
        model: the staging model; None for a table that none reads.
        files: number of files.
        rows_read: rows and unreadable lines in them.
        rows_accepted: rows that would go on.
        rows_quarantined: rows to be corrected.
        rows_superseded: repetitions and older versions.
        worst_share: greatest share of faulty rows in a file.
        threshold: the share that the source allows.
        reasons: (reason, column, rows), most frequent first.
        examples: (reason, file, line, column) of some rows, without their values.
        drift: (file, column, change, policy).
        waiting: files that are not complete yet, with the reason.
        set_aside: what fits the pattern and is left out, with the reason.
        failures: what would stop the run.
    """

    table: str
    model: str | None
    files: int
    rows_read: int
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_superseded: int = 0
    worst_share: float = 0.0
    threshold: float = 0.0
    reasons: list[tuple[str, str | None, int]] = field(default_factory=list)
    examples: list[tuple[str, str, int | None, str | None]] = field(default_factory=list)
    drift: list[tuple[str, str, str, str]] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether a run would go on."""
        return not self.failures and self.worst_share <= self.threshold


def check_source(settings: Settings, name: str, console: Console, as_json: bool = False) -> bool:
    """Load and stage one source in a folder of its own, print the findings, and clean up.

    Parameters:
        settings: paths; the warehouse is not touched.
        name: the source system.
        console: where the tables go.
        as_json: print one JSON document instead.

    Returns:
        Whether a run would accept the source as it is.

    Raises:
        UserError: there is no such source.
    """
    from orchestration.transform.left_by_parse import hand_over_parse
    from orchestration.transform.parsing import load_manifest

    manifest = load_manifest(settings)
    check_declared_columns(manifest, namespaces_of(settings.dbt_project_dir))
    declared = declared_source_tables(manifest)
    tables = [table for table in declared if table.source == name]
    if not tables:
        known = ", ".join(sorted({table.source for table in declared}))
        raise UserError(
            f"There is no source {name}. Known are {known}. `c360 source add {name} PATH` makes "
            "a new one.",
            2,
        )
    base = settings.data_dir / "tmp"
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="check-", dir=base))
    try:
        aside = Settings(folder, settings.landing_dir, settings.dbt_project_dir)
        hand_over_parse(settings, aside)
        checks = _check(aside, manifest, tables)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _show(name, checks, console)
    return all(check.is_good for check in checks)


def _check(
    aside: Settings, manifest: Mapping[str, Any], tables: list[SourceTable]
) -> list[TableCheck]:
    from orchestration.transform.dbt import close_connections, run_dbt

    loaded = {entry.table.label: entry for entry in load_all(aside, tables)}
    staged = [s for s in staged_tables(manifest) if s.source.label in loaded]
    failed: dict[str, str] = {}
    if staged:
        models = [s.model for s in staged]
        without = ["--exclude-resource-type", "test", "unit_test"]
        for result in run_dbt(aside, ["build", "--select", *models, "reject_reasons", *without]):
            if result.is_failure:
                failed[result.unique_id.split(".")[2]] = " ".join(result.message.split())[:400]
        close_connections()
    now = datetime.now(UTC).replace(tzinfo=None)
    checks = []
    with connect_writer(aside) as con:
        for model in staged:
            if model.model in failed:
                check = _of_table(loaded[model.source.label], model.model)
                check.failures.append(
                    f"{model.model} can't be built: {failed[model.model]}. Correct the model."
                )
            else:
                account(con, model, now)
                check = _of_model(con, loaded[model.source.label], model)
            checks.append(check)
        read = {model.source.label for model in staged}
        checks += [_of_table(e, None) for label, e in loaded.items() if label not in read]
        for check in checks:
            check.drift = con.execute(
                "select source_file, column_name, change, policy from operations.schema_drift "
                "where source_table = ? order by all",
                [check.table],
            ).fetchall()
    return sorted(checks, key=lambda check: (check.table, check.model or ""))


def _of_table(entry: LoadedTable, model: str | None) -> TableCheck:
    return TableCheck(
        entry.table.table,
        model,
        entry.files,
        entry.rows_loaded + entry.rows_rejected,
        threshold=entry.table.quarantine_threshold,
        waiting=dict(entry.waiting),
        set_aside=dict(entry.set_aside),
        failures=list(entry.failures),
    )


def _of_model(con: duckdb.DuckDBPyConnection, entry: LoadedTable, model: StagedTable) -> TableCheck:
    check = _of_table(entry, model.model)
    row = con.execute(
        "select coalesce(sum(rows_read), 0)::bigint, coalesce(sum(rows_accepted), 0)::bigint, "
        "coalesce(sum(rows_quarantined), 0)::bigint, coalesce(sum(rows_superseded), 0)::bigint, "
        "coalesce(max(faulty_share), 0) from operations.row_accounting where staging_model = ?",
        [model.model],
    ).fetchone()
    assert row
    check.rows_read, check.rows_accepted, check.rows_quarantined = row[0], row[1], row[2]
    check.rows_superseded, check.worst_share = row[3], row[4]
    check.reasons = con.execute(
        "select reason, column_name, sum(row_count)::bigint from operations.reject_counts "
        "where staging_model = ? group by reason, column_name order by 3 desc, 1, 2",
        [model.model],
    ).fetchall()
    check.examples = con.execute(
        "select reason, source_file, line_number, column_name "
        f'from quarantine."{model.quarantine}" '
        "qualify row_number() over (partition by reason order by source_file, source_row) = 1 "
        f"order by reason limit {EXAMPLES}"
    ).fetchall()
    return check


def _show(name: str, checks: list[TableCheck], console: Console) -> None:
    table = Table(title=f"Source {name}", title_justify="left")
    for heading in ("table", "staging model"):
        table.add_column(heading)
    for heading in ("files", "rows read", "accepted", "quarantined", "superseded", "worst file"):
        table.add_column(heading, justify="right")
    for check in checks:
        table.add_row(
            check.table,
            check.model or "none reads it",
            f"{check.files:,}",
            f"{check.rows_read:,}",
            f"{check.rows_accepted:,}",
            f"{check.rows_quarantined:,}",
            f"{check.rows_superseded:,}",
            f"{check.worst_share:.2%} of {check.threshold:.2%}",
        )
    console.print(table)
    for check in checks:
        lines = [f"{reason}{f' ({c})' if c else ''} {n:,}" for reason, c, n in check.reasons]
        if lines:
            console.print(f"{check.model}: {', '.join(lines)}", highlight=False)
        for reason, file, line, column in check.examples:
            place = f"line {line}" if line else "line unknown"
            at = f", column {column}" if column else ""
            console.print(f"  {reason}: {file}, {place}{at}", highlight=False, soft_wrap=True)
        for file, column, change, policy in check.drift:
            found = f"  {change} column {column} in {file}: {policy}"
            console.print(found, soft_wrap=True)
        for file, reason in check.waiting.items():
            console.print(f"  {file} waits: {reason}", soft_wrap=True)
        for file, reason in check.set_aside.items():
            console.print(f"  {file} is left out: {reason}", soft_wrap=True)
        for failure in dict.fromkeys(check.failures):
            console.print(styled("[red]✗[/] {}", failure), soft_wrap=True)
        if check.worst_share > check.threshold:
            console.print(
                styled(
                    "[red]✗[/] {}: {} of a file's rows are faulty, over the {} that "
                    "quarantine_threshold allows. Correct the file, the staging model or the "
                    "threshold.",
                    check.model,
                    f"{check.worst_share:.2%}",
                    f"{check.threshold:.2%}",
                ),
                soft_wrap=True,
            )
    if all(check.is_good for check in checks):
        console.print(styled("[green]✓[/] A run would accept this source as it is."))
