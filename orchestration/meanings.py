"""What a column may mean, its `semantic_type`: which values that has and how they may be shown.

`meanings.csv` has a row per meaning. `values` names the form that values have, by which `source
add` believes a column's name; `visibility` is `hidden` where they say who somebody is or narrow it
down, `shown` where they say nothing about one person, and empty where it depends on the values.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path


@cache
def _rows() -> dict[str, dict[str, str]]:
    with Path(__file__).with_suffix(".csv").open(newline="", encoding="utf-8") as handle:
        return {row["means"]: row for row in csv.DictReader(handle)}


def values_of(means: str | None) -> str:
    """The form of a meaning's values; empty where any will do."""
    return _rows().get(means or "", {}).get("values", "")


def visibility_of(means: str | None) -> str:
    """Whether a meaning's values are hidden or shown; empty where it depends on them."""
    return _rows().get((means or "").lower(), {}).get("visibility", "")
