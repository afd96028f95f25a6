"""What every command begins with: settings that hold, a closed data folder, the log."""

from __future__ import annotations

from pathlib import Path

from orchestration.clock import replayed_day
from orchestration.errors import UserError
from orchestration.logs import write_to
from orchestration.private_files import close_to_others
from orchestration.retries import pauses
from orchestration.settings import Settings
from orchestration.watchdog import stall_seconds


def begin(landing: Path | None = None) -> Settings:
    """What every command begins with: settings that hold, a closed data folder, the log.

    Parameters:
        landing: stands in for the landing folder.

    Raises:
        UserError: it is not a folder, or a variable of the environment has an impossible value.
    """
    if landing and not landing.is_dir():
        raise UserError(f"{landing} is not a folder. Give the folder that holds your files.", 2)
    settings = Settings.from_env(landing)
    _check_environment()
    close_to_others(settings.data_dir)
    write_to(settings)
    return settings


def _check_environment() -> None:
    """What only some commands read is told by all: found out in the night it is too late."""
    for read in (replayed_day, pauses, stall_seconds):
        read()
