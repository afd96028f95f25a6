"""The column profiles as a Dagster asset beside staging; nothing waits for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

from orchestration.profiles import (
    ProfileOutcome,
    changes_since_previous,
    profile_tables,
    profiled_tables,
)
from orchestration.profiles.pages import write_source_pages
from orchestration.progress import reporter
from orchestration.resources import Warehouse
from orchestration.runs.resource import REBUILD_TAG
from orchestration.settings import Settings

MOST_CHANGES = 10


def column_profiles_asset(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The asset `ingest/column_profiles`.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json, for the declared source tables.
    """
    tables = profiled_tables(manifest)

    @dg.asset(
        key=["ingest", "column_profiles"],
        deps=[dg.AssetKey([table.source, table.table]) for table in tables],
        group_name="ingest",
        owners=["team:data-platform"],
        kinds={"duckdb"},
        description=(
            "Nulls, distinct values, bounds, top values and histograms of what was loaded, against "
            "the profile before. A table is profiled again when a tenth of its rows has changed; "
            "materialised by itself, after any change."
        ),
        required_resource_keys={"warehouse"},
    )
    def column_profiles(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        reporter().begin("profile sources")
        warehouse: Warehouse = context.resources.warehouse
        with warehouse.get_connection() as con:
            outcomes = profile_tables(con, tables, asked_for(context.run))
            write_source_pages(settings.data_docs_dir, con)
            changes = changes_markdown(con)
            overview = overview_markdown(con)
        counts = count_states(outcomes)
        ok = not counts["failed"]
        text = f"{counts['profiled']} tables profiled, {counts['kept']} hardly changed"
        text += f", {counts['unchanged']} unchanged"
        failed = [f"{o.table.source}.{o.table.table}: {o.message}" for o in outcomes if o.message]
        text += "".join(f", not {entry}" for entry in failed)
        reporter().end("profile sources", text, ok)
        return dg.MaterializeResult(
            metadata={
                "tables profiled": counts["profiled"],
                "tables that hardly changed": counts["kept"],
                "tables unchanged": counts["unchanged"],
                "tables that could not be profiled": dg.MetadataValue.text(
                    "; ".join(failed) or "none"
                ),
                "columns": dg.MetadataValue.md(overview),
                "biggest changes from profile to profile": dg.MetadataValue.md(changes),
            }
        )

    return column_profiles


def asked_for(run: dg.DagsterRun) -> bool:
    """Whether somebody chose assets, or wants everything made again."""
    return run.asset_selection is not None or REBUILD_TAG in run.tags


def count_states(outcomes: Sequence[ProfileOutcome]) -> dict[str, int]:
    """How many tables were profiled, kept their profile, are unchanged and failed."""
    states = [outcome.state for outcome in outcomes]
    return {state: states.count(state) for state in ("profiled", "kept", "unchanged", "failed")}


def overview_markdown(con: duckdb.DuckDBPyConnection) -> str:
    """One line per source table: rows now, and its newest profile with when it was taken."""
    rows = con.execute(
        """
        select source_system || '.' || source_table, any_value(rows_now),
            any_value(newest.profiled_at), any_value(rows_profiled), count(*),
            sum(null_count + empty_count) / nullif(sum(row_count), 0),
            count(*) filter (row_count > 0 and distinct_count = row_count and not is_approximate)
        from operations.column_profiles
        join operations.newest_profiles as newest using (source_system, source_table, load_id)
        group by 1 order by 1
        """
    ).fetchall()
    lines = [
        "| table | rows now | profiled | over rows | columns | empty | unique columns |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for name, now, at, count, columns, share, unique in rows:
        lines.append(
            f"| {name} | {now:,} | {at:%Y-%m-%d %H:%M} | {count:,} | {columns} | {share or 0:.1%} "
            f"| {unique} |"
        )
    return "\n".join(lines)


def changes_markdown(con: duckdb.DuckDBPyConnection) -> str:
    """The largest relative changes between the last two profiles of each table, as a table."""
    lines = ["| column | number | before | now | change |", "|---|---|---:|---:|---:|"]
    seen: set[tuple[str, str]] = set()
    for change in changes_since_previous(con):
        table = f"{change['source_system']}.{change['source_table']}"
        is_rows = change["measure"] == "row_count"
        # Every column has its table's row count; once is enough.
        name = table if is_rows else f"{table}.{change['column_name']}"
        if (name, change["measure"]) in seen or len(seen) == MOST_CHANGES:
            continue
        seen.add((name, change["measure"]))
        share = change["relative_change"]
        lines.append(
            f"| {name} | {change['measure']} | {change['previous_amount']:,.6g} "
            f"| {change['amount']:,.6g} | {'new' if share is None else f'{share:+.1%}'} |"
        )
    return "\n".join(lines) if seen else "Nothing changed between the last two profiles."
