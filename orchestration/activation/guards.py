"""What stops a run before anything is sent, because its plan looks like a mistake."""

from __future__ import annotations

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.kinds import Destination
from orchestration.activation.planning import Plan, last_mapping
from orchestration.errors import UserError

MOST_NAMED = 10


class GuardError(UserError):
    """A run that stops before anything is sent, because its plan looks like a mistake.

    Parameters:
        guard: its name, such as mass_delete.
        text: what is seen, and what to do.
    """

    def __init__(self, guard: str, text: str) -> None:
        super().__init__(text)
        self.guard = guard


def is_settled_by_sending_again(sync: Sync, destination: Destination) -> bool:
    """Whether what may have arrived can be sent once more without harm."""
    return sync.mode != "append" or destination.may_repeat


def require_guards(
    con: duckdb.DuckDBPyConnection,
    name: str,
    sync: Sync,
    plan: Plan,
    mapping_hash: str,
    is_approved: bool = False,
) -> None:
    """Stop a plan that looks like a mistake.

    Parameters:
        con: to the ledger.
        name: of the sync.
        sync: its definition.
        plan: of `make_plan`.
        mapping_hash: of the columns that leave and their forms.
        is_approved: somebody has seen this very plan, and means it.

    Raises:
        GuardError: it says which guard, and how the plan goes through if it is meant.
    """
    meant = f"If it is meant: `c360 activation run {name} --plan {plan.hash}`."
    if plan.rows == 0 and plan.standing and not sync.guard.allow_empty:
        raise GuardError(
            "empty_source",
            f"The segment {sync.segment} is empty, and {plan.standing} rows stand at the other "
            "end. Nothing was sent. Set guard.allow_empty: true if it may be empty.",
        )
    if is_approved:
        return
    if plan.rows < sync.guard.min_rows:
        raise GuardError(
            "min_rows",
            f"The segment {sync.segment} has {plan.rows} rows, and guard.min_rows is "
            f"{sync.guard.min_rows}. Nothing was sent. {meant}",
        )
    deletes = plan.counts["delete"]
    if deletes and deletes > sync.guard.max_delete_share * plan.standing:
        raise GuardError(
            "mass_delete",
            f"{deletes} of {plan.standing} rows at the other end would be taken away, more than "
            f"guard.max_delete_share {sync.guard.max_delete_share:g}. Nothing was sent. {meant}",
        )
    last = last_mapping(con, name)
    if last and last != mapping_hash and plan.counts["update"]:
        raise GuardError(
            "mapping_changed",
            f"The columns that leave have changed since the last run: {plan.counts['update']} rows "
            f"would be sent again. Nothing was sent. {meant}",
        )


def require_settled(
    con: duckdb.DuckDBPyConnection, name: str, sync: Sync, destination: Destination
) -> None:
    """Refuse to go on while rows may have arrived that can't be sent again without harm.

    Raises:
        GuardError: it names their keys.
    """
    if is_settled_by_sending_again(sync, destination):
        return
    keys = [
        key
        for (key,) in con.execute(
            "select sync_key from sync_standing where sync_name = ? and not is_acked "
            "order by sync_key",
            [name],
        ).fetchall()
    ]
    if keys:
        more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
        raise GuardError(
            "unknown_outcome",
            f"No answer came for {len(keys)} rows of an earlier run, and {sync.destination} can't "
            f"tell a repetition: keys {', '.join(keys[:MOST_NAMED])}{more}. Nothing was sent. Look "
            f"there, then say `c360 activation replay {name} --as arrived` or `--as lost`.",
        )
