"""What a run came to, from the published model: for people, for scripts, for `c360 status`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
from rich.console import Group
from rich.panel import Panel
from rich.table import Table

from orchestration.errors import UserError
from orchestration.run_records import STOPPED, RunRecord
from orchestration.settings import Settings
from orchestration.terminal import Console, styled
from orchestration.warehouse import connect_published

QUERIES = {
    "rows": "select source_system, sum(rows_read)::bigint as rows_read, "
    "sum(rows_accepted)::bigint as rows_accepted, sum(rows_set_aside)::bigint as rows_set_aside, "
    "sum(rows_quarantined)::bigint as rows_quarantined, "
    "sum(rows_superseded)::bigint as rows_superseded "
    "from insights.fact_row_conservation group by source_system order by source_system",
    "read_for_several": "select source_system, source_table, count(*)::bigint as entity_count "
    "from insights.fact_row_conservation group by source_system, source_table "
    "having count(*) > 1 order by source_system, source_table",
    "set_aside": "select reason, sum(row_count)::bigint as row_count from insights.fact_set_aside "
    "group by reason order by row_count desc, reason",
    "profiles": "select * from insights.fact_profile where merge_policy_id in (select "
    "merge_policy_id from insights.dim_merge_policy where is_default) "
    "order by date_key desc limit 1",
    "deciles": "select decile, sum(profile_count)::bigint as profile_count, "
    "sum(metric_amount) as metric_amount, min(currency) as currency "
    "from insights.fact_clv_decile where metric = 'net_revenue' and category_type = 'loyalty_tier' "
    "and look_back = 'lifetime' and decile between 1 and 3 "
    "and date_key = (select max(date_key) from insights.fact_clv_decile) "
    "group by decile order by decile",
    "segments": "select segment_name, profile_count, net_amount, currency "
    "from insights.fact_segment where date_key = (select max(date_key) from insights.fact_segment) "
    "order by segment_name",
}


def collect(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The numbers of the summary, each by the query of its name in `QUERIES`.

    Raises:
        UserError: nothing is published yet.
    """
    with connect_published(settings) as con:
        return {name: _rows(con, sql) for name, sql in QUERIES.items()}


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    result = con.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in result.fetchall()]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float | str | bool | None) else str(value)


def tell_syncs(console: Console, syncs: RunRecord | None) -> None:
    """Say which syncs after a refresh failed: what was asked for is there, so it is no failure.

    Raises:
        UserError: somebody stopped them.
    """
    if syncs and syncs.state == STOPPED:
        raise UserError(syncs.failure, syncs.exit_code)
    if syncs and not syncs.success:
        text = styled("[yellow]The refresh is published. Of its syncs:[/] {}", syncs.failure)
        console.print(text, soft_wrap=True)


def _people(count: int | None) -> str:
    """A number of people; none where they are too few to be told of (disclosure_control.sql)."""
    return "few" if count is None else f"{count:,}"


def show(console: Console, settings: Settings, outcome: RunRecord) -> None:
    """Print the summary of a successful run."""
    numbers = collect(settings)
    profile = numbers["profiles"][0]
    rows = Table(title="Rows", title_justify="left", box=None, padding=(0, 2))
    for name in ("source", "read", "accepted", "superseded", "quarantined"):
        rows.add_column(name, justify="left" if name == "source" else "right")
    for row in numbers["rows"]:
        counts = (row[f"rows_{name}"] for name in ("read", "accepted", "superseded", "quarantined"))
        rows.add_row(row["source_system"], *(f"{n:,}" for n in counts))
    again = "".join(
        f"\n{r['source_system']}.{r['source_table']} feeds {r['entity_count']} entities, and its "
        "rows are counted for each."
        for r in numbers["read_for_several"]
    )
    reasons = ", ".join(f"{r['reason']} {r['row_count']:,}" for r in numbers["set_aside"])
    deciles = Table(
        title="Lifetime value, top deciles", title_justify="left", box=None, padding=(0, 2)
    )
    for name in ("decile", "people", "net revenue"):
        deciles.add_column(name, justify="right")
    for row in numbers["deciles"]:
        money = f"{row['metric_amount'] or 0:,.2f} {row['currency'] or ''}"
        deciles.add_row(str(row["decile"]), f"{row['profile_count']:,}", money)
    segments = Table(title="Segments", title_justify="left", box=None, padding=(0, 2))
    for name in ("segment", "people", "net revenue"):
        segments.add_column(name, justify="left" if name == "segment" else "right")
    for row in numbers["segments"]:
        if row["profile_count"] is None:
            # Too few to be told of (macros/disclosure_control.sql).
            segments.add_row(row["segment_name"], "few", "")
            continue
        money = f"{row['net_amount'] or 0:,.2f} {row['currency'] or ''}"
        segments.add_row(row["segment_name"], f"{row['profile_count']:,}", money)
    people = styled(
        "[bold]{} people[/] found in {} records, and {} visitors who never said who they are",
        _people(profile["known_profile_count"]),
        f"{profile['record_count']:,}",
        _people(profile["anonymous_profile_count"]),
    )
    checks = f"{outcome.checks_passed} checks passed"
    if outcome.checks_unchanged:
        checks += f", {outcome.checks_unchanged} of them on layers that have not changed since"
    if outcome.warnings:
        count = len(outcome.warnings)
        checks += f", {count} warning{'s' if count > 1 else ''}: " + ", ".join(outcome.warnings)
    console.print(
        Panel(
            Group(
                rows,
                f"Set aside, and why: {reasons or 'nothing'}{again}",
                "",
                people,
                "",
                deciles,
                "",
                segments,
                "",
                f"{checks}. Published in {outcome.seconds:.0f} s.",
            ),
            title="Customer 360",
            subtitle=f"as of {profile['date_key']}",
        )
    )
    console.print(
        styled(
            "Where to look next\n"
            "  [bold]make dashboard[/]  the first page over {}\n"
            "  [bold]make ui[/]         the chain, its checks and its schedule in Dagster\n"
            '  [bold]c360 query[/] "from insights.fact_clv_decile limit 5"\n'
            "  {}  what each gate promised and found",
            settings.published_path,
            settings.data_docs_dir / "index.html",
        ),
        soft_wrap=True,
    )
