"""Why a person is in a segment or not, as it was kept with the last run; nothing is evaluated."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.segment_tools.told import told
from orchestration.warehouse import rows

STAYS = """
select profile_id, valid_from, valid_to, entering_cause, leaving_cause
from segments.segment_membership_history
where segment_name = $segment and profile_id in ($profile, $asked)
order by valid_from, profile_id
"""
MEMBER = """
select count(*) from segments.segment_membership
where segment_name = $segment and profile_id = $profile
"""
# Whoever has no row has no clause that holds.
CLAUSES = """
select
    clauses.clause,
    coalesce((states.states >> clauses.clause_number) & 1, 0) = 1 as is_true
from operations.segment_clause_days as days
inner join operations.segment_clauses as clauses
    on clauses.segment_name = days.segment_name
    and clauses.clauses_checksum = days.clauses_checksum
left join operations.segment_clause_states as states
    on states.as_of_on = days.as_of_on
    and states.segment_name = days.segment_name
    and states.profile_id = $profile
where days.segment_name = $segment
    and days.as_of_on = (select max(as_of_on) from operations.segment_clause_days)
order by clauses.clause_number
"""
TABLES = ("segment_clause_days", "segment_clauses", "segment_clause_states")
"""Of the schema operations, what is read beside the layers."""


def kept_why(
    con: duckdb.DuckDBPyConnection, segment: str, profile: str, asked: str
) -> dict[str, Any]:
    """Whether a person is in a segment as of the last run, since when, and what was kept of why.

    Parameters:
        con: to the warehouse, or to what is published of its people.
        segment: its name.
        profile: the profile's id.
        asked: the id that was asked for, which may be a former one.

    Returns:
        is_member, stays (the history), changes (why it entered and left, see `told`), and clauses:
        of each clause of the definition whether it holds of the person; empty where the definition
        is not taken apart, or no run has kept any.
    """
    who = {"segment": segment, "profile": profile}
    [(count,)] = con.execute(MEMBER, who).fetchall()
    try:
        clauses = rows(con, CLAUSES, who)
    except duckdb.CatalogException:
        clauses = []
    return {
        "is_member": bool(count),
        "stays": rows(con, STAYS, {**who, "asked": asked}),
        "changes": told(con, segment, profile, asked),
        "clauses": clauses,
    }
