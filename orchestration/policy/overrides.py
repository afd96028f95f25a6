"""Refusing a policy that can't be followed, before a run begins: file, row and remedy.

The seeds are edited by hand. dbt's tests would find some of the mistakes, but after loading, by a
count of rows and without the line; and a contradiction between two decisions is no matter of a
column.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.errors import UserError
from orchestration.policy.clv_settings import check_clv_settings
from orchestration.policy.match_rules import check_match_rules
from orchestration.policy.record_rules import COLUMNS as RECORD_RULE_COLUMNS
from orchestration.policy.record_rules import check_record_rules

KINDS = ("person", "email", "phone", "device", "cookie", "partner")
NAMESPACE_COLUMNS = (
    "namespace", "kind", "priority", "is_unique", "max_records_per_value",
    "max_values_per_profile", "window_days", "splits_by_person", "comment",
)  # fmt: skip
OVERRIDE_COLUMNS = (
    "decision", "source_system_a", "source_record_id_a", "source_system_b", "source_record_id_b",
    "author", "reason", "valid_from", "valid_to",
)  # fmt: skip
BLOCKED_COLUMNS = ("namespace", "match_kind", "value", "reason", "comment")
MATCH_RULE_COLUMNS = ("rule", "value", "comment")
CLV_SETTING_COLUMNS = ("setting", "value", "comment")
ATTRIBUTES = ("any", "birth_date", "given_name")
"""What blocked_identity_values may name beside namespaces."""


@dataclass(frozen=True)
class Row:
    """A row of a seed and where it stands."""

    file: str
    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values[column].strip()

    def refuse(self, what: str, remedy: str) -> UserError:
        """The error that says what is wrong with this row."""
        return UserError(f"{self.file}, line {self.line}: {what}. {remedy}")


def check_policy(dbt_project_dir: Path) -> None:
    """Read the seeds of a project that steer Python and refuse what can't be followed.

    Parameters:
        dbt_project_dir: the dbt project.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    folder = dbt_project_dir / "seeds" / "policy"
    namespaces = check_namespaces(read_seed(folder / "identity_namespaces.csv", NAMESPACE_COLUMNS))
    _check_blocked(read_seed(folder / "blocked_identity_values.csv", BLOCKED_COLUMNS), namespaces)
    check_overrides(read_seed(folder / "identity_overrides.csv", OVERRIDE_COLUMNS))
    rules = read_seed(folder / "match_rules.csv", MATCH_RULE_COLUMNS)
    for fault in check_match_rules([row.values for row in rules]):
        raise UserError(fault)
    check_record_rules(
        read_seed(folder / "record_match_rules.csv", RECORD_RULE_COLUMNS), namespaces
    )
    settings = read_seed(folder / "clv_settings.csv", CLV_SETTING_COLUMNS)
    for fault in check_clv_settings([row.values for row in settings]):
        raise UserError(fault)


def read_seed(path: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of a seed.

    Raises:
        UserError: the file is not there, is no UTF-8 CSV or lacks columns.
    """
    name = f"seeds/policy/{path.name}"
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.reader(handle, strict=True)
            header = next(reader, [])
            missing = [c for c in columns if c not in header]
            if missing:
                raise UserError(
                    f"{name}, line 1: the column {missing[0]} is missing. The header is "
                    f"{','.join(columns)}."
                )
            return list(_rows(name, header, reader))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        kind = type(error).__name__
        raise UserError(
            f"{name} can't be read ({kind}). It must be a CSV file in UTF-8 with the header "
            f"{','.join(columns)}."
        ) from None


def _rows(name: str, header: list[str], reader: Iterator[list[str]]) -> Iterator[Row]:
    line = 2
    for cells in reader:
        if cells and len(cells) != len(header):
            raise UserError(
                f"{name}, line {line}: {len(cells)} values for {len(header)} columns. Put a text "
                "with commas into double quotes."
            )
        if cells:
            yield Row(name, line, dict(zip(header, cells, strict=True)))
        line = reader.line_num + 1  # type: ignore[attr-defined]


def check_namespaces(rows: Sequence[Row]) -> set[str]:
    """Refuse namespaces that contradict themselves or each other.

    Returns:
        The names.
    """
    seen: dict[tuple[str, str], Row] = {}
    for row in rows:
        _one_of(row, "kind", KINDS)
        for column in ("is_unique", "splits_by_person"):
            _one_of(row, column, ("true", "false"))
        _whole(row, "priority", 1)
        _whole(row, "max_records_per_value", 1)
        for column in ("max_values_per_profile", "window_days"):
            if row[column]:
                _whole(row, column, 1)
        if row["is_unique"] == "true" and row["max_values_per_profile"] not in ("", "1"):
            raise row.refuse(
                f"{row['namespace']} is unique and may have {row['max_values_per_profile']} values",
                "Leave max_values_per_profile empty, or set is_unique to false.",
            )
        for column in ("namespace", "priority"):
            _filled(row, column)
            before = seen.setdefault((column, row[column]), row)
            if before is not row:
                raise row.refuse(
                    f"{column} {row[column]} stands in line {before.line} already",
                    "Each namespace has one row and a priority of its own.",
                )
    return {row["namespace"] for row in rows}


def _check_blocked(rows: Sequence[Row], namespaces: set[str]) -> None:
    for row in rows:
        _one_of(row, "match_kind", ("equals", "like"))
        _filled(row, "value")
        if row["namespace"] not in namespaces | set(ATTRIBUTES):
            raise row.refuse(
                f"the namespace {row['namespace']} is not known",
                f"Use any, or one of {', '.join(sorted(namespaces))}; or add it to "
                "identity_namespaces.csv.",
            )


def check_overrides(rows: Sequence[Row]) -> None:
    """Refuse decisions that end before they begin or contradict each other."""
    for row in rows:
        _one_of(row, "decision", ("always_link", "never_link"))
        for column in OVERRIDE_COLUMNS[1:7]:
            _filled(row, column)
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


def _one_of(row: Row, column: str, words: Sequence[str]) -> None:
    if row[column] not in words:
        raise row.refuse(f"{column} is '{row[column]}'", f"Use one of {', '.join(words)}.")


def _filled(row: Row, column: str) -> None:
    if not row[column]:
        raise row.refuse(f"{column} is empty", "Fill it in.")


def _whole(row: Row, column: str, smallest: int) -> None:
    if row[column].isdecimal() and int(row[column]) >= smallest:
        return
    raise row.refuse(f"{column} is '{row[column]}'", f"Give a whole number of {smallest} or more.")
