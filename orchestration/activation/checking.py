"""Holding the files of syncs and destinations to what they may say, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from orchestration.activation.allowed import door_of, require_allowed, require_rules
from orchestration.activation.definitions import names, read_destination, read_sync
from orchestration.errors import UserError
from orchestration.segment_tools.choosing import column_in
from orchestration.segment_tools.compare import require_active
from orchestration.segments.files import named
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.usage.door import PolicyDoor
from orchestration.warehouse import connect_reader

NOT_HELD = (
    "Not held to policies: there is no warehouse yet, and what labels its columns carry is known "
    "after the first `c360 run`. A run of a sync asks them in any case."
)


def checked(settings: Settings, chosen: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The policies, each sync, and each destination when all are checked, with its fault or none.

    Parameters:
        settings: paths.
        chosen: syncs; all when empty.
    """
    with ExitStack() as stack:
        manifest = load_manifest(settings)
        door, fault = None, ""
        try:
            if is_held(settings):
                con = stack.enter_context(connect_reader(settings))
                door = door_of(settings, manifest, con)
            else:
                require_rules(settings, manifest)
        except UserError as error:
            fault = f"policies: {error}"
        yield "policies", fault
        for name in chosen or names(settings, "syncs"):
            yield name, _fault(settings, manifest, name, door)
    if not chosen:
        for name in names(settings, "destinations"):
            yield name, _destination_fault(settings, name)


def is_held(settings: Settings) -> bool:
    """Whether syncs can be held to policies: there is a warehouse that has lineage."""
    return settings.warehouse_path.exists()


def _fault(
    settings: Settings, manifest: Mapping[str, Any], name: str, door: PolicyDoor | None
) -> str:
    try:
        sync, _ = read_sync(settings, name)
        require_active(named(settings.dbt_project_dir, sync.segment))
        for column in sync.columns.values():
            for source in filter(None, (column.source, column.country)):
                column_in(manifest, source)
        if door:
            require_allowed(settings, door, sync)
    except UserError as error:
        return f"{name}: {error}"
    return ""


def _destination_fault(settings: Settings, name: str) -> str:
    try:
        read_destination(settings, name)
    except UserError as error:
        return f"{name}: {error}"
    return ""
