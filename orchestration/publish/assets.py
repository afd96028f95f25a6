"""The last asset of the chain: the published reporting model."""

from datetime import timedelta

import dagster as dg

from orchestration.progress import reporter
from orchestration.publish.publish import publish
from orchestration.quality import volumes
from orchestration.resources import Warehouse
from orchestration.runs.lifecycle import carried
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections
from orchestration.transform.translator import gate_key

PUBLISHED_KEY = dg.AssetKey(["publish", "insights"])


def publish_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset `publish/insights`, built only after the gate of insights has passed."""

    @dg.asset(
        key=PUBLISHED_KEY,
        deps=[gate_key("insights")],
        group_name="publish",
        owners=["team:data-platform"],
        kinds={"duckdb", "file"},
        description=(
            "published/insights.duckdb, the file that BI tools and dashboards open. Swapped in "
            "whole; an open reader keeps its version until it reconnects."
        ),
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(hours=36), warn_window=timedelta(hours=26)
        ),
        required_resource_keys={"warehouse"},
    )
    def insights(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        reporter().begin("publish")
        close_connections()
        published = publish(settings)
        warehouse: Warehouse = context.resources.warehouse
        with warehouse.get_connection() as con:
            volumes.record_good(con)
        run = carried()
        if run:
            run.change(published=True)
        rows = sum(published.tables.values())
        size = f"{published.file_bytes / 1e6:.1f} MB"
        unchanged = ", unchanged" if published.was_there else ""
        text = f"{len(published.tables)} tables, {rows:,} rows, {size}{unchanged}"
        reporter().end("publish", text)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(published.path)),
                "tables": len(published.tables),
                "dagster/row_count": rows,
                "bytes": published.file_bytes,
            }
        )

    return insights
