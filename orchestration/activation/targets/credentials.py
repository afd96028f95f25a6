"""Secrets of destinations: read where a file says they stand, kept nowhere."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.activation.destinations.common import Secret
from orchestration.errors import UserError


def secret_of(secret: Secret) -> str:
    """The secret that stands where a file says.

    Raises:
        UserError: it is not there.
    """
    if secret.env:
        value = os.environ.get(secret.env, "").strip()
        where = f"The environment variable {secret.env}"
    else:
        where = f"The file {secret.file}"
        try:
            value = Path(str(secret.file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            value = ""
    if not value or not value.isprintable() or not value.isascii():
        raise UserError(
            f"{where} holds no secret. Set it; the destination's file names its place.", 2
        )
    return value
