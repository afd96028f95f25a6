"""Reading a policy seed with the line of each row, and refusing a row: file, line and remedy."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import UserError

FOLDER = Path("seeds") / "policy"
"""Where the seeds are, below the dbt project."""


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


def one_of(row: Row, column: str, words: Sequence[str]) -> None:
    """Refuse a row whose column is none of the words."""
    if row[column] not in words:
        raise row.refuse(f"{column} is '{row[column]}'", f"Use one of {', '.join(words)}.")


def filled(row: Row, column: str) -> None:
    """Refuse a row whose column is empty."""
    if not row[column]:
        raise row.refuse(f"{column} is empty", "Fill it in.")


def whole(row: Row, column: str, smallest: int) -> None:
    """Refuse a row whose column is no whole number of `smallest` or more."""
    if row[column].isdecimal() and int(row[column]) >= smallest:
        return
    raise row.refuse(f"{column} is '{row[column]}'", f"Give a whole number of {smallest} or more.")


def named_once(
    rows: Sequence[Row], column: str, noun: str, known: Collection[str]
) -> Iterator[tuple[str, Row]]:
    """The rows of a seed that says one thing per known name, checked as they are taken.

    Parameters:
        rows: the seed's rows in their order.
        column: the column with the name.
        noun: what the name is of, for people.
        known: the names that there are.

    Raises:
        UserError: a name is not known or is there twice, with file, line and remedy.
    """
    seen: dict[str, Row] = {}
    for row in rows:
        name = row[column]
        if name not in known:
            raise row.refuse(
                f"there is no {noun} {name or 'without a name'}",
                f"{noun.capitalize()}s are {', '.join(known)}; correct the name or remove the row.",
            )
        if name in seen:
            raise row.refuse(
                f"{name} is said again, first in line {seen[name].line}", "Keep one of them."
            )
        seen[name] = row
        yield name, row
