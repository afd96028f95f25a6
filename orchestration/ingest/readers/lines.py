"""Physical lines of a text file: where each row begins, and which lines break the rows after them.

A stray quote opens a value that swallows the good rows after it up to the next quote. Files in
which that happened are read again without the line that did it.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.ingest.discovery import BLOCK_BYTES
from orchestration.ingest.readers.target import MAX_LINE_BYTES
from orchestration.ingest.sql import file_list, literal

NO_DELIMITER = "\x1f\x1e\x1f"
TO_ASCII = bytes(b if b < 0x80 and b not in (0x1E, 0x1F) else 0x3F for b in range(256))
MOST_LINES_OF_A_ROW = 1_000


def raw_lines(path: Path) -> str:
    """A relation with line_number and line, in the order of the file, which must be UTF-8."""
    return (
        "(select row_number() over () as line_number, line "
        f"from read_csv({file_list([path])}, header=false, columns={{'line': 'VARCHAR'}}, "
        f"delim={literal(NO_DELIMITER)}, quote='', escape='', auto_detect=false, "
        f"compression='none', strict_mode=false, parallel=false, max_line_size={MAX_LINE_BYTES}))"
    )


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
    first_line: int,
    not_rows: Sequence[int],
    row_count: int,
) -> list[tuple[int, int]] | None:
    """Where the distance between a row's number and its line changes.

    A row begins on a line with an even number of quotes before it. Blank lines, the header and
    rejected lines are no rows.

    Parameters:
        con: any connection.
        path: an ASCII copy of a plain file.
        quote: the quote character.
        first_line: the first line after the header.
        not_rows: lines at which a rejected row begins.
        row_count: rows that were read.

    Returns:
        (from_row, line_offset) pairs, None when lines and rows can't be matched.
    """
    quotes = f"length(line) - length(replace(line, {literal(quote)}, ''))"
    con.execute(
        "create or replace temp table c360_not_rows as select unnest(?::bigint[]) as n",
        [list(not_rows)],
    )
    rows = con.execute(
        f"""
        with lines as (
            select line_number, line, coalesce({quotes}, 0) as quotes
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
            where is_inside = 0 and line is not null and line_number >= {first_line}
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
    con.execute("drop table c360_not_rows")
    if rows and rows[0][2] != row_count:
        return None
    return [(row[0], row[1]) for row in rows]


def offsets_around(header_lines: int, not_rows: Sequence[int]) -> list[tuple[int, int]]:
    """The same for a file in which every row is one line: only lines that are no rows count."""
    others = sorted({*range(1, header_lines + 1), *not_rows})
    offsets = {0: 0} | {line - rank: rank for rank, line in enumerate(others, start=1)}
    return [(rows_before + 1, offset) for rows_before, offset in sorted(offsets.items())]


def stray_lines(
    con: duckdb.DuckDBPyConnection, path: Path, delimiter: str, quote: str, column_count: int
) -> list[int]:
    """Lines whose quote is never closed, or closed only in a row that it does not belong to.

    `path` is an ASCII copy.
    Only lines with an odd number of quotes are looked at one by one.
    """
    quotes = f"length(line) - length(replace(line, {literal(quote)}, ''))"
    con.execute(f"create or replace temp table c360_lines as select * from {raw_lines(path)}")
    odd = [
        row[0]
        for row in con.execute(
            f"select line_number from c360_lines where ({quotes}) % 2 = 1 order by 1"
        ).fetchall()
    ]
    strays, position = [], 0
    while position < len(odd):
        opens = odd[position]
        closes = odd[position + 1] if position + 1 < len(odd) else None
        if closes and closes - opens <= MOST_LINES_OF_A_ROW:
            text = con.execute(
                "select string_agg(coalesce(line, ''), chr(10) order by line_number) "
                "from c360_lines where line_number between ? and ?",
                [opens, closes],
            ).fetchone()
            if text and _is_one_row(text[0], delimiter, quote, column_count):
                position += 2
                continue
        strays.append(opens)
        position += 1
    con.execute("drop table c360_lines")
    return strays


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
        if b"\n" not in source.read(BLOCK_BYTES):
            source.seek(0)
            while block := source.read(BLOCK_BYTES):
                out.write(block.replace(b"\r", b"\n"))
            return {}
        source.seek(0)
        for number, line in enumerate(source, start=1):
            if number in unwanted:
                texts[number] = line.decode("utf-8", errors="replace").rstrip("\r\n")
                out.write(b"\n")
            else:
                out.write(line.replace(b"\r\n", b"\n").replace(b"\r", b" "))
    return texts


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
