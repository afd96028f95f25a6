"""The source tables as Dagster assets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.ingest.addresses import without_password
from orchestration.ingest.declarations import SourceTable, declared_source_tables
from orchestration.ingest.load import LoadedTable, load_tables
from orchestration.progress import reporter
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.warehouse import Connect

OWNERS = ["team:data-platform"]
LOG_KEY = dg.AssetKey(["ingest", "ingest_log"])
NOTHING_LEFT_OUT = "nothing_is_left_out"
SHOWN = 5
OWN_TABLES = {
    "source_files": "One row per file that is in landing now, and per part of one that grew.",
    "ingest_log": "One row per file and load: what was read, replaced, taken out or refused.",
    "schema_drift": "One row per column in which a file differs from its declaration.",
    "source_lines": "From which row on a file's lines are how far from its rows.",
    "rejected_lines": "One row per line that could not be read.",
}


def _key(table: SourceTable) -> dg.AssetKey:
    return dg.AssetKey([table.source, table.table])


def _place(table: SourceTable) -> str:
    return table.path or without_password(str(table.url))


def ingest_assets(
    settings: Settings,
    manifest: Mapping[str, Any],
    check_specs: Sequence[dg.AssetCheckSpec],
    check: Callable[[Connect], Iterable[dg.AssetCheckResult]],
) -> dg.AssetsDefinition:
    """All declared source tables as one operation, which reads what is new or changed.

    Parameters:
        settings: paths; the landing folder is read when the operation runs.
        manifest: dbt's manifest.json.
        check_specs: checks of the source tables, such as their freshness.
        check: gives the results of those checks once all is loaded.
    """
    tables = declared_source_tables(manifest)
    specs = [
        dg.AssetSpec(
            _key(table),
            group_name="ingest",
            description=f"{table.description} Read from {_place(table)}.".strip(),
            owners=OWNERS,
            kinds={table.format, "duckdb"},
        )
        for table in tables
    ]
    specs += [
        dg.AssetSpec(
            dg.AssetKey(["ingest", name]),
            group_name="ingest",
            description=text,
            owners=OWNERS,
            kinds={"duckdb"},
        )
        for name, text in OWN_TABLES.items()
    ]

    @dg.multi_asset(
        specs=specs,
        name="ingest",
        check_specs=[
            *check_specs,
            dg.AssetCheckSpec(
                NOTHING_LEFT_OUT,
                asset=LOG_KEY,
                description="Whatever fits a source's pattern is a file that can be read.",
            ),
        ],
        required_resource_keys={"warehouse"},
    )
    def ingest(context: dg.AssetExecutionContext) -> Iterator[Any]:
        report = reporter()
        report.begin("ingest")
        warehouse: Warehouse = context.resources.warehouse
        with warehouse.get_connection() as con:
            loaded = load_tables(con, settings, tables, _progress)
        failures = [text for entry in loaded for text in entry.failures]
        report.end("ingest", outcome_text(loaded), not failures)
        for entry in loaded:
            for name, reason in entry.waiting.items():
                context.log.warning(f"{entry.table.label}: {name} waits, {reason}")
            for sentence in entry.retries:
                context.log.warning(f"Tried again: {sentence}")
            for name, reason in entry.set_aside.items():
                context.log.warning(f"{entry.table.label}: {name} is left out, {reason}")
            yield dg.MaterializeResult(asset_key=_key(entry.table), metadata=_metadata(entry))
        for name in OWN_TABLES:
            yield dg.MaterializeResult(asset_key=dg.AssetKey(["ingest", name]))
        yield left_out_check(loaded)
        yield from check(warehouse.get_connection)
        if failures:
            raise dg.Failure(description=failure_text(failures), allow_retries=False)

    return ingest


def _progress(item: str, done: int, total: int) -> None:
    share = f" {done / total:.0%} of {total / 1e6:,.0f} MB" if total > 20_000_000 else ""
    reporter().advance("ingest", item + share, 0)


def _metadata(entry: LoadedTable) -> dict[str, Any]:
    speed = {}
    if entry.files_read and entry.seconds > 0:
        speed = {
            "rows per second": round(entry.rows_read / entry.seconds),
            "MB per second": round(entry.bytes_read / 1e6 / entry.seconds, 1),
        }
    return {
        "dagster/row_count": entry.rows_loaded,
        "unreadable lines": entry.rows_rejected,
        "files": entry.files,
        "bytes": entry.file_bytes,
        "files read": entry.files_read,
        "rows read": entry.rows_read,
        "waiting files": len(entry.waiting),
        "retries": len(entry.retries),
        "files left out": len(entry.set_aside),
        **speed,
    }


def left_out_check(loaded: list[LoadedTable]) -> dg.AssetCheckResult:
    """A warning that names what fits a source's pattern and could not be read as a file."""
    texts = [
        f"{entry.table.label}: {name} is left out, {reason}"
        for entry in loaded
        for name, reason in entry.set_aside.items()
    ]
    more = f"; and {len(texts) - SHOWN:,} more, see operations.ingest_log" if texts[SHOWN:] else ""
    return dg.AssetCheckResult(
        passed=not texts,
        asset_key=LOG_KEY,
        check_name=NOTHING_LEFT_OUT,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(texts[:SHOWN]) + more,
        metadata={"left out": len(texts)},
    )


def outcome_text(loaded: list[LoadedTable]) -> str:
    """What a load did, in a sentence: rows in landing, and what had to be read for it."""
    rows = sum(entry.rows_loaded for entry in loaded)
    files = sum(entry.files for entry in loaded)
    read = sum(entry.files_read for entry in loaded)
    rejected = sum(entry.rows_rejected for entry in loaded)
    seconds = sum(entry.seconds for entry in loaded if entry.files_read)
    text = f"{rows:,} rows from {files:,} files, {rejected:,} unreadable lines"
    if not read:
        return f"{text}; nothing new"
    rate = sum(entry.rows_read for entry in loaded) / max(seconds, 0.001)
    return f"{text}; read {read:,} files, {rate:,.0f} rows/s"


def failure_text(failures: list[str]) -> str:
    """All that stopped a load, and what became of the rest."""
    return (
        " ".join(failures) + " What could be read was loaded; nothing after ingest was built and "
        "the published model stays as it was."
    )
