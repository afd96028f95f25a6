"""Physical lines of a text file: where each row begins, and which lines break the rows after them.

A stray quote opens a value that swallows the good rows after it up to the next quote. Files in
which that happened are read again without the line that did it.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from orchestration.ingest.discovery import BLOCK_BYTES
from orchestration.ingest.readers.target import MAX_LINE_BYTES
from orchestration.ingest.sql import file_list, literal

NO_DELIMITER = "\x1f\x1e\x1f"
TO_ASCII = bytes(b if b < 0x80 and b not in (0x1E, 0x1F) else 0x3F for b in range(256))
MOST_LINES_OF_A_ROW = 1_000
MOST_ODD_LINES = 1_000_000


def raw_lines(path: Path) -> str:
    """A relation with line_number and line, in the order of the file, which must be UTF-8."""
    return (
        "(select row_number() over () as line_number, line "
        f"from read_csv({file_list([path])}, header=false, columns={{'line': 'VARCHAR'}}, "
        f"delim={literal(NO_DELIMITER)}, quote='', escape='', auto_detect=false, "
        f"compression='none', strict_mode=false, parallel=false, max_line_size={MAX_LINE_BYTES}))"
    )


@dataclass(frozen=True)
class OddLines:
    """Lines with an odd number of quotes that are no end of a longer value.

    Attributes:
        stray: a quote that is never closed, or closed only in a row that it does not belong to.
        literal: a quote inside a value, as in 4" tape.
    """

    stray: list[int]
    literal: list[int]


@contextmanager
def ascii_copy(path: Path, workspace: Path | None) -> Iterator[Path]:
    """A copy with a question mark for every byte outside ASCII: lines and quotes stay in place.

    No byte of it is invalid, whatever the encoding of the file.
    """
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        copy = Path(folder) / "ascii.txt"
        with path.open("rb") as source, copy.open("wb") as out:
            while block := source.read(BLOCK_BYTES):
                out.write(block.translate(TO_ASCII))
        yield copy


def line_offsets(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    quote: str,
    header_lines: int,
    not_rows: Sequence[int],
    literal_quotes: Sequence[int],
    row_count: int,
) -> list[tuple[int, int]]:
    """Where the distance between a row's number and its line changes.

    A row begins on a line with an even number of quotes before it. Blank lines, the header and
    rejected lines are no rows.

    Parameters:
        con: any connection.
        path: an ASCII copy of a plain file.
        quote: the quote character.
        header_lines: lines in front of the first row.
        not_rows: lines at which a rejected row begins.
        literal_quotes: lines whose quote does not open a value.
        row_count: rows that were read.

    Returns:
        (from_row, line_offset) pairs; none when lines and rows can't be matched.
    """
    quotes = f"length(line) - length(replace(line, {literal(quote)}, ''))"
    for name, numbers in (("c360_not_rows", not_rows), ("c360_literal", literal_quotes)):
        con.execute(
            f"create or replace temp table {name} as select unnest(?::bigint[]) as n",
            [list(numbers)],
        )
    rows = con.execute(
        f"""
        with lines as (
            select line_number, line, case
                when line_number in (select n from c360_literal) then 0
                else coalesce({quotes}, 0)
            end as quotes
            from {raw_lines(path)}
        ),
        openings as (
            select line_number, line, coalesce(sum(quotes) over (
                order by line_number rows between unbounded preceding and 1 preceding
            ), 0) % 2 as is_inside
            from lines
        ),
        starts as (
            select line_number, row_number() over (order by line_number) as row_number
            from openings
            where is_inside = 0 and line is not null and line_number > {header_lines}
                and line_number not in (select n from c360_not_rows)
        ),
        offsets as (
            select row_number, line_number - row_number as line_offset, lag(line_number
                - row_number) over (order by row_number) as previous, count(*) over () as row_count
            from starts
        )
        select row_number, line_offset, row_count from offsets
        where previous is null or previous <> line_offset order by row_number
        """
    ).fetchall()
    if rows and rows[0][2] != row_count:
        return []
    return [(row[0], row[1]) for row in rows]


def offsets_around(header_lines: int, not_rows: Sequence[int]) -> list[tuple[int, int]]:
    """The same for a file in which every row is one line: only lines that are no rows count."""
    others = sorted({*range(1, header_lines + 1), *not_rows})
    offsets = {0: 0} | {line - rank: rank for rank, line in enumerate(others, start=1)}
    return [(rows_before + 1, offset) for rows_before, offset in sorted(offsets.items())]


def odd_lines(
    con: duckdb.DuckDBPyConnection, path: Path, delimiter: str, quote: str, column_count: int
) -> OddLines:
    """Sort the lines with an odd number of quotes into those that are well and those that harm.

    Parameters:
        con: any connection.
        path: an ASCII copy.
        delimiter: between values.
        quote: around values.
        column_count: values of a row.
    """
    odd = con.execute(
        f"select line_number, line from {raw_lines(path)} "
        f"where (length(line) - length(replace(line, {literal(quote)}, ''))) % 2 = 1 "
        f"order by 1 limit {MOST_ODD_LINES}"
    ).fetchall()
    found, position = OddLines([], []), 0
    while position < len(odd):
        opens, text = odd[position]
        if _is_one_row(text, delimiter, quote, column_count):
            found.literal.append(opens)
        elif position + 1 < len(odd) and odd[position + 1][0] - opens <= MOST_LINES_OF_A_ROW:
            # What lies between has its quotes in pairs and changes nothing.
            if _is_one_row(f"{text}\n{odd[position + 1][1]}", delimiter, quote, column_count):
                position += 1
            else:
                found.stray.append(opens)
        else:
            found.stray.append(opens)
        position += 1
    return found


def _is_one_row(text: str, delimiter: str, quote: str, column_count: int) -> bool:
    try:
        rows = list(csv.reader([text], delimiter=delimiter, quotechar=quote, strict=True))
    except csv.Error:
        return False
    return len(rows) == 1 and len(rows[0]) == column_count


def copy_without(path: Path, target: Path, dropped: Sequence[int]) -> dict[int, str]:
    """Copy a file without some lines, blank ones in their place, with one kind of line end.

    Returns:
        The text of the dropped lines by number.
    """
    unwanted, texts = set(dropped), {}
    with path.open("rb") as source, target.open("wb") as out:
        if not _has_line_feed(source):
            while block := source.read(BLOCK_BYTES):
                out.write(block.replace(b"\r", b"\n"))
            return {}
        for number, line in enumerate(source, start=1):
            if number in unwanted:
                texts[number] = line.decode("utf-8", errors="replace").rstrip("\r\n")
                out.write(b"\n")
            else:
                out.write(line.replace(b"\r\n", b"\n").replace(b"\r", b" "))
    return texts


def _has_line_feed(source: IO[bytes]) -> bool:
    # The first line alone may be longer than a block.
    found = any(b"\n" in block for block in iter(lambda: source.read(BLOCK_BYTES), b""))
    source.seek(0)
    return found


def undecodable_lines(path: Path) -> list[int]:
    """The lines of a file that are no UTF-8."""
    found = []
    with path.open("rb") as source:
        for number, line in enumerate(source, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                found.append(number)
    return found


def lines_at(path: Path, positions: Sequence[int]) -> list[int]:
    """The line on which each byte lies; positions count from 1 and ascend."""
    found, line, at = [], 1, 0
    with path.open("rb") as source:
        for position in positions:
            while at < position - 1:
                block = source.read(min(BLOCK_BYTES, position - 1 - at))
                if not block:
                    break
                at += len(block)
                line += block.count(b"\n")
            found.append(line)
    return found
