"""How the files of a table are written: delimiter, quote, header."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.readers.target import MAX_LINE_BYTES, Target
from orchestration.ingest.sql import first_line

csv.field_size_limit(MAX_LINE_BYTES)


@dataclass(frozen=True)
class Dialect:
    """How a table's files are written."""

    delimiter: str
    quote: str
    has_header: bool
    skip_lines: int

    @classmethod
    def of(cls, table: SourceTable) -> Dialect:
        """Read the dialect off a declaration; commas, double quotes and a header by default."""
        options = table.options
        delimiter = str(options.get("delimiter", ","))
        return cls(
            {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter),
            str(options.get("quote", '"')),
            bool(options.get("header", True)),
            int(options.get("skip_lines", 0)),
        )

    @property
    def header_lines(self) -> int:
        """Lines in front of the first row."""
        return self.skip_lines + self.has_header


def header_names(target: Target, path: Path, dialect: Dialect) -> list[str]:
    """The column names of a file; column_1, column_2, ... where its first line is a row already.

    Raises:
        UserError: the first line can't be read as a header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as handle:
            first = next(
                csv.reader(
                    islice(handle, dialect.skip_lines, None),
                    delimiter=dialect.delimiter,
                    quotechar=dialect.quote or None,
                    quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
                ),
                [],
            )
    except (csv.Error, TypeError) as error:
        raise UserError(
            f"{target.source_file}, line {dialect.skip_lines + 1}, can't be read as a header: "
            f"{first_line(error)}. Check the delimiter and quote that source "
            f"{target.table.label} declares."
        ) from None
    if not dialect.has_header:
        return [f"column_{i + 1}" for i in range(len(first))]
    return [name.strip() for name in first]


def without_repetition(target: Target, names: list[str]) -> dict[str, str | None]:
    """The names as keys, without types.

    Raises:
        UserError: a declared column is there twice.
    """
    wanted = {column.source_name for column in target.table.columns}
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise UserError(
            f"{target.source_file}, line 1: the header names a column twice, {min(twice)}. Source "
            f"{target.table.label} can't know which of them to load. Correct the file."
        )
    return dict.fromkeys(names)
