"""Clauses in words, for reasons: values are named, identities and personal data never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.segments.catalogue import Catalogue
from orchestration.segments.comparisons import Comparison
from orchestration.segments.operators import OPERATORS
from orchestration.segments.rule import (
    LINES,
    All,
    AnyOf,
    EventClause,
    FieldClause,
    NoneOf,
    Rows,
    SegmentClause,
    SegmentsClause,
    SequenceClause,
    When,
    children,
)

LONGEST_VALUE = 40
MOST_NAMED = 3


def plain(name: str) -> str:
    """A name as a word."""
    return name.replace("_", " ")


def value_words(value: Any) -> str:
    """A value, not too long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def comparison_words(said: Comparison, is_personal: bool = False) -> str:
    """What a comparison asks: `is at least 3`."""
    words = OPERATORS[said.operator].words
    if said.value is None:
        return words
    if is_personal:
        return "is as the rule asks"
    if said.operator == "between":
        return f"{words} {value_words(said.values[0])} and {value_words(said.values[1])}"
    if len(said.values) > MOST_NAMED:
        return f"{words} {len(said.values)} values"
    return f"{words} {', '.join(value_words(v) for v in said.values)}"


def where_words(where: Mapping[str, Comparison], table: str, catalogue: Catalogue) -> str:
    """The conditions on other columns of the same row."""
    parts = []
    for column, said in where.items():
        is_personal = catalogue.column(table, column).is_personal
        if said.operator == "equals" and isinstance(said.value, str) and not is_personal:
            parts.append(value_words(said.value))
        else:
            parts.append(f"{plain(column)} {comparison_words(said, is_personal)}")
    return f" ({', '.join(parts)})" if parts else ""


def when_words(when: When | None) -> str:
    """The time of an activity."""
    if when is None:
        return ""
    parts = []
    if when.in_last:
        parts.append(f" in the last {when.in_last}")
    if when.between:
        parts.append(f" between {when.between[0]} and {when.between[1]}")
    if when.before:
        parts.append(f" before {when.before}")
    if when.after:
        parts.append(f" after {when.after}")
    if when.since:
        parts.append(f" since the {when.since.which} {rows_name(when.since)}")
    return "".join(parts)


def rows_name(rows: Rows) -> str:
    """What the activities are called."""
    if rows.table:
        return plain(rows.table)
    if len(rows.types) > MOST_NAMED:
        return f"{len(rows.types)} types of activity"
    return " or ".join(value_words(t) for t in rows.types)


def rows_words(rows: Rows, table: str, catalogue: Catalogue) -> str:
    """The activities with their conditions."""
    details = ""
    if rows.details:
        lines = where_words(rows.details.where, LINES, catalogue)
        details = f" with {rows.details.quantifier} of its lines{lines}"
    return rows_name(rows) + where_words(rows.where, table, catalogue) + details


def static_words(clause: Any, catalogue: Catalogue, table_of: Any) -> str:
    """A clause in words, without values of a person.

    Parameters:
        clause: any clause.
        catalogue: says what is personal data.
        table_of: gives the table that activities are read from.
    """
    if isinstance(clause, All | AnyOf | NoneOf):
        inner = [static_words(c, catalogue, table_of) for c in children(clause)]
        if isinstance(clause, All):
            return " and ".join(inner)
        return ("not: " if isinstance(clause, NoneOf) else "") + " or ".join(inner)
    if isinstance(clause, FieldClause):
        is_personal = catalogue.column(clause.table, clause.column).is_personal
        where = where_words(clause.where, clause.table, catalogue)
        return f"{plain(clause.column)} {comparison_words(clause, is_personal)}{where}"
    if isinstance(clause, SegmentClause):
        return f"in segment {clause.segment}"
    if isinstance(clause, SegmentsClause):
        parts = [f"{part.act} {part.name}" for part in clause.segments]
        return f"in segments {', '.join(parts).removeprefix('union ')}"
    if isinstance(clause, SequenceClause):
        return sequence_words(clause, catalogue, table_of)
    return event_words(clause, catalogue, table_of)


def sequence_words(clause: SequenceClause, catalogue: Catalogue, table_of: Any) -> str:
    """The steps in order."""
    steps = []
    for step in clause.sequence:
        gap = f" within {step.within}" if step.within else ""
        gap += f" after {step.after} or more" if step.after else ""
        steps.append(rows_words(step, table_of(step), catalogue) + gap + when_words(step.when))
    return ", then ".join(steps) + when_words(clause.when)


def event_words(clause: EventClause, catalogue: Catalogue, table_of: Any) -> str:
    """Activities and the comparison of their number."""
    table = table_of(clause)
    rows = rows_words(clause, table, catalogue) + when_words(clause.when)
    if clause.aggregate:
        made = clause.aggregate
        is_personal = catalogue.column(table, made.of).is_personal
        what = f"{plain(made.function)} of {plain(made.of)} of {rows}"
        return f"{what} {comparison_words(made, is_personal)}"
    return f"count of {rows} {comparison_words(clause.counted)}"
