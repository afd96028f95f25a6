"""Delimited text. DuckDB reads it; lines that are no row are kept with their number and reason."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.drift import Matched
from orchestration.ingest.readers.blank_separated import read_blank_separated
from orchestration.ingest.readers.dialect import Dialect, header_names, without_repetition
from orchestration.ingest.readers.lines import (
    OddLines,
    ascii_copy,
    copy_without,
    line_offsets,
    lines_at,
    odd_lines,
    offsets_around,
)
from orchestration.ingest.readers.target import (
    INVALID_TYPE,
    MAX_LINE_BYTES,
    UNREADABLE,
    NeedsCareError,
    Outcome,
    Target,
)
from orchestration.ingest.sql import file_list, first_line, literal, quoted

FEW_REJECTS = 100_000
NO_QUOTE = "\x1d"


def read_delimited(con: duckdb.DuckDBPyConnection, target: Target, path: Path) -> Outcome:
    """Load a file of delimited text.

    Raises:
        UserError: the file has no header, not the declared columns, or can't be read at all.
    """
    dialect = Dialect.of(target.table)
    if dialect.delimiter == "whitespace":
        return read_blank_separated(con, target, path, dialect)
    names = header_names(target, path, dialect)
    if not names:
        return Outcome(0, 0)
    matched = target.match(con, without_repetition(target, names))
    reading = _Reading(con, target, dialect, names, matched)
    if target.is_careful:
        return reading.load_carefully(path)
    try:
        rows = reading.load(path)
    except duckdb.Error:
        raise NeedsCareError from None
    if reading.swallowed_rows():
        raise NeedsCareError
    return reading.outcome(path, rows)


class _Reading:
    """One file on its way: a first try, and a careful second one where rows were swallowed."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        target: Target,
        dialect: Dialect,
        names: list[str],
        matched: Matched,
    ) -> None:
        self.con, self.target, self.dialect = con, target, dialect
        self.names, self.matched = names, matched

    def relation(self, path: Path) -> str:
        kinds = {name: column.data_type for column, name in self.matched.feeds if name is not None}
        # Positions as names: a header may repeat a name that nobody asked for, or have none.
        columns = ", ".join(
            f"'c{i}': {literal(kinds.get(name, 'varchar'))}" for i, name in enumerate(self.names)
        )
        quote = literal(self.dialect.quote)
        return (
            f"read_csv({file_list([path])}, header={self.dialect.has_header}, "
            f"skip={self.dialect.skip_lines}, columns={{{columns}}}, "
            f"delim={literal(self.dialect.delimiter)}, quote={quote}, escape={quote}, "
            "auto_detect=false, compression='none', strict_mode=true, store_rejects=true, "
            f"rejects_limit=0, max_line_size={MAX_LINE_BYTES})"
        )

    def load(self, path: Path) -> int:
        """Insert the file's rows; what was rejected is in DuckDB's own tables then."""
        self.drop_rejects()
        # In a keyed file an empty cell is a statement, and a column that it lacks is none.
        cell = "coalesce(c{}, '')" if self.target.table.keyed else "c{}"
        position = {name: cell.format(i) for i, name in enumerate(self.names)}
        expressions = {
            column.name: position[name] if name is not None else f"cast(null as {column.data_type})"
            for column, name in self.matched.feeds
        }
        return self.target.insert(self.con, expressions, self.relation(path))

    def swallowed_rows(self) -> bool:
        """Whether a rejected row reaches over several lines: good rows may be in it."""
        found = self.con.execute(
            "select 1 from reject_errors where contains(csv_line, chr(10)) limit 1"
        ).fetchone()
        return found is not None

    def load_carefully(self, path: Path) -> Outcome:
        """Load without the lines that swallow others, and with one kind of line end.

        Raises:
            UserError: DuckDB can't read what is left either.
        """
        with tempfile.TemporaryDirectory(dir=self.target.workspace) as folder:
            even, cleaned = Path(folder) / "even.csv", Path(folder) / "cleaned.csv"
            copy_without(path, even, [])
            with ascii_copy(even, self.target.workspace) as ascii_file:
                strays = self.odd_lines(ascii_file).stray
            texts = copy_without(even, cleaned, strays)
            try:
                return self.outcome(cleaned, self.load(cleaned), texts)
            except duckdb.Error as error:
                raise UserError(
                    f"{self.target.source_file} can't be read: {first_line(error)}. Check that it "
                    f"is text with the delimiter '{self.dialect.delimiter}' and the encoding that "
                    f"source {self.target.table.label} declares (UTF-8 without a declaration)."
                ) from None

    def outcome(self, path: Path, rows: int, dropped: Mapping[int, str] | None = None) -> Outcome:
        """Keep the rejects and find out on which lines the rows are."""
        header, lines = self.dialect.header_lines, self.target.line_count
        counted = self.con.execute("select count(distinct line) from reject_errors").fetchone()
        assert counted
        rejected = counted[0]
        is_plain = not dropped and rows + rejected + header == lines
        self.keep_rejects(path, is_plain or rejected > FEW_REJECTS)
        if rejected > FEW_REJECTS:
            # So many that nobody looks them up one by one, in a file that will be refused.
            return Outcome(
                rows, rejected + self.target.reject_lines(self.con, dropped or {}), 0, []
            )
        not_rows = self.target.rejected_lines(self.con)
        if dropped:
            rejected += self.target.reject_lines(self.con, dropped)
        if is_plain:
            return Outcome(rows, rejected, header, offsets_around(header, not_rows))
        return Outcome(rows, rejected, header, self.offsets(path, not_rows, rows))

    def offsets(self, path: Path, not_rows: list[int], rows: int) -> list[tuple[int, int]]:
        """Where rows are in a file whose values have lines of their own."""
        quote, header = self.dialect.quote or NO_QUOTE, self.dialect.header_lines
        with ascii_copy(path, self.target.workspace) as ascii_file:
            found = line_offsets(self.con, ascii_file, quote, header, not_rows, [], rows)
            if found or not rows:
                return found
            literals = self.odd_lines(ascii_file).literal
            return line_offsets(self.con, ascii_file, quote, header, not_rows, literals, rows)

    def odd_lines(self, ascii_file: Path) -> OddLines:
        """The lines with an odd number of quotes, none where the table's files have no quotes."""
        if not self.dialect.quote:
            return OddLines([], [])
        dialect = self.dialect
        return odd_lines(self.con, ascii_file, dialect.delimiter, dialect.quote, len(self.names))

    def keep_rejects(self, path: Path, is_plain: bool) -> None:
        """Move DuckDB's rejects to ours: a line may have several errors, it is one row.

        DuckDB counts rows and calls that lines; where a value has lines of its own, the line is
        counted up to the byte at which the row begins.
        """
        names = " ".join(
            f"when 'c{i}' then {literal(self.landing_name(name))}"
            for i, name in enumerate(self.names)
        )
        starts: list[int] = []
        if not is_plain:
            positions = "select distinct line_byte_position from reject_errors order by 1"
            starts = [row[0] for row in self.con.execute(positions).fetchall()]
        self.con.execute(
            "create or replace temp table c360_starts as select "
            "unnest(?::bigint[]) as line_byte_position, unnest(?::bigint[]) as line_number",
            [starts, lines_at(path, starts)],
        )
        self.target.reject(
            self.con,
            f"""
            select coalesce(starts.line_number, line) as line_number,
                case column_name {names} end as column_name,
                case when error_type = 'CAST' then
                    regexp_extract(error_message, 'Could not convert string "(.*)" to', 1, 's')
                end as value,
                csv_line as line_text,
                case when error_type = 'CAST' then '{INVALID_TYPE}' else '{UNREADABLE}' end
                    as reason
            from reject_errors left join c360_starts as starts using (line_byte_position)
            qualify row_number() over (
                partition by line order by column_idx nulls last, error_type, error_message
            ) = 1
            """,
        )
        self.con.execute("drop table c360_starts")
        self.drop_rejects()

    def landing_name(self, name: str) -> str:
        for column, found in self.matched.feeds:
            if found == name:
                return column.name
        return name

    def drop_rejects(self) -> None:
        for name in ("reject_errors", "reject_scans"):
            self.con.execute(f"drop table if exists {quoted(name)}")
