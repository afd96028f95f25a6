"""The tables of reasons, and the statements that fill them."""

from __future__ import annotations

from orchestration.membership.formula import Formula, decided

CLAUSES = "operations.segment_clauses"
DAYS = "operations.segment_clause_days"
STATES = "operations.segment_clause_states"
REASONS = "operations.membership_reasons"
TABLES = {
    CLAUSES: "segment_name string, clauses_checksum string, clause_number integer, clause string",
    DAYS: "as_of_on date, segment_name string, clauses_checksum string, says string, "
    "computed_at timestamp",
    STATES: "as_of_on date, segment_name string, profile_id string, states bigint",
    REASONS: "profile_id string, segment_name string, changed_on date, explanation string, "
    "says string, clauses_checksum string, states_before bigint, states_now bigint, "
    "deciding_alone bigint, deciding_together bigint, other_profile_id string",
}
CHANGED = "c360_changed_profiles"
"""A temporary table: what befell the profiles that entered or left."""
BY_PERSON = "('rule', 'identity')"
"""Causes of which clauses say more."""
OF_PROFILES = """
create or replace temp table c360_changed_profiles as
with changed as (
    select distinct profile_id from segments.membership_changes where changed_on = $day
)
select
    changed.profile_id,
    not coalesce(bool_or(
        history.valid_from <= $last_at and coalesce(history.valid_to > $last_at, true)
    ), false) as has_arrived,
    any_value(ledger.split_from_profile_id) as split_from,
    any_value(nullif(ledger.current_profile_id, changed.profile_id)) as merged_into
from changed
left join identity.identity_map_history as history on history.profile_id = changed.profile_id
left join identity.profile_ledger as ledger on ledger.profile_id = changed.profile_id
group by changed.profile_id
"""
OF_ENDED = f"""
insert into {REASONS} by name
select
    changes.profile_id,
    changes.segment_name,
    changes.changed_on,
    case when profiles.merged_into is not null then 'merged' else 'gone' end as explanation,
    profiles.merged_into as other_profile_id
from segments.membership_changes as changes
inner join {CHANGED} as profiles on profiles.profile_id = changes.profile_id
where changes.changed_on = $day and changes.cause = 'profile_ended'
"""
NOT_KNOWN = f"""
insert into {REASONS} by name
select
    profile_id, segment_name, changed_on, $explanation as explanation, $says as says
from segments.membership_changes
where changed_on = $day and segment_name = $segment and cause in {BY_PERSON}
"""
KNOWN = """
insert into {reasons} by name
with seen as (
    select
        changes.profile_id,
        changes.segment_name,
        changes.changed_on,
        changes.change = 'entered' as has_entered,
        profiles.has_arrived,
        profiles.split_from,
        coalesce(earlier.states, 0) as before,
        coalesce(later.states, 0) as now
    from segments.membership_changes as changes
    inner join {changed} as profiles on profiles.profile_id = changes.profile_id
    left join {states} as earlier
        on earlier.as_of_on = $last and earlier.segment_name = $segment
        and earlier.profile_id = changes.profile_id
    left join {states} as later
        on later.as_of_on = $day and later.segment_name = $segment
        and later.profile_id = changes.profile_id
    where changes.changed_on = $day and changes.segment_name = $segment
        and changes.cause in {causes}
),
compared as ({decided}),
explained as (
    select
        *,
        case
            when holds <> has_entered then 'not_accounted_for'
            when has_arrived then 'arrived'
            when held <> holds then 'clauses'
            when has_entered then 'no_longer_kept_out'
            else 'not_accounted_for'
        end as explanation
    from compared
)
select
    profile_id, segment_name, changed_on, explanation,
    $checksum as clauses_checksum,
    case when not has_arrived then before end as states_before,
    now as states_now,
    case when explanation = 'clauses' then alone end as deciding_alone,
    case when explanation = 'clauses' then together end as deciding_together,
    case when explanation = 'arrived' then split_from end as other_profile_id
from explained
"""


def explained(formula: Formula) -> str:
    """The statement that says what decided the changes of a segment on a day.

    Parameters:
        formula: of its definition.
    """
    return KNOWN.format(
        reasons=REASONS,
        states=STATES,
        changed=CHANGED,
        causes=BY_PERSON,
        decided=decided(formula, "seen"),
    )
