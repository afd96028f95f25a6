"""`c360 source list`: what is declared, what of it is loaded, how fresh it is, what went wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import duckdb
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from orchestration.errors import UserError
from orchestration.locking import holder_of
from orchestration.settings import Settings
from orchestration.sources.uploads import last_uploads
from orchestration.terminal import Console
from orchestration.warehouse import connect_reader

OK, WAITING, FAILED, NEVER, UNKNOWN = "ok", "waiting", "failed", "never loaded", "unknown"
LEFT_OUT = "files left out"
STATES = {"failed": FAILED, "set_aside": LEFT_OUT, "waiting": WAITING}
"""What an action of operations.ingest_log makes a table; the first in the alphabet is shown."""


@dataclass
class ListedTable:
    """One declared source table.

    Attributes:
        source, table, format, path: as declared.
        files: files that are in landing now.
        rows: rows in landing.
        rows_rejected: lines that could not be read.
        rows_quarantined: rows set aside by staging with a reason; None before the first run.
        file_bytes: size of the files.
        loaded_at: when the last of them was loaded.
        newest_data_at: the newest instant in the data (from the column profile), or the watermark
            of a database table.
        state: ok, waiting, files left out, failed, never loaded, or unknown while a run is writing.
        message: why it is not ok.
    """

    source: str
    table: str
    format: str
    path: str
    files: int = 0
    rows: int = 0
    rows_rejected: int = 0
    rows_quarantined: int | None = None
    file_bytes: int = 0
    loaded_at: str | None = None
    newest_data_at: str | None = None
    state: str = NEVER
    message: str = ""


def list_sources(
    settings: Settings, as_json: bool = False, console: Console | None = None
) -> list[ListedTable]:
    """Print every declared source table with its state.

    Works before the first run (everything is declared and never loaded) and during a run, which
    alone may read the warehouse: then only what is declared is shown, with a note.

    Parameters:
        settings: paths.
        as_json: print JSON with the lists `tables` and `uploads` and the text `running` (or null).
        console: where the table goes; standard output by default.

    Returns:
        What was printed.

    Raises:
        UserError: the project does not parse, or another program has the warehouse open.
    """
    console = console or Console()
    running = holder_of(settings.data_dir) if settings.data_dir.exists() else None
    manifest = _manifest(settings, is_running=running is not None)
    tables, uploads = _declared(manifest), []
    if running:
        for listed in tables.values():
            listed.state = UNKNOWN
    elif settings.warehouse_path.exists():
        with connect_reader(settings) as con:
            fill_in(con, tables)
            uploads = last_uploads(con, manifest)
    found = list(tables.values())
    if as_json:
        entries = [asdict(listed) for listed in found]
        said = {"running": running, "tables": entries, "uploads": [*map(asdict, uploads)]}
        print(json.dumps(said, indent=2))
        return found
    if not found:
        console.print("No source is declared. `c360 source add NAME PATH` adds one.")
        return found
    if running:
        console.print(
            f"A run is writing the warehouse ({running}); here is what is declared. Ask again when "
            "it has finished for rows and states.",
            highlight=False,
        )
    console.print(_as_table(found))
    for listed in found:
        if listed.message:
            line = f"{listed.source}.{listed.table} {listed.state}: {listed.message}"
            console.print(Text(line), soft_wrap=True)
    for upload in uploads:
        console.print(Text(str(upload)), soft_wrap=True)
    return found


def _manifest(settings: Settings, is_running: bool) -> Mapping[str, Any]:
    path = settings.dbt_target_dir / "manifest.json"
    if is_running and path.exists():
        # The run has parsed the project, and a second parse would write into the same folder.
        manifest: dict[str, Any] = json.loads(path.read_text())
        return manifest
    if is_running:
        raise UserError("A first run has just begun. Ask again when it has parsed the project.")
    from orchestration.transform.parsing import load_manifest

    return load_manifest(settings)


def _declared(manifest: Mapping[str, Any]) -> dict[tuple[str, str], ListedTable]:
    found = []
    for node in manifest["sources"].values():
        meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
        if "format" not in meta:
            continue
        place = meta.get("path") or meta.get("database_table") or ""
        found.append(ListedTable(node["source_name"], node["name"], meta["format"], str(place)))
    found.sort(key=lambda listed: (listed.source, listed.table))
    return {(listed.source, listed.table): listed for listed in found}


def fill_in(con: duckdb.DuckDBPyConnection, tables: Mapping[tuple[str, str], ListedTable]) -> None:
    """Add what the warehouse knows to the declared tables.

    Parameters:
        con: a connection to the warehouse. Tables that it lacks yet are passed over.
        tables: by source and table, changed in place.
    """
    for key, row in _rows(
        con,
        "select source_system, source_table, count(distinct source_file), "
        "sum(rows_loaded)::bigint, sum(rows_rejected)::bigint, "
        "(select sum(largest) from (select max(f.file_bytes) as largest "
        "from operations.source_files as f where f.source_system = s.source_system "
        "and f.source_table = s.source_table group by f.source_file))::bigint, "
        "max(loaded_at), max(watermark) from operations.source_files as s group by all",
    ):
        if listed := tables.get(key):
            listed.files, listed.rows, listed.rows_rejected, listed.file_bytes = row[:4]
            listed.loaded_at, listed.newest_data_at = _instant(row[4]), row[5]
            listed.state = OK
    for key, (newest,) in _rows(
        con,
        "select source_system, source_table, arg_max(newest_data_at, profile_number) "
        "from operations.profile_log group by all",
    ):
        if (listed := tables.get(key)) and newest:
            listed.newest_data_at = _instant(newest)
    for key, (quarantined,) in _rows(
        con,
        # One source table may feed several models, each of which accounts for every row.
        "select source_system, source_table, max(rows_quarantined) from (select source_system, "
        "source_table, staging_model, sum(rows_quarantined)::bigint as rows_quarantined "
        "from operations.row_accounting group by all) group by all",
    ):
        if listed := tables.get(key):
            listed.rows_quarantined = quarantined
    for key, (action, message, file) in _rows(
        con,
        # What failed or waits is tried and logged in every load, so only the last load counts.
        "select source_system, source_table, action, message, source_file "
        "from operations.ingest_log where action in ('failed', 'set_aside', 'waiting') "
        "and load_id = "
        "(select arg_max(load_id, (loaded_at, load_id)) from operations.ingest_log) "
        "qualify row_number() over (partition by source_system, source_table "
        "order by action, source_file, message) = 1",
    ):
        if listed := tables.get(key):
            listed.state = STATES[action]
            listed.message = message if action == "failed" else f"{file}: {message}"


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str
) -> list[tuple[tuple[str, str], tuple[Any, ...]]]:
    try:
        rows = con.execute(sql).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        # A warehouse that an earlier version made, or one without this step's tables yet.
        return []
    return [((row[0], row[1]), row[2:]) for row in rows]


def _instant(value: datetime | None) -> str | None:
    return None if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def _as_table(found: list[ListedTable]) -> Table:
    # Narrow enough for a terminal of 80 columns; --json has the rest.
    table = Table("source table", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("files", "rows", "set aside", "size"):
        table.add_column(name, justify="right")
    for name in ("newest data", "state"):
        table.add_column(name)
    colours = {OK: "green", FAILED: "red", WAITING: "yellow", LEFT_OUT: "yellow"}
    for listed in found:
        is_known = listed.state not in (NEVER, UNKNOWN)
        set_aside = max(listed.rows_quarantined or 0, listed.rows_rejected)
        numbers = [f"{listed.files:,}", f"{listed.rows:,}", f"{set_aside:,}"]
        table.add_row(
            f"{listed.source}.{listed.table}",
            *([*numbers, _size(listed.file_bytes)] if is_known else [""] * 4),
            (listed.newest_data_at or listed.loaded_at or "")[:10],
            Text(listed.state, style=colours.get(listed.state, "")),
        )
    return table


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
