"""The one log: `<data>/logs/c360.log`, one line per event, never with personal data."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from orchestration.settings import Settings

NAME = "c360"
MAX_BYTES = 5 * 1024 * 1024


class LogFile(RotatingFileHandler):
    """The file, made with its first line: who only reads needs no right to write, and no log.

    Attributes:
        problem: why the last line could not be written; None when it was.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=5, encoding="utf-8", delay=True)
        self.problem: Exception | None = None
        formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(process)d %(message)s")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; what is in the way becomes `problem` and stops nobody's work."""
        self.problem = None
        try:
            if self.stream is None:
                Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
            super().emit(record)
        except OSError as error:
            self.problem = error

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Nothing on the terminal, where logging would print a stack trace."""
        error = sys.exception()
        self.problem = error if isinstance(error, Exception) else None

    def close(self) -> None:
        """Close the file, also one whose last lines could not be written."""
        with contextlib.suppress(OSError):
            super().close()


def log() -> logging.Logger:
    """The product's logger."""
    return logging.getLogger(NAME)


def write_to(settings: Settings) -> None:
    """Send the product's log to its file, in UTC, keeping five files of five megabytes.

    Parameters:
        settings: paths; `log_dir` is made with the first line.
    """
    logger = log()
    if any(isinstance(handler, LogFile) for handler in logger.handlers):
        return
    logger.addHandler(LogFile(settings.log_dir / "c360.log"))
    logger.setLevel(logging.INFO)
    logger.propagate = False
