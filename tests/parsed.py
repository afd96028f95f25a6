"""One parse of the project for all tests: another data folder, or an edited copy, goes on from it.

dbt parses only what differs then, a second instead of ten.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transform.left_by_parse import hand_over_parse
from orchestration.transform.parsing import parse

folder: Path | None = None
"""Of this session of tests, and told by it (conftest.py)."""


def parsed(settings: Settings) -> Settings:
    """The same settings, whose data folder has what dbt has left of the project as it is in git."""
    return taken_over(once("as_in_git", lambda _: DBT_PROJECT_DIR), settings)


def once(name: str, project: Callable[[Path], Path]) -> Settings:
    """Settings of a project that is parsed once for all tests.

    Parameters:
        name: of the project, and of a folder for it.
        project: makes the project below a folder, and says where it is.
    """
    assert folder is not None
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    # Parsing points the process to its data folder.
    with (place / "lock").open("w") as lock, mock.patch.dict(os.environ):
        # Of several processes of tests one parses.
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = place / "made"
        if not made.exists():
            made.write_text(str(project(place)))
        found = Settings(place / "data", place / "landing", Path(made.read_text()))
        parse(found)
    return found


def taken_over(there: Settings, settings: Settings) -> Settings:
    """Settings whose data folder has what dbt has left elsewhere, of a project much the same.

    Parameters:
        there: where the project is parsed.
        settings: given back.
    """
    hand_over_parse(there, settings)
    return settings
