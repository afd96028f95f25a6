"""Looking at the state of an installation without touching it, and publishing again."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from orchestration import summary
from orchestration.errors import UserError
from orchestration.locking import WriterLock, holder_of
from orchestration.publish import Published
from orchestration.publish import publish as publish_build
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.warehouse import connect_published


def read_status(settings: Settings) -> dict[str, Any]:
    """The state of an installation.

    Returns:
        data_dir, running (who writes now, or None), published (path, bytes, published_at, as_of;
        or None) and last_run (as in last_run.json, or None).
    """
    published = None
    if settings.published_path.exists():
        stat = settings.published_path.stat()
        with connect_published(settings) as con:
            row = con.execute("select max(date_key) from insights.fact_profile").fetchone()
        published = {
            "path": str(settings.published_path),
            "bytes": stat.st_size,
            "published_at": datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(
                timespec="seconds"
            ),
            "as_of": str(row[0]) if row else None,
        }
    return {
        "data_dir": str(settings.data_dir),
        "running": holder_of(settings.data_dir) if settings.data_dir.exists() else None,
        "published": published,
        "last_run": summary.read_last_run(settings),
    }


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def show_status(console: Console, state: dict[str, Any]) -> None:
    """Print the state of an installation."""
    published, last = state["published"], state["last_run"]
    console.print(f"Data folder  {state['data_dir']}", soft_wrap=True, highlight=False)
    console.print(f"Running      {state['running'] or 'nothing'}", highlight=False)
    if published:
        text = f"{published['published_at']}, data as of {published['as_of']}"
        console.print(f"Published    {text}", highlight=False)
    else:
        console.print("Published    nothing yet; `c360 run` publishes")
    if last:
        word = "[green]succeeded[/]" if last["success"] else "[red]failed[/]"
        console.print(
            f"Last run     {last['finished_at']} {word} in {last['seconds']:.0f} s, "
            f"{last['checks_passed']} checks passed, {last['checks_failed']} not",
            highlight=False,
        )
        if last["failure"]:
            console.print(f"             {last['failure']}", soft_wrap=True, highlight=False)


def publish_again(settings: Settings) -> Published:
    """Publish the build of the last run, if that run was good.

    Raises:
        UserError: the last run failed, so its build has not passed the gates, or there is none.
    """
    last = summary.read_last_run(settings)
    if last and not last["success"]:
        raise UserError(
            "The last run did not pass its gates, so its build must not be published. What is "
            "published is the last good state. Correct the cause and start `c360 run`."
        )
    with WriterLock(settings.data_dir, timeout_seconds=0):
        return publish_build(settings)


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
