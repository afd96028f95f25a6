"""What is known of a source while it is being added: tables, their columns, what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Column:
    """A column of a table that was found.

    Attributes:
        name: its safe name, which the landing view uses.
        source_name: its name in the file.
        file_type: string, or the type that a Parquet file declares.
        rows, filled, distinct: counted in the sample.
        shape: the most frequent form of its values, without the values: `Xxxxx 99`.
        shares: share of the filled values that match a pattern, by the pattern's name.
        formats: date formats that read it, the most frequent first.
        is_day_first_a_guess: both readings of 01/02/2026 fit all values.
        decimal_mark: the decimal mark of numbers.
        is_mark_a_guess: both marks read all its numbers, and give other ones.
        median: of its numbers; share_broken: of those that are no multiple of 100.
        minor_digits: digits of a minor unit, such as 2 for cents, that amounts are written in.
        currency: what its amounts name: ISO 4217 codes, or a sign that several have, in order.
        zone: the time zone of instants that name none.
        nobody: values of a reference that stand for nobody.
        is_return: some of its values say that the row is a return.
        one_per: the column of the group on one row of which alone it is filled, such as the order.
        codes: what its values mean, where the user has said it.
        said: what the user has said of it: meaning, format, unit or zone.
        called: what its name means, where its values are not that.
        means: semantic type, or none.
        confidence: of that, 0 to 1.
        reason: for that, in a few words.
        other_means: further meanings of the name, which the table's context may choose.
        references: the table whose key it holds.
        feeds: entity.column, filled by the mapping.
        is_strict: one value that can't be read would have its file refused.
        declares: what the source's YAML declares of it: an attribute of the person, a namespace.
    """

    name: str
    source_name: str
    file_type: str = "string"
    rows: int = 0
    filled: int = 0
    distinct: int = 0
    shape: str = ""
    shares: dict[str, float] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    is_day_first_a_guess: bool = False
    decimal_mark: str = "."
    is_mark_a_guess: bool = False
    median: float = 0.0
    share_broken: float = 0.0
    minor_digits: int = 0
    currency: tuple[str, ...] = ()
    zone: str = "UTC"
    nobody: tuple[str, ...] = ()
    is_return: bool = False
    one_per: str | None = None
    codes: dict[str, str] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    called: str | None = None
    means: str | None = None
    confidence: float = 0.0
    reason: str = ""
    other_means: tuple[str, ...] = ()
    references: str | None = None
    feeds: list[str] = field(default_factory=list)
    is_strict: bool = False
    declares: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name in the file as people say it."""
        return self.source_name.strip()

    @property
    def is_unique(self) -> bool:
        """Every row has a value of its own."""
        return 0 < self.rows == self.filled == self.distinct

    def share(self, pattern: str) -> float:
        """Share of the filled values that match a pattern."""
        return self.shares.get(pattern, 0.0)


@dataclass
class Table:
    """A table that was found.

    Attributes:
        name: its name within the source.
        format: csv, ndjson, json, parquet, excel, sqlite or postgresql.
        files: its files in order of name; one database file; none for PostgreSQL.
        path: what the YAML says: a glob below the landing folder or absolute.
        url: of a PostgreSQL database, without a password.
        database_table: the table in a database.
        options: how to read it, as the YAML says it.
        columns: its columns in order.
        sample: the DuckDB table that holds its sample as text.
        rows: rows of the sample.
        is_whole: the sample is all there is.
        key: columns that tell rows apart; empty when none do.
        unnamed: columns that can't be loaded, because their name is empty or repeats.
        unreadable: lines that are no row, such as ragged or badly quoted ones.
        refused: entities that it might have fed, and what is lacking.
        activity: the entity of activities that its rows are, where they are.
        keyed_by: the safe name of the column of ids, where it is a keyed attribute file.
        doubts: what is asked of it although nothing is proposed.
    """

    name: str
    format: str
    files: tuple[Path, ...] = ()
    path: str = ""
    url: str | None = None
    database_table: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    sample: str = ""
    rows: int = 0
    is_whole: bool = True
    key: tuple[str, ...] = ()
    unnamed: int = 0
    unreadable: int = 0
    refused: list[str] = field(default_factory=list)
    activity: str | None = None
    keyed_by: str = ""
    doubts: list[Doubt] = field(default_factory=list)

    def column(self, name: str) -> Column:
        """The column of a safe name."""
        return next(c for c in self.columns if c.name == name)

    def meaning(self, *means: str) -> Column | None:
        """The most certain column with the first of these meanings that any column has."""
        for meant in means:
            found = [c for c in self.columns if c.means == meant]
            if found:
                return max(
                    found, key=lambda c: c.confidence * (0.2 + 0.8 * c.filled / max(c.rows, 1))
                )
        return None


@dataclass(frozen=True)
class Doubt:
    """A question that the data leaves open.

    Attributes:
        table: the table.
        column: its name in the file; None where it is about rows.
        what: what is in doubt, a sentence.
        remedy: the options that settle it.
    """

    table: str
    column: str | None
    what: str
    remedy: str
