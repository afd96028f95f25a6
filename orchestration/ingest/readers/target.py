"""Where a reader puts the rows of one file, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.ingest.declarations import Column, SourceTable
from orchestration.ingest.drift import Matched, match_columns
from orchestration.ingest.sql import quoted
from orchestration.ingest.state import add_columns, physical

MAX_LINE_BYTES = 32 * 1024 * 1024
KEPT_TEXT = 10_000
UNREADABLE, INVALID_TYPE = "unreadable_line", "invalid_type"


class NeedsCareError(Exception):
    """The quick way of reading would lose rows of this file; read it again with `is_careful`."""


@dataclass(frozen=True)
class Target:
    """The file that is being read and its place in the warehouse.

    Attributes:
        table: the declared source table.
        source_file: the file's name in results.
        file_id: its number in the physical table.
        is_deletes: whether it lists what is gone; such files may have the keys alone.
        line_count: lines of the file, 0 where the format has none.
        lines_before: lines of the file in front of the part that is being read.
        workspace: folder for temporary copies.
        is_careful: whether this is the second try at a file that broke the first.
        sampled_objects: how many objects of JSON say which fields there are; all for -1.
        most_rows: of a server's table, any of them; all where it is None.
    """

    table: SourceTable
    source_file: str
    file_id: int
    is_deletes: bool = False
    line_count: int = 0
    lines_before: int = 0
    workspace: Path | None = None
    is_careful: bool = False
    sampled_objects: int = 1_000
    most_rows: int | None = None

    def match(self, con: duckdb.DuckDBPyConnection, found: Mapping[str, str | None]) -> Matched:
        """Match the file's columns, write the drift down, and follow it where that is the policy.

        Raises:
            UserError: a difference that the source does not accept.
        """
        matched = match_columns(self.table, found, self.source_file, self.is_deletes)
        add_columns(con, self.table, [column for column, _ in matched.feeds])
        for change in matched.changes:
            con.execute(
                "insert into operations.schema_drift values "
                "(?, ?, ?, ?, ?, ?, ?, ?, now()::timestamp)",
                [
                    self.table.source,
                    self.table.table,
                    self.source_file,
                    change.column_name,
                    change.change,
                    change.declared_type,
                    change.found_type,
                    change.policy,
                ],
            )
        return matched

    def insert(
        self,
        con: duckdb.DuckDBPyConnection,
        expressions: Mapping[str, str],
        relation: str,
        where: str = "true",
    ) -> int:
        """Insert a relation's rows.

        Parameters:
            con: the warehouse.
            expressions: per column of landing the expression that feeds it.
            relation: what follows `from`.
            where: which of its rows.

        Returns:
            The number of rows.
        """
        names = ", ".join(quoted(name) for name in expressions)
        values = ", ".join(expressions.values())
        row = con.execute(
            f"insert into {physical(self.table)} ({names}, file_id) "
            f"select {values}, {self.file_id}::bigint from {relation} where {where}"
        ).fetchone()
        return int(row[0]) if row else 0

    def reject(self, con: duckdb.DuckDBPyConnection, query: str) -> int:
        """Keep what could not be read.

        Parameters:
            con: the warehouse.
            query: selects line_number, column_name, value, line_text, reason, one row per line.

        Returns:
            The number of rows.
        """
        row = con.execute(
            "insert into landing.rejected_lines "
            f"select ?, ?, ?, line_number + {self.lines_before}, column_name, "
            f"left(value, {KEPT_TEXT}), left(line_text, {KEPT_TEXT}), reason from ({query})",
            [self.table.source, self.table.table, self.source_file],
        ).fetchone()
        return int(row[0]) if row else 0

    def reject_lines(self, con: duckdb.DuckDBPyConnection, texts: Mapping[int, str]) -> int:
        """Keep lines that were taken out before reading, by number; returns how many."""
        row = con.execute(
            "insert into landing.rejected_lines select ?, ?, ?, line_number + ?, null, null, "
            "left(line_text, ?), ? from (select unnest(?::bigint[]) as line_number, "
            "unnest(?::varchar[]) as line_text)",
            [
                self.table.source,
                self.table.table,
                self.source_file,
                self.lines_before,
                KEPT_TEXT,
                UNREADABLE,
                list(texts),
                list(texts.values()),
            ],
        ).fetchone()
        return int(row[0]) if row else 0

    def rejected_lines(self, con: duckdb.DuckDBPyConnection) -> list[int]:
        """The lines of the part that is being read that were set aside."""
        rows = con.execute(
            "select line_number from landing.rejected_lines where source_system = ? and "
            "source_table = ? and source_file = ? and line_number > ?",
            [self.table.source, self.table.table, self.source_file, self.lines_before],
        ).fetchall()
        return [row[0] - self.lines_before for row in rows]

    def insert_typed(
        self,
        con: duckdb.DuckDBPyConnection,
        matched: Matched,
        relation: str,
        line: str = "row_number() over ()",
    ) -> tuple[int, int]:
        """Insert rows whose columns may have to be cast; a value that can't be goes aside.

        Parameters:
            con: the warehouse.
            matched: how the relation's columns feed those of landing.
            relation: a table or a table function, which is read twice when there is a cast.
            line: the expression for the line of a row; its position where there are no lines.

        Returns:
            Rows inserted and rows set aside.
        """
        casts = {
            column.name: quoted(name)
            for column, name in matched.feeds
            if name is not None and not column.is_text
        }
        expressions = {
            column.name: self._expression(column, name) for column, name in matched.feeds
        }
        if not casts:
            return self.insert(con, expressions, relation), 0
        kinds = {column.name: column.data_type for column, _ in matched.feeds}
        faults = {
            name: f"({source} is not null and try_cast({source} as {kinds[name]}) is null)"
            for name, source in casts.items()
        }
        good = " and ".join(f"not {fault}" for fault in faults.values())
        rows = self.insert(con, expressions, relation, good)
        columns = " ".join(f"when {f} then '{n}'" for n, f in faults.items())
        values = " ".join(f"when {f} then {casts[n]}::varchar" for n, f in faults.items())
        rejected = self.reject(
            con,
            f"select {line} as line_number, case {columns} end as column_name, "
            f"case {values} end as value, null as line_text, '{INVALID_TYPE}' as reason "
            f"from {relation} qualify case {columns} end is not null",
        )
        return rows, rejected

    def _expression(self, column: Column, name: str | None) -> str:
        if name is None:
            return f"cast(null as {column.data_type})"
        cast = "cast" if column.is_text else "try_cast"
        return f"{cast}({quoted(name)} as {column.data_type})"


@dataclass
class Outcome:
    """What came of a file.

    Attributes:
        rows_loaded: rows now in the physical table.
        rows_rejected: lines set aside.
        header_lines: lines in front of the first row.
        other_lines: numbers of further lines that are no row, when there are few.
        line_offsets: (from_row, line_offset) pairs; None when a row is a line of its own.
    """

    rows_loaded: int
    rows_rejected: int
    header_lines: int | None = None
    line_offsets: list[tuple[int, int]] | None = field(default=None)
