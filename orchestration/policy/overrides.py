"""The policy seed identity_overrides: what people decided, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from orchestration.policy.seeds import Row, filled, one_of

OVERRIDE_COLUMNS = (
    "decision", "source_system_a", "source_record_id_a", "source_system_b", "source_record_id_b",
    "author", "reason", "valid_from", "valid_to",
)  # fmt: skip


def check_overrides(rows: Sequence[Row]) -> None:
    """Refuse decisions that end before they begin or contradict each other.

    Parameters:
        rows: the seed's rows in their order.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    for row in rows:
        one_of(row, "decision", ("always_link", "never_link"))
        for column in OVERRIDE_COLUMNS[1:7]:
            filled(row, column)
        if _pair(row)[0] == _pair(row)[1]:
            raise row.refuse("a record is paired with itself", "Name two records.")
        start, end = _period(row)
        if start >= end:
            raise row.refuse(
                f"it ends on {row['valid_to']}, before it begins",
                "valid_to is the first day on which it is no longer in force.",
            )
    _check_contradictions(rows)


def _check_contradictions(rows: Sequence[Row]) -> None:
    # What is always linked at one time is one person then; nothing in it may be never linked. The
    # decisions in force change only on the days on which one begins.
    for day in sorted({_period(row)[0] for row in rows}):
        in_force = [row for row in rows if _period(row)[0] <= day < _period(row)[1]]
        person: dict[str, str] = {}

        def find(key: str, person: dict[str, str] = person) -> str:
            while person.get(key, key) != key:
                key = person[key]
            return key

        for row in in_force:
            if row["decision"] == "always_link":
                a, b = map(find, _pair(row))
                person[a] = b
        for row in in_force:
            a, b = _pair(row)
            if row["decision"] == "never_link" and find(a) == find(b):
                others = [
                    str(r.line)
                    for r in in_force
                    if r["decision"] == "always_link" and find(_pair(r)[0]) == find(a)
                ]
                raise row.refuse(
                    f"never_link contradicts always_link in line {', '.join(others)}",
                    "Remove one of them, or end it with valid_to.",
                )


def _pair(row: Row) -> tuple[str, str]:
    return (
        f"{row['source_system_a']}:{row['source_record_id_a']}",
        f"{row['source_system_b']}:{row['source_record_id_b']}",
    )


def _period(row: Row) -> tuple[date, date]:
    return _day(row, "valid_from", date.min), _day(row, "valid_to", date.max)


def _day(row: Row, column: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(row[column]) if row[column] else otherwise
    except ValueError:
        raise row.refuse(
            f"{column} {row[column]} is no date", "Write it as 2026-11-30, or leave it empty."
        ) from None
