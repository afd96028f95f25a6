"""`c360 source expectations NAME`: a suite proposed from a source's profile, to be reviewed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from orchestration.errors import UserError
from orchestration.expectations.rules import propose, query_of
from orchestration.expectations.suites import PROPOSED, REVIEWED, load_source_suite, suites_folder
from orchestration.locking import holder_of
from orchestration.profiles.newest import newest_profiles
from orchestration.project_files import editing, replace_text
from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.warehouse import connect_reader

HEADER = """\
# Proposed by `c360 source expectations {name}` from profiles of {day} or later.
# Read it, correct it, take out what need not hold, then write `status: reviewed`: from then on
# every run checks it on the landing views before staging, and a broken promise stops the run
# (`severity: warning` on a promise only shows it). `mostly` is the share of rows that must agree.
status: {status}
"""


def propose_expectations(
    settings: Settings,
    name: str,
    yes: bool = False,
    console: Console | None = None,
    confirm: Callable[[str], bool] | None = None,
) -> Path | None:
    """Propose a Great Expectations suite for a source from its newest column profile.

    Parameters:
        settings: paths; the warehouse is opened read-only.
        name: the source system.
        yes: write without asking.
        console: where the table goes; standard output by default.
        confirm: asks whether to write; None (no terminal) writes nothing without `yes`.

    Returns:
        The file that was written, or None when nobody said yes.

    Raises:
        UserError: there is no profile of the source, a run is writing, or the source's suite has
            been reviewed and would be overwritten.
    """
    console = console or Console()
    path = suites_folder(settings) / f"{name}.yml"
    _refuse_reviewed(path)
    if settings.warehouse_path.exists() and (holder := holder_of(settings.data_dir)):
        raise UserError(
            f"A run is writing the warehouse ({holder}). Wait until it has finished and try again."
        )
    with connect_reader(settings) as con:
        queries, promises, day = _proposal(con, name)
    console.print(_as_table(name, day, promises))
    if not yes and not (confirm and confirm(f"Write {path}?")):
        console.print(
            f"Nothing was written. `c360 source expectations {name} --yes` writes {path}.",
            soft_wrap=True, highlight=False,
        )  # fmt: skip
        return None
    with editing(settings.dbt_project_dir):
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_reviewed(path)
        replace_text(path, suite_text(name, day, queries, promises))
    load_source_suite(path)
    console.print(
        f"Wrote {path} with {len(promises)} promises. Review it and set `status: reviewed` to have "
        "runs enforce it.",
        soft_wrap=True, highlight=False,
    )  # fmt: skip
    return path


def _refuse_reviewed(path: Path) -> None:
    if path.exists() and load_source_suite(path).status == REVIEWED:
        raise UserError(
            f"{path} has been reviewed and is enforced, so it is not written again. Set its "
            f"status to {PROPOSED} or move it away to get a new proposal."
        )


def _proposal(
    con: duckdb.DuckDBPyConnection, name: str
) -> tuple[dict[str, str], list[dict[str, Any]], str]:
    try:
        tables = newest_profiles(con, name)
        row = con.execute(
            "select min(profiled_at)::date::varchar, list(distinct source_system order by 1) "
            "from operations.newest_profiles where source_system = $1 or not exists "
            "(from operations.newest_profiles where source_system = $1)",
            [name],
        ).fetchone()
    except duckdb.CatalogException:
        tables, row = {}, None
    day, known = row or ("", [])
    if not tables:
        raise UserError(
            f"There is no profile of a source {name}. "
            + (f"There are profiles of {', '.join(known)}. " if known else "")
            + "Declare the source and start `c360 run`; the run profiles what it loads.",
            3,
        )
    promises = [
        promise
        for (table, view), columns in tables.items()
        for promise in propose(table, view, columns)
    ]
    queries = {
        table: query_of(view, columns)
        for (table, view), columns in tables.items()
        if any(promise["table"] == table for promise in promises)
    }
    return queries, promises, str(day)


def _as_table(name: str, day: str, promises: Sequence[dict[str, Any]]) -> Table:
    title = f"Expectations of {name}, from profiles of {day} or later"
    table = Table("table", "column", "rule", "expectation", title=title)
    for promise in promises:
        detail = {k: v for k, v in promise["arguments"].items() if k != "column"}
        text = ", ".join(f"{key} {value}" for key, value in detail.items())
        shown = re.sub(r"^Expect", "", promise["expectation"])
        table.add_row(
            promise["table"], promise.get("column", ""), promise["rule"], f"{shown}: {text}"
        )
    return table


def suite_text(
    name: str, day: str, queries: dict[str, str], promises: Sequence[dict[str, Any]]
) -> str:
    """The suite as YAML, in the format of the gates' suites.

    Parameters:
        name: the source system.
        day: of the oldest profile.
        queries: one per table; its promises look at it unless they have their own.
        promises: entries of `rules.propose`.
    """
    lines = [HEADER.format(name=name, day=day, status=PROPOSED), "queries:\n"]
    for table, query in queries.items():
        lines.append(f"  {table}: |-\n{_indented(query, 4)}\n")
    lines.append("promises:\n")
    for promise in promises:
        lines.append(f"  - name: {promise['name']}\n")
        for key, value in promise.items():
            if key == "query":
                lines.append(f"    query: |-\n{_indented(value, 6)}\n")
            elif key == "arguments":
                # JSON is YAML, and quotes what YAML would take for a number, a date or a yes.
                lines.append(f"    arguments: {json.dumps(value, ensure_ascii=False)}\n")
            elif key != "name":
                lines.append(f"    {key}: {json.dumps(value, ensure_ascii=False)}\n")
    return "".join(lines)


def _indented(text: str, blanks: int) -> str:
    return "\n".join(" " * blanks + line for line in text.splitlines())
