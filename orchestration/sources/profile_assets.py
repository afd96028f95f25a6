"""The column profiles as a Dagster asset beside staging; nothing waits for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

from orchestration.progress import reporter
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.sources.profile_docs import write_source_pages
from orchestration.sources.profiles import (
    ProfileOutcome,
    changes_since_previous,
    profile_tables,
    profiled_tables,
)

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
            "the load before. Only tables whose files changed are profiled again."
        ),
        required_resource_keys={"warehouse"},
    )
    def column_profiles(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        reporter().begin("profile sources")
        warehouse: Warehouse = context.resources.warehouse
        with warehouse.get_connection() as con:
            outcomes = profile_tables(con, tables)
            write_source_pages(settings.data_docs_dir, con)
            changes = changes_markdown(con)
            overview = overview_markdown(con)
        counts = count_states(outcomes)
        ok = not counts["failed"]
        text = f"{counts['profiled']} tables profiled, {counts['unchanged']} unchanged"
        failed = [f"{o.table.source}.{o.table.table}: {o.message}" for o in outcomes if o.message]
        text += "".join(f", not {entry}" for entry in failed)
        reporter().end("profile sources", text, ok)
        return dg.MaterializeResult(
            metadata={
                "tables profiled": counts["profiled"],
                "tables unchanged": counts["unchanged"],
                "tables that could not be profiled": dg.MetadataValue.text(
                    "; ".join(failed) or "none"
                ),
                "columns": dg.MetadataValue.md(overview),
                "biggest changes": dg.MetadataValue.md(changes),
            }
        )

    return column_profiles


def count_states(outcomes: Sequence[ProfileOutcome]) -> dict[str, int]:
    """How many tables were profiled, unchanged and failed."""
    states = [outcome.state for outcome in outcomes]
    return {state: states.count(state) for state in ("profiled", "unchanged", "failed")}


def overview_markdown(con: duckdb.DuckDBPyConnection) -> str:
    """One line per source table: rows, columns, share of nulls, columns that are keys."""
    rows = con.execute(
        """
        select source_system || '.' || source_table, max(row_count), count(*),
            sum(null_count + empty_count) / nullif(sum(row_count), 0),
            count(*) filter (row_count > 0 and distinct_count = row_count and not is_approximate)
        from operations.column_profiles
        join (
            select source_system, source_table, arg_max(load_id, profile_number) as load_id
            from operations.profile_log group by all
        ) using (source_system, source_table, load_id)
        group by 1 order by 1
        """
    ).fetchall()
    lines = ["| table | rows | columns | empty | unique columns |", "|---|---:|---:|---:|---:|"]
    for name, count, columns, share, unique in rows:
        lines.append(f"| {name} | {count:,} | {columns} | {share or 0:.1%} | {unique} |")
    return "\n".join(lines)


def changes_markdown(con: duckdb.DuckDBPyConnection) -> str:
    """The largest relative changes since the previous load of each table, as a table."""
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
    return "\n".join(lines) if seen else "Nothing changed since the previous load."
