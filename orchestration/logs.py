"""The one log: `<data>/logs/c360.log`, one line per event, never with personal data."""

from __future__ import annotations

import logging
import time
from logging.handlers import RotatingFileHandler

from orchestration.settings import Settings

NAME = "c360"
MAX_BYTES = 5 * 1024 * 1024


def log() -> logging.Logger:
    """The product's logger."""
    return logging.getLogger(NAME)


def write_to(settings: Settings) -> None:
    """Send the product's log to its file, in UTC, keeping five files of five megabytes.

    Parameters:
        settings: paths; `log_dir` is made when missing.
    """
    logger = log()
    if logger.handlers:
        return
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        settings.log_dir / "c360.log", maxBytes=MAX_BYTES, backupCount=5, encoding="utf-8"
    )
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(process)d %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
