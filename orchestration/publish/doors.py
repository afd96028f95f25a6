"""The doors beside the file: each is shown a version, and what became of it is remembered.

A door that fails keeps what it shows, is told of, and is shown the newest version by the next run
or `c360 publish`. It never takes the file or another door with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.failures import in_words
from orchestration.private_files import open_to_readers
from orchestration.proof import sync
from orchestration.publish import parquet_door, postgres_door
from orchestration.publish.config import Publication
from orchestration.publish.versions import Version
from orchestration.settings import Settings

PARQUET, POSTGRESQL = "parquet", "postgresql"
DOOR_NAMES = {PARQUET: "Parquet", POSTGRESQL: "PostgreSQL"}


@dataclass(frozen=True)
class DoorState:
    """What a door shows, as far as is known.

    Attributes:
        name: parquet or postgresql.
        version: the version that it shows, empty for none.
        fault: why it does not show the newest, empty when it does.
        since: when this was written down, UTC.
    """

    name: str
    version: str
    fault: str
    since: str

    @property
    def sentence(self) -> str:
        """The fault, for people."""
        shows = f"still shows version {self.version}" if self.version else "shows nothing"
        return f"the door {self.name} {shows}: {self.fault}"


def open_doors(settings: Settings, publication: Publication, version: Version) -> list[DoorState]:
    """Show a version through every door that is declared.

    Parameters:
        settings: paths.
        publication: which doors there are.
        version: a kept version.

    Returns:
        What each door shows now.
    """
    before = {state.name: state for state in read_doors(settings)}
    ways: dict[str, Callable[[], None]] = {}
    if publication.parquet:
        ways[PARQUET] = lambda: parquet_door.show(settings, version)
    if server := publication.server:
        ways[POSTGRESQL] = lambda: postgres_door.show(server, version)
    states = []
    for name, show in ways.items():
        shown, fault = version.name, ""
        try:
            show()
        except Exception as error:
            fault = in_words(error).text
            shown = before[name].version if name in before else ""
        state = DoorState(name, shown, fault, datetime.now(UTC).isoformat(timespec="seconds"))
        known = before.get(name)
        same = known and (known.version, known.fault) == (shown, fault)
        states.append(known if known and same else state)
    if states != list(before.values()):
        _write(settings, states)
    return states


def read_doors(settings: Settings) -> list[DoorState]:
    """What was written down of each door; needs no right to write."""
    try:
        return [DoorState(**entry) for entry in json.loads(_path(settings).read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _path(settings: Settings) -> Path:
    return settings.published_path.parent / "doors.json"


def _write(settings: Settings, states: list[DoorState]) -> None:
    path = _path(settings)
    part = path.with_name(f".{settings.published_path.name}.doors.{os.getpid()}")
    part.write_text(json.dumps([asdict(state) for state in states], indent=1), encoding="utf-8")
    sync(part)
    open_to_readers(settings.data_dir, part)
    part.replace(path)
