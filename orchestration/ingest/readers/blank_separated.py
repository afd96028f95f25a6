"""Columns set apart by runs of blanks, as in fixed-width reports."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.readers.dialect import Dialect, without_repetition
from orchestration.ingest.readers.lines import offsets_around, raw_lines
from orchestration.ingest.readers.target import UNREADABLE, Outcome, Target
from orchestration.ingest.sql import first_line, quoted

LINE = "c360_line"


def read_blank_separated(
    con: duckdb.DuckDBPyConnection, target: Target, path: Path, dialect: Dialect
) -> Outcome:
    """Columns set apart by runs of blanks, as in fixed-width reports."""
    with path.open(encoding="utf-8-sig", errors="replace") as handle:
        first = next(islice(handle, dialect.skip_lines, None), "").split()
    names = first if dialect.has_header else [f"column_{i + 1}" for i in range(len(first))]
    if not names:
        return Outcome(0, 0)
    matched = target.match(con, without_repetition(target, names))
    parts = (
        "(select line_number, line, string_split_regex(trim(line), '\\s+') as parts "
        f"from {raw_lines(path)} "
        f"where line_number > {dialect.header_lines} and trim(coalesce(line, '')) <> '')"
    )
    columns = ", ".join(f"parts[{i + 1}] as {quoted(name)}" for i, name in enumerate(names))
    is_whole = f"len(parts) = {len(names)}"
    whole = f"(select line_number as {LINE}, {columns} from {parts} where {is_whole})"
    try:
        rows, mistyped = target.insert_typed(con, matched, whole, LINE)
        ragged = target.reject(
            con,
            "select line_number, null as column_name, null as value, line as line_text, "
            f"'{UNREADABLE}' as reason from {parts} where not ({is_whole})",
        )
    except duckdb.Error as error:
        raise UserError(
            f"{target.source_file} can't be read: {first_line(error)}. It must be UTF-8 text with "
            "columns set apart by blanks."
        ) from None
    header, rejected = dialect.header_lines, mistyped + ragged
    is_plain = rows + rejected + header == target.line_count
    offsets = offsets_around(header, target.rejected_lines(con)) if is_plain else []
    return Outcome(rows, rejected, header, offsets)
