"""What a column means: its name proposes, its values confirm or refuse."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.ingest.sql import quoted
from orchestration.meanings import values_of
from orchestration.sources.drafts import Column, Table
from orchestration.sources.evidence import UNIT_WORDS
from orchestration.sources.names import meanings, tokens

SUBJECTS = {
    "customer_id": "customer_records",
    "order_id": "orders",
    "product_id": "products",
    "campaign_id": "campaigns",
}
CONTAINED = 0.5
BOTH = 6
"""Spellings of yes and no in one column."""


def understand(con: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Give every column of a source its meaning, every table its key and its references.

    Parameters:
        con: the connection that holds the samples.
        tables: tables whose columns were described.
    """
    for table in tables:
        for column in table.columns:
            _by_name(column)
        if all(tokens(c.source_name)[:1] == ["column"] for c in table.columns if not c.means):
            _by_position(table)
        table.key = _key(con, table)
    _references(con, tables)


def fits(column: Column, means: str) -> bool:
    """Whether a column's values are such as the meaning has; an empty column refuses nothing."""
    if not column.filled:
        return True
    share = column.share
    is_day = bool(column.formats) and not column.formats[0].startswith("epoch")
    match values_of(means):
        case "instant":
            if column.file_type in ("date", "timestamp"):
                return True
            return is_day or (bool(column.formats) and means != "birth_date")
        case "number":
            return share("number") >= 0.5 and share("leading_zero") < 0.5
        case "count":
            return share("integer") >= 0.5 or (means == "quantity" and share("number") >= 0.9)
        case "words" | "email" | "phone" | "postal" as pattern:
            return share(pattern) >= 0.5
        case "answer":
            # Who has opted out on some day has; when somebody may be mailed is no answer.
            return means == "opt_out" if is_day else column.distinct <= 20
        case "one_word":
            # Nobody signs in with a blank or a comma; that is a name.
            return share("with_blank") < 0.1
        case "few":
            return column.distinct <= 20
        case "own_number":
            # What many rows share is a code of another kind.
            return 10 * column.distinct >= column.filled
        case "country":
            return share("words") >= 0.5 and column.distinct <= 300
        case "currency":
            return share("three_letters") >= 0.5 or (share("words") >= 0.5 and column.distinct < 30)
        case "url":
            return share("url") + share("path") >= 0.5
        case "boolean":
            return share("boolean") >= 0.9 and column.distinct <= BOTH
        case "mark":
            # A flag, or the day on which it was set.
            return is_day or fits(column, "is_return") or column.file_type in ("date", "timestamp")
        case "kind":
            return not column.is_unique or column.rows < 20
        case "title":
            return share("integer") < 0.9
    return True


def _by_name(column: Column) -> None:
    if "meaning" in column.said:
        column.confidence, column.reason = 1.0, "said"
        return
    found = meanings(column.source_name)
    if not found and column.minor_digits:
        found = meanings(" ".join(w for w in tokens(column.source_name) if w not in UNIT_WORDS))
    if column.name != column.title and not found:
        found = meanings(column.name)
    fitting = [m for m in found if fits(column, m.means)]
    if fitting:
        best = fitting[0]
        column.means, column.confidence, column.reason = best.means, best.confidence, best.reason
        column.other_means = tuple(m.means for m in fitting[1:])
        if not column.filled:
            column.confidence, column.reason = best.confidence / 2, f"{best.reason}, no values"
        return
    if found:
        column.called = found[0].means
        column.reason = f"called {column.called}, but its values are not"
    _by_values(column)


def _by_values(column: Column) -> None:
    """Meanings that values show whatever the name."""
    for means, share in (("email", column.share("email")), ("phone", column.share("plus_phone"))):
        if column.filled and share >= 0.9:
            column.means, column.confidence = means, 0.6
            column.reason = f"{share:.0%} of the values are {means}s"
            return
    certain = column.formats and not column.formats[0].startswith("epoch")
    if column.filled and (certain or column.file_type in ("date", "timestamp")):
        column.means, column.confidence, column.reason = "date", 0.4, "values are dates"


def _by_position(table: Table) -> None:
    """Without header: the first repeated code is the customer, the last decimal the money."""
    unknown = [c for c in table.columns if c.means in (None, "date") and c.filled]
    taken = {c.means for c in table.columns}

    def give(column: Column | None, means: str, reason: str) -> None:
        if column and means not in taken:
            column.means, column.confidence, column.reason = means, 0.4, reason
            taken.add(means)
            if column in unknown:
                unknown.remove(column)

    dates = [c for c in unknown if c.means == "date"]
    decimals = [c for c in unknown if c.share("point") + c.share("comma") >= 0.9]
    if not dates or not decimals:
        return
    give(decimals[-1], "amount", "no header; numbers with decimals")
    codes = [
        c for c in unknown
        if (c not in dates and c.share("number") < 0.5) or c.share("leading_zero") >= 0.3
    ]  # fmt: skip
    give(next((c for c in codes if c not in dates), None), "customer_id", "no header; codes repeat")
    small = [c for c in unknown if c.share("integer") >= 0.99 and c.share("leading_zero") < 0.01]
    give(next((c for c in small if c not in dates and c.distinct < 500), None), "quantity",
         "no header; small numbers")  # fmt: skip


def _key(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[str, ...]:
    """The column that tells all rows apart, or a pair of ids that does."""
    unique = [c for c in table.columns if c.is_unique and _may_be_key(c)]
    if unique:
        # The first of those that are most like an id.
        return (max(unique, key=_id_rank).name,)
    ids = [
        c for c in table.columns if c.filled == c.rows and (is_id(c) or c.means == "line_number")
    ][:6]
    for i, first in enumerate(ids):
        for second in ids[i + 1 :]:
            row = con.execute(
                f"select count(*) from (select distinct {quoted(first.name)}, "
                f"{quoted(second.name)} from {quoted(table.sample)})"
            ).fetchall()[0]
            if row and row[0] == table.rows and table.rows > 1:
                return (first.name, second.name)
    return ()


def _may_be_key(column: Column) -> bool:
    if is_id(column):
        return True
    return column.means is None and column.share("point") + column.share("comma") < 0.5


def is_id(column: Column) -> bool:
    """Whether a column means a key, of its table or another one."""
    return values_of(column.means) == "id"


def _id_rank(column: Column) -> int:
    if is_id(column):
        return 2
    return int(tokens(column.source_name)[-1:] in (["id"], ["no"], ["nr"], ["key"], ["code"]))


def _names_table(column: Column, other: Table, key: Column) -> bool:
    """`customer_id` holds the key `id` of a table of customers."""
    if key.means not in ("id", None) or column.means not in SUBJECTS:
        return False
    return SUBJECTS[column.means] in {m.means for m in meanings(other.name, "table")}


def _references(con: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Columns that hold another table's key: alike in name or meaning, contained in values."""
    for table in tables:
        for other in tables:
            if other is table or len(other.key) != 1:
                continue
            key = other.column(other.key[0])
            for column in table.columns:
                alike = column.name == key.name or (
                    column.means == key.means != "id" and is_id(column)
                )
                alike = alike or _names_table(column, other, key)
                if not alike or column.references or table.key == (column.name,) == other.key:
                    continue
                row = con.execute(
                    f"select count(*) from (select distinct {quoted(column.name)} as v "
                    f"from {quoted(table.sample)}) where v in "
                    f"(select {quoted(key.name)} from {quoted(other.sample)})"
                ).fetchall()[0]
                if row and column.distinct and row[0] / column.distinct >= CONTAINED:
                    column.references = other.name
