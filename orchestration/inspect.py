"""Looking at what an installation holds without touching it."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration.errors import UserError
from orchestration.locking import WriterLock
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.warehouse import connect_published


def run_query(settings: Settings, sql: str, output: str, limit: int, console: Console) -> None:
    """Run one statement over the published model and print its rows.

    Parameters:
        settings: paths.
        sql: the statement, or the path of a file with one, e.g. sql_templates/key_figures.sql. The
            connection is read-only and can't reach files or the network.
        output: table, csv or json.
        limit: most rows to print.
        console: where a table goes; csv and json go to standard output.

    Raises:
        UserError: the statement is wrong, or nothing is published.
    """
    if output not in ("table", "csv", "json"):
        raise UserError(f"--format {output} is unknown. Use table, csv or json.", 2)
    if sql.endswith(".sql"):
        path = Path(sql)
        if not path.is_file():
            raise UserError(f"There is no file {sql}. Give one SQL statement or a .sql file.", 2)
        sql = path.read_text(encoding="utf-8")
    with connect_published(settings) as con:
        try:
            result = con.execute(sql)
            names = [column[0] for column in result.description or []]
            rows = result.fetchmany(limit + 1) if names else []
        except duckdb.Error as error:
            raise UserError(f"The published model can't answer that: {error}", 2) from None
    shown = rows[:limit]
    if output == "json":
        print(json.dumps([dict(zip(names, r, strict=True)) for r in shown], indent=2, default=str))
    elif output == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(shown)
    else:
        table = Table(*names)
        for row in shown:
            table.add_row(*("" if value is None else str(value) for value in row))
        console.print(table)
    if len(rows) > limit:
        print(f"Only the first {limit} rows are shown; --limit shows more.", file=sys.stderr)


def write_dbt_docs(settings: Settings) -> Path:
    """Generate dbt's documentation from the project and the warehouse's catalog, and the contracts.

    Returns:
        The page, below the data folder.

    Raises:
        UserError: dbt could not read the warehouse.
    """
    from orchestration.sources.contracts_docs import write_contracts
    from orchestration.transform.dbt import close_connections, run_dbt
    from orchestration.transform.parsing import load_manifest

    with WriterLock(settings.data_dir):
        try:
            for _ in run_dbt(settings, ["docs", "generate", "--static"]):
                pass
        finally:
            close_connections()
    write_contracts(load_manifest(settings), PROJECT_ROOT / "docs" / "contracts")
    return settings.dbt_target_dir / "static_index.html"
