"""The limits of what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

FILE = Path(__file__).parent / "limits.yml"


def limits() -> dict[str, float]:
    """The limit of each count, by its name."""
    found: dict[str, float] = yaml.safe_load(FILE.read_text())
    return found


def over(found: Mapping[str, float], allowed: Mapping[str, float]) -> list[str]:
    """Sentences on counts above their limit."""
    return [
        f"{name} is {count:,}, at most {allowed[name]:,}. Take out what is too much, or write in "
        "docs/decisions why more is right and raise the limit."
        for name, count in found.items()
        if count > allowed[name]
    ]
