"""What a changed policy would do: the identity layer built beside the published one, and compared.

The preview has schemas of its own in the warehouse, reads the same conformed rows and the same
ledger, and is removed again. So ids are those that a run would give.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from orchestration.identity.scratch import previewed
from orchestration.identity.warehouse import connect_identity
from orchestration.locking import WriterLock
from orchestration.progress import reporter
from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.warehouse import rows

SCHEMAS = ("policy", "identity")
SELECTION = (
    "--select", "customer_360.policy", "customer_360.identity",
    "--exclude", "customer_360.identity.diagnostics",
)  # fmt: skip
MOST_EXAMPLES = 10

MOVES = """
create or replace temp table moves as
select
    coalesce(old.source_system, new.source_system) as source_system,
    old.profile_id as old_id,
    new.profile_id as new_id
from identity.identity_map as old
full outer join identity_preview.identity_map as new
    on new.source_system = old.source_system and new.source_record_id = old.source_record_id
"""
AFFECTED = """
create or replace temp table affected as
with old_parts as (
    select old_id, count(distinct new_id) as part_count, count(*) as record_count
    from moves where old_id is not null group by old_id
),
new_parts as (
    select new_id, count(distinct old_id) as part_count
    from moves where new_id is not null group by new_id
)
select distinct
    moves.old_id as profile_id,
    old_parts.part_count > 1 as is_split,
    max(new_parts.part_count > 1) over (partition by moves.old_id) as is_merged,
    old_parts.record_count
from moves
inner join old_parts on old_parts.old_id = moves.old_id
inner join new_parts on new_parts.new_id = moves.new_id
qualify old_parts.part_count > 1
    or max(new_parts.part_count > 1) over (partition by moves.old_id)
    or max(moves.old_id <> moves.new_id) over (partition by moves.old_id)
"""
COUNTS = """
select
    count(distinct old_id) as profiles_before,
    count(distinct new_id) as profiles_after,
    count(*) as records,
    count(*) filter (where old_id is distinct from new_id) as records_moved,
    (select count(*) from affected) as profiles_affected,
    (select count(*) from affected where is_merged) as profiles_merged,
    (select count(*) from affected where is_split) as profiles_split,
    (select coalesce(sum(record_count), 0)::bigint from affected) as records_of_affected
from moves
"""
SYSTEMS = """
select source_system, count(*) as records,
    count(*) filter (where old_id is distinct from new_id) as records_moved
from moves group by source_system order by source_system
"""
REFUSALS = """
select reason, count(*) filter (where place = 'old') as before,
    count(*) filter (where place = 'new') as after
from (
    select reason, 'old' as place from identity.refused_links
    union all
    select reason, 'new' from identity_preview.refused_links
)
group by reason having before <> after order by reason
"""
SEGMENTS = """
select segment_name, count(*) as members,
    count(affected.profile_id) as members_affected
from segments.segment_membership as members
left join affected on affected.profile_id = members.profile_id
group by segment_name order by segment_name
"""
REVENUE = """
select currency, sum(net_amount) as net_revenue,
    coalesce(sum(net_amount) filter (where affected.profile_id is not null), 0)
        as net_revenue_affected,
    count(affected.profile_id) as customers_affected
from value.customer_attributes as customers
left join affected on affected.profile_id = customers.profile_id
group by currency order by currency
"""
MERGES = """
select new_id as profile_id, count(distinct old_id) as profiles_before, count(*) as records
from moves where new_id is not null
group by new_id having profiles_before > 1
order by profiles_before desc, records desc, new_id
"""
SPLITS = """
select old_id as profile_id, count(distinct new_id) as profiles_after, count(*) as records
from moves where old_id is not null
group by old_id having profiles_after > 1
order by profiles_after desc, records desc, old_id
"""


def compare_policies(settings: Settings, policy: Path | None = None) -> dict[str, Any]:
    """Build people by the policy as it is now and compare them with those of the last run.

    Parameters:
        settings: paths.
        policy: a folder with policy files in place of the project's, None for the project's own.

    Returns:
        `counts`, and rows of `systems`, `refusals` (by reason, only where they differ), `segments`,
        `revenue`, `merges` and `splits` (the largest). Profiles are affected when their records are
        no longer, or not only, those of the same profile.

    Raises:
        UserError: there is no last run, or the policy can't be followed.
    """
    with WriterLock(settings.data_dir, on_wait=lambda text: reporter().end("wait", text)):
        with connect_identity(settings):
            pass
        with previewed(settings, policy, SCHEMAS, SELECTION) as con:
            answer = _compare(con)
            reporter().end("compare", f"{answer['counts']['records']:,} records")
        return answer


def _compare(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    con.execute(MOVES)
    con.execute(AFFECTED)
    return {
        "counts": rows(con, COUNTS)[0],
        "systems": rows(con, SYSTEMS),
        "refusals": rows(con, REFUSALS),
        # A warehouse whose run stopped early has people, and no segments or value yet.
        "segments": rows(con, SEGMENTS) if _exists(con, "segments", "segment_membership") else [],
        "revenue": rows(con, REVENUE) if _exists(con, "value", "customer_attributes") else [],
        "merges": rows(con, f"{MERGES} limit {MOST_EXAMPLES}"),
        "splits": rows(con, f"{SPLITS} limit {MOST_EXAMPLES}"),
    }


def _exists(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = con.execute(
        "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return found is not None


def show(console: Console, answer: dict[str, Any]) -> None:
    """Print a comparison for people."""
    counts = answer["counts"]
    if not counts["records_moved"] and not answer["refusals"]:
        console.print(
            f"Nothing would change: {counts['profiles_before']:,} people in "
            f"{counts['records']:,} records, as they are."
        )
        return
    summary = Table.grid(padding=(0, 2))
    for label, value in (
        ("People", f"{counts['profiles_before']:,} → {counts['profiles_after']:,}"),
        ("Records that move", f"{counts['records_moved']:,} of {counts['records']:,}"),
        ("Profiles affected", f"{counts['profiles_affected']:,}"),
        ("  joined with others", f"{counts['profiles_merged']:,}"),
        ("  taken apart", f"{counts['profiles_split']:,}"),
    ):
        summary.add_row(label, value)
    console.print(summary)
    for name, title in (
        ("systems", "Records by system"),
        ("refusals", "Refused links by reason"),
        ("segments", "Segments"),
        ("revenue", "Revenue"),
        ("merges", "Largest joins"),
        ("splits", "Largest splits"),
    ):
        if answer[name]:
            _show_rows(console, title, answer[name])
    console.print("Nothing was published. `c360 run` would do it.")


def _show_rows(console: Console, title: str, found: list[dict[str, Any]]) -> None:
    table = Table(title=title, title_justify="left")
    for name, value in found[0].items():
        is_text = isinstance(value, str)
        table.add_column(name.replace("_", " "), justify="left" if is_text else "right")
    for row in found:
        table.add_row(*(f"{v:,}" if isinstance(v, int | Decimal) else str(v) for v in row.values()))
    console.print(table)
