"""The source tables as Dagster assets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.ingest.declarations import SourceTable, declared_source_tables
from orchestration.ingest.load import load_all
from orchestration.progress import reporter
from orchestration.settings import Settings


def _key(table: SourceTable) -> dg.AssetKey:
    return dg.AssetKey([table.source, table.table])


LOG_KEYS = {
    dg.AssetKey(["ingest", "ingest_log"]): "One row per file that the last load read.",
    dg.AssetKey(["ingest", "rejected_lines"]): "One row per line that could not be read.",
}


def ingest_assets(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """All declared source tables as one operation: they are loaded together or not at all.

    Parameters:
        settings: paths; the landing folder is read when the operation runs.
        manifest: dbt's manifest.json.
    """
    tables = declared_source_tables(manifest)
    specs = [
        dg.AssetSpec(
            _key(table),
            group_name="ingest",
            description=f"{table.description} Read from landing/{table.path}.".strip(),
            owners=["team:data-platform"],
            kinds={table.format, "duckdb"},
        )
        for table in tables
    ]
    specs += [
        dg.AssetSpec(
            key,
            group_name="ingest",
            description=text,
            owners=["team:data-platform"],
            kinds={"duckdb"},
        )
        for key, text in LOG_KEYS.items()
    ]

    @dg.multi_asset(specs=specs, name="ingest", required_resource_keys={"warehouse"})
    def ingest(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        report = reporter()
        report.begin("ingest")
        loaded = load_all(
            settings, tables, lambda name, _done, total: report.advance("ingest", name, total)
        )
        rows, rejected = (sum(x.rows_loaded for x in loaded), sum(x.rows_rejected for x in loaded))
        files = sum(x.files for x in loaded)
        report.end("ingest", f"{rows:,} rows from {files} files, {rejected:,} unreadable lines")
        for entry in loaded:
            yield dg.MaterializeResult(
                asset_key=_key(entry.table),
                metadata={
                    "dagster/row_count": entry.rows_loaded,
                    "unreadable lines": entry.rows_rejected,
                    "files": entry.files,
                    "bytes": entry.file_bytes,
                },
            )
        by_log: dict[str, int] = defaultdict(int, ingest_log=files, rejected_lines=rejected)
        for key in LOG_KEYS:
            yield dg.MaterializeResult(
                asset_key=key, metadata={"dagster/row_count": by_log[key.path[-1]]}
            )

    return ingest
