"""Holding the files of syncs and destinations to what they may say, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.activation.definitions import names, read_destination, read_sync
from orchestration.errors import UserError
from orchestration.segment_tools.choosing import columns_of
from orchestration.segment_tools.compare import require_active
from orchestration.segments.files import named
from orchestration.settings import Settings


def checked(settings: Settings, chosen: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each sync, and each destination when all are checked, with its fault; empty when it has none.

    Parameters:
        settings: paths.
        chosen: syncs; all when empty.
    """
    for name in chosen or names(settings, "syncs"):
        yield name, _fault(settings, name)
    if not chosen:
        used = set()
        for name in names(settings, "destinations"):
            used.add(name)
            yield name, _destination_fault(settings, name)


def _fault(settings: Settings, name: str) -> str:
    try:
        sync, _ = read_sync(settings, name)
        require_active(named(settings.dbt_project_dir, sync.segment))
        columns_of(settings, sync.sources)
    except UserError as error:
        return f"{name}: {error}"
    return ""


def _destination_fault(settings: Settings, name: str) -> str:
    try:
        read_destination(settings, name)
    except UserError as error:
        return f"{name}: {error}"
    return ""
