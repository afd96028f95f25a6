"""One parse of the project for all tests: another data folder, or an edited copy, goes on from it.

dbt parses only what differs then, a second instead of ten.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from unittest import mock

from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transform.parsing import parse

LEFT_BY_PARSE = ("partial_parse.msgpack", "manifest.json", "fingerprint")
folder: Path | None = None
"""Of this session of tests, and told by it (conftest.py)."""


def parsed(settings: Settings) -> Settings:
    """The same settings, whose data folder has what dbt has left of the project as it is in git."""
    assert folder is not None
    folder.mkdir(parents=True, exist_ok=True)
    once = Settings(folder, folder / "landing", DBT_PROJECT_DIR)
    # Parsing points the process to its data folder.
    with (folder / "lock").open("w") as lock, mock.patch.dict(os.environ):
        # Of several processes of tests one parses.
        fcntl.flock(lock, fcntl.LOCK_EX)
        parse(once)
    settings.dbt_target_dir.mkdir(parents=True, exist_ok=True)
    for name in LEFT_BY_PARSE:
        shutil.copy(once.dbt_target_dir / name, settings.dbt_target_dir)
        # As what a run writes.
        (settings.dbt_target_dir / name).chmod(0o600)
    return settings
