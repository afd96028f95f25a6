"""Refusing business units that can't be followed: a word with two units, a unit in two regions."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.policy.seeds import Row, filled

COLUMNS = ("source_system", "written", "business_unit_id", "region", "comment")


def check_business_units(rows: Sequence[Row]) -> None:
    """Refuse the first mistake in business_units.

    Parameters:
        rows: its rows. Words are compared as `identity.record_units` does, whatever their case.

    Raises:
        UserError: with file, line and remedy.
    """
    words: dict[tuple[str, str], Row] = {}
    regions: dict[str, Row] = {}
    for row in rows:
        filled(row, "source_system")
        filled(row, "business_unit_id")
        word = row["source_system"], row["written"].lower()
        if word in words:
            what = f"what {word[0]} writes as '{row['written']}'"
            raise row.refuse(
                f"{what} is said again, first in line {words[word].line}", "Keep one of them."
            )
        unit = row["business_unit_id"]
        first = regions.setdefault(unit, row)
        if row["region"] != first["region"]:
            raise row.refuse(
                f"{unit} is in the region '{row['region']}', and in '{first['region']}' by line "
                f"{first.line}",
                "A unit lies in one region.",
            )
        words[word] = row
