"""The last asset of the chain: the published reporting model."""

from collections.abc import Callable
from datetime import timedelta

import dagster as dg
import duckdb

from orchestration.customers.roles import is_switched_on
from orchestration.customers.store import publish_people, remove_people
from orchestration.errors import UserError
from orchestration.failures import in_words
from orchestration.progress import reporter
from orchestration.publish.publish import publish
from orchestration.quality import volumes
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections
from orchestration.transform.translator import gate_key

PUBLISHED_KEY = dg.AssetKey(["publish", "insights"])
DOORS_CHECK = "every_door_shows_it"


def publish_asset(settings: Settings, on_published: Callable[[], None]) -> dg.AssetsDefinition:
    """The asset `publish/insights`, built only after the gate of insights has passed.

    Parameters:
        settings: paths.
        on_published: called when the file is published, whatever the doors beside it do.
    """

    @dg.asset(
        key=PUBLISHED_KEY,
        deps=[gate_key("insights")],
        group_name="publish",
        owners=["team:data-platform"],
        kinds={"duckdb", "file"},
        description=(
            "published/insights.duckdb, the file that BI tools and dashboards open, and the doors "
            "beside it. Swapped in whole; an open reader keeps its version until it reconnects."
        ),
        check_specs=[
            dg.AssetCheckSpec(
                DOORS_CHECK,
                asset=PUBLISHED_KEY,
                description="Parquet, PostgreSQL and the customer page, where declared, show it.",
            )
        ],
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
            faults = [*published.faults, *_people(settings, con)]
        on_published()
        rows = sum(published.tables.values())
        size = f"{published.file_bytes / 1e6:.1f} MB"
        unchanged = ", unchanged" if published.was_there else ""
        missing = f"; but {'; '.join(faults)}" if faults else ""
        text = f"{len(published.tables)} tables, {rows:,} rows, {size}{unchanged}{missing}"
        reporter().end("publish", text)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(published.path)),
                "tables": len(published.tables),
                "dagster/row_count": rows,
                "bytes": published.file_bytes,
                "version": published.version,
                **{f"door {door.name}": door.fault or door.version for door in published.doors},
            },
            check_results=[
                dg.AssetCheckResult(
                    passed=not faults,
                    check_name=DOORS_CHECK,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(faults),
                )
            ],
        )

    return insights


def _people(settings: Settings, con: duckdb.DuckDBPyConnection) -> list[str]:
    """Publish people for the customer page where there is one; a sentence where that failed."""
    try:
        if is_switched_on():
            publish_people(settings, con)
        else:
            remove_people(settings)
    except (UserError, duckdb.Error, OSError) as error:
        return [f"the customer page shows the people of an earlier run: {in_words(error).text}"]
    return []
