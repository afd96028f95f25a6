"""Whether policies over data usage labels let a sync leave."""

from __future__ import annotations

import duckdb

from orchestration.activation import definitions
from orchestration.activation.definitions import Sync
from orchestration.activation.destinations.kinds import Destination
from orchestration.lineage.origins import Name
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.usage.declared import DeclaredLabels
from orchestration.usage.door import PolicyDoor, Use
from orchestration.usage.policies import read_rules


def door_of(settings: Settings, con: duckdb.DuckDBPyConnection) -> PolicyDoor:
    """The policies of the project over the columns of a warehouse; see `PolicyDoor`."""
    return PolicyDoor(settings, con, settings.dbt_project_dir / definitions.FOLDER)


def require_rules(settings: Settings) -> None:
    """Refuse policies, or labels in the YAML of models, that can't be followed.

    Raises:
        UserError: it says which, where.
    """
    rules = read_rules(settings.dbt_project_dir / definitions.FOLDER)
    DeclaredLabels(load_manifest(settings), rules.labels)


def require_allowed(settings: Settings, door: PolicyDoor, sync: Sync) -> Destination:
    """Refuse a sync that a policy does not allow, by what leaves and what the segment's rule reads.

    Parameters:
        settings: paths.
        door: over the warehouse whose rows would leave.
        sync: who and what.

    Returns:
        The destination, for what it is used.

    Raises:
        UserError: it names the policy, the way from the label to the destination, and what would
            mend it.
    """
    destination = definitions.read_destination(settings, sync.destination)
    door.require(
        Use(
            title=sync.title,
            segment=sync.segment,
            columns=used_columns(sync),
            destination=sync.destination,
            actions=destination.marketing_actions,
            exceptions=sync.exceptions,
        )
    )
    return destination


def used_columns(sync: Sync) -> dict[str, Name]:
    """What leaves, and what its form is chosen by, by name at the other end."""
    found = {name: _name(column.source) for name, column in sync.columns.items()}
    found |= {f"country of {n}": _name(c.country) for n, c in sync.columns.items() if c.country}
    return found


def _name(source: str) -> Name:
    table, _, column = source.rpartition(".")
    return Name(table, column)
