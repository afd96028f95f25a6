"""What changed merge policies would do: profiles merged beside those of the last run, and compared.

The preview has schemas of its own in the warehouse, reads the same records and people, and is
removed again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from orchestration.errors import UserError
from orchestration.identity.scratch import previewed
from orchestration.ingest.sql import quoted
from orchestration.locking import WriterLock
from orchestration.progress import reporter
from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.warehouse import connect_reader, rows

SCHEMAS = ("policy", "profile")
SELECTION = (
    "--select", "customer_360.policy", "ranked_records", "attribute_rules", "attribute_values",
    "policy_profiles",
)  # fmt: skip
NO_ATTRIBUTES = ("policy", "is_default", "merged_id", "profile_id", "record_count")
NEW = "profile_preview.policy_profiles"
OLD = "profile.policy_profiles"

POLICIES = f"""
select distinct
    now.policy, now.is_default,
    -- The default is compared with the default, whatever its name; a new policy with that, too.
    case
        when not now.is_default and now.policy in (select policy from {OLD}) then now.policy
        else (select min(policy) from {OLD} where is_default)
    end as compared_with
from {NEW} as now
order by now.is_default desc, now.policy
"""
# Without stitching a profile is one record's, and is compared with its person's.
PAIRS = f"""
create or replace temp table pairs as
with old_rows as (
    select *, max(merged_id <> profile_id) over () as is_apart from {OLD} where policy = ?
),
new_rows as (
    select *, max(merged_id <> profile_id) over () as is_apart from {NEW} where policy = ?
)
select old_rows, new_rows
from old_rows
full outer join new_rows
    on new_rows.profile_id = old_rows.profile_id
    and (new_rows.merged_id = old_rows.merged_id or new_rows.is_apart <> old_rows.is_apart)
"""
UNKNOWN = """
select policy, attribute
from policy_preview.merge_rules
anti join profile_preview.attribute_rules using (policy, attribute)
order by policy, attribute
"""


def compare_merging(settings: Settings, policy: Path | None = None) -> dict[str, Any]:
    """Merge the people of the last run by the policies as they are now and compare.

    Parameters:
        settings: paths.
        policy: a folder with policy files in place of the project's, None for the project's own.

    Returns:
        `policies`, a row each: policy, is_default, compared_with (the policy of the last run),
        profiles_before, profiles_after and profiles_changed (records' where only one of both
        stitches); and `attributes`, a row per policy and
        attribute that would change: profiles_changed, of which with another value, with a value
        for the first time (filled) and without one from then on (emptied).

    Raises:
        UserError: there is no last run, or the policy can't be followed.
    """
    with WriterLock(settings.data_dir, on_wait=lambda text: reporter().end("wait", text)):
        with connect_reader(settings, OLD, "There are no profiles yet. Run `c360 run` first."):
            pass
        with previewed(settings, policy, SCHEMAS, SELECTION) as con:
            answer = _compare(con)
            reporter().end("compare", f"{len(answer['policies'])} policies")
        return answer


def _compare(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    for policy, attribute in con.execute(UNKNOWN).fetchall():
        raise UserError(
            f"seeds/policy/merge_rules.csv has a rule of {policy} for {attribute}, and no profile "
            "has such an attribute, or it is a field of a group. The attributes are in "
            "profile.attribute_rules; a group is ruled on by its name, such as address.",
            2,
        )
    attributes = [
        column
        for column in _columns(con, NEW)
        if column in _columns(con, OLD) and column not in NO_ATTRIBUTES
    ]
    answer: dict[str, Any] = {"policies": [], "attributes": []}
    for found in rows(con, POLICIES):
        con.execute(PAIRS, [found["compared_with"], found["policy"]])
        differs = " or ".join(
            f"old_rows.{quoted(c)} is distinct from new_rows.{quoted(c)}" for c in attributes
        )
        counts = rows(
            con,
            "select count(distinct old_rows.merged_id) as profiles_before, "
            "count(distinct new_rows.merged_id) as profiles_after, "
            f"count(*) filter (where {differs}) as profiles_changed from pairs",
        )
        answer["policies"].append({**found, **counts[0]})
        for column in attributes:
            old, new = f"old_rows.{quoted(column)}", f"new_rows.{quoted(column)}"
            [changed] = rows(
                con,
                f"select count(*) as profiles_changed, count(*) filter (where {old} <> {new}) "
                f"as other_value, count(*) filter (where {old} is null) as filled, "
                f"count(*) filter (where {new} is null) as emptied "
                f"from pairs where {old} is distinct from {new}",
            )
            if changed["profiles_changed"]:
                answer["attributes"].append(
                    {"policy": found["policy"], "attribute": column, **changed}
                )
    return answer


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [column for column, *_ in con.execute(f"describe {table}").fetchall()]


def show(console: Console, answer: dict[str, Any]) -> None:
    """Print a comparison for people."""
    for found in answer["policies"]:
        name = f"{found['policy']}{', the default' if found['is_default'] else ''}"
        other = found["compared_with"]
        beside = f", compared with {other}" if other != found["policy"] else ""
        sizes = f"{found['profiles_after']:,} profiles"
        if found["profiles_after"] != found["profiles_before"]:
            sizes += f" (not {found['profiles_before']:,})"
        console.print(
            f"{name}{beside}: {found['profiles_changed']:,} of {sizes} would change.",
            highlight=False,
            markup=False,
        )
        changed = [a for a in answer["attributes"] if a["policy"] == found["policy"]]
        if changed:
            _show_rows(console, changed)
    console.print("Nothing was published. `c360 run` would do it.")


def _show_rows(console: Console, changed: list[dict[str, Any]]) -> None:
    table = Table("attribute")
    counted = [name for name in changed[0] if name not in ("policy", "attribute")]
    for name in counted:
        table.add_column(name.replace("_", " "), justify="right")
    for row in changed:
        table.add_row(row["attribute"], *(f"{row[name]:,}" for name in counted))
    console.print(table)
