"""Who looked at whom: `<data>/logs/customer_access.log`, a line a look, with ids and no values."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence

from orchestration.errors import UserError
from orchestration.logs import LogFile
from orchestration.settings import Settings

NAME = "customer_access.log"
KEPT_FILES = 100
"""Of five megabytes: some four million looks."""


class AccessLog:
    """Notes looks before they are answered; what can't be noted is not shown.

    Parameters:
        settings: paths.
    """

    def __init__(self, settings: Settings) -> None:
        self._file = LogFile(settings.log_dir / NAME)
        self._file.backupCount = KEPT_FILES
        self._lock = threading.Lock()

    def note(self, user: str, look: str, profiles: Sequence[str]) -> None:
        """Write a line: when (UTC), the process, and as JSON who, what kind of look, at whom.

        Parameters:
            user: who looks.
            look: enter, leave, search, person or why.
            profiles: ids of the people that are shown.

        Raises:
            UserError: the line could not be written.
        """
        line = json.dumps({"user": user, "look": look, "profiles": list(profiles)})
        with self._lock:
            self._file.handle(logging.LogRecord(NAME, logging.INFO, "", 0, line, None, None))
            problem = self._file.problem
        if problem:
            raise UserError(
                "The look could not be noted in the access log, so nothing is shown. Whoever runs "
                f"this page: see why {NAME} in the log folder can't be written.",
                3,
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()
