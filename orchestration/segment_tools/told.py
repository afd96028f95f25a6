"""Why a person entered and left a segment, as it was kept with the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.warehouse import rows

KEPT = """
select
    changed_on, profile_id, change, cause, explanation, says, other_profile_id
from segments.membership_reasons
where segment_name = $segment and profile_id in ($profile, $asked)
order by changed_on, profile_id
"""
CLAUSES = """
select changed_on, profile_id, clause, was_true, is_true, part_played
from segments.membership_clauses
where segment_name = $segment and profile_id in ($profile, $asked)
order by changed_on, profile_id, clause_number
"""
WORDS = {
    "arrived": "the profile was not there on the last recorded day",
    "merged": "the profile was merged into another",
    "gone": "the profile has no records any more",
    "no_longer_kept_out": "the rule held before, and what kept the person out does no longer",
    "clauses_changed": "the rule asks for something else than on the last recorded day",
    "not_taken_apart": "which clause can't be known, as the definition is not taken apart",
    "not_recorded": "which clause is not known, as the day before has no record of clauses",
    "not_accounted_for": "which clause is not known: its clauses say something else than its SQL",
    "rule_edited": "the rule was edited",
    "segment_begun": "the segment began",
    "segment_ended": "the segment ended",
    "profile_ended": "the profile ended",
    "expired": "the profile expired",
    "opted_out": "the person said no to everything",
}


def told(
    con: duckdb.DuckDBPyConnection, segment: str, profile: str, asked: str
) -> list[dict[str, Any]]:
    """Why a person entered and left a segment, change by change.

    Parameters:
        con: to the warehouse.
        segment: its name.
        profile: the profile's id.
        asked: the id that was asked for, which may be a former one.

    Returns:
        Per change: changed_on, profile_id, change, cause, explanation, other_profile_id, why (a
        sentence) and clauses, each with was_true, is_true and part_played. Empty where no run has
        kept any.
    """
    who = {"segment": segment, "profile": profile, "asked": asked}
    try:
        changes, clauses = rows(con, KEPT, who), rows(con, CLAUSES, who)
    except duckdb.CatalogException:
        return []
    found = []
    for change in changes:
        key = (change["changed_on"], change["profile_id"])
        own = [
            {name: one[name] for name in ("clause", "was_true", "is_true", "part_played")}
            for one in clauses
            if (one["changed_on"], one["profile_id"]) == key
        ]
        says = change.pop("says")
        found.append({**change, "why": _sentence(change, says, own), "clauses": own})
    return found


def _sentence(
    change: Mapping[str, Any], says: str | None, clauses: Sequence[Mapping[str, Any]]
) -> str:
    if change["explanation"] == "clauses":
        return _decided(clauses)
    words = WORDS[change["explanation"]]
    if says:
        words += f": {says}"
    if change["other_profile_id"]:
        link = "split from" if change["explanation"] == "arrived" else "merged into"
        words += f"; {link} {change['other_profile_id']}"
    return words


def _decided(clauses: Sequence[Mapping[str, Any]]) -> str:
    deciding = [one for one in clauses if one["part_played"] in ("decides", "decides_together")]
    said = " and ".join(
        f"{one['clause']} became {'true' if one['is_true'] else 'false'}" for one in deciding
    )
    if len(deciding) < 2:
        return said or WORDS["not_recorded"]
    is_alone = deciding[0]["part_played"] == "decides"
    return f"{said}; {'each alone decides' if is_alone else 'all of them together decide'}"
