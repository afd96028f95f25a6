"""Clauses as steps of a query, each with one row per person of whom it is true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlglot import exp

from orchestration.segments.comparisons import Comparison, Span
from orchestration.segments.conditions import condition, needs_clock, text_of
from orchestration.segments.event_rows import add_rows
from orchestration.segments.layout import Select
from orchestration.segments.queries import Found, Query, base_name, event_table, join
from orchestration.segments.rule import (
    Aggregate,
    EventClause,
    FieldClause,
    SegmentClause,
    SegmentsClause,
    SequenceClause,
)
from orchestration.segments.sequences import add_sequence
from orchestration.segments.words import event_words, plain, rows_words, static_words, when_words
from orchestration.segments.words import where_words as words_of_where

AGGREGATES = {"sum": "sum", "average": "avg", "minimum": "min", "maximum": "max"}


def add_clause(query: Query, clause: Any, is_told: bool = True) -> Found:
    """Add the steps of a clause that is no container.

    Parameters:
        query: what they are added to.
        clause: the clause, whose names are in the query's catalogue.
        is_told: whether a reason tells it, so that it needs the person's value.
    """
    if isinstance(clause, FieldClause):
        return _field(query, clause, is_told)
    if isinstance(clause, SequenceClause):
        words = static_words(clause, query.catalogue, event_table)
        return Found(add_sequence(query, clause), (words,))
    if isinstance(clause, SegmentClause):
        name = _distinct(query, f"in_{clause.segment}", query.read(clause.segment))
        return Found(name, (static_words(clause, query.catalogue, event_table),))
    if isinstance(clause, SegmentsClause):
        return _segments(query, clause)
    return _event(query, clause, is_told)


def _distinct(query: Query, name: str, source: str) -> str:
    return query.step(name, Select(["profile_id"], source, is_distinct=True))


def _field(query: Query, clause: FieldClause, is_told: bool) -> Found:
    table, column = clause.table, clause.column
    source = query.read(table, column, *clause.where)
    clock = needs_clock(clause, *clause.where.values())
    joins = [query.read_clock()] if clock else []
    asked = (
        Comparison(operator="is_not_null") if clause.operator == "is_null" else clause
    )  # The complement, so that who has no row is known to have no value.

    def at(name: str) -> exp.Expression:
        return exp.column(name, source if clock else None)

    where = [condition(said, at(name)) for name, said in clause.where.items()]
    where.append(condition(asked, at(column)))
    name = f"{column}_{clause.operator}"
    words = static_words(clause, query.catalogue, event_table)
    profile = text_of(at("profile_id"))
    if clause.operator == "is_null":
        known = query.step(
            f"{column}_known", Select([profile], source, joins, where, is_distinct=True)
        )
        return Found(_without(query, name, known), (words,))
    is_told = is_told and not query.catalogue.column(table, column).is_personal
    value = f"{column}_value"
    shown = text_of(at(column))
    has_one_row = query.catalogue.table(table).has_one_row
    columns = [profile]
    if is_told:
        columns.append(f"{shown if has_one_row else f'min({shown})'} as {value}")
    group = (profile,) if is_told and not has_one_row else ()
    is_distinct = not (has_one_row or is_told)
    step = query.step(name, Select(columns, source, joins, where, group, is_distinct=is_distinct))
    if not is_told:
        return Found(step, (words,))
    told: exp.Expression = exp.column(value, step)
    if isinstance(clause.value, Span) or isinstance(clause.values[0], date):
        told = exp.cast(told, "date")
    rest = words_of_where(clause.where, table, query.catalogue)
    return Found(step, (f"{plain(column)} ", told, *([rest] if rest else [])))


def _without(query: Query, name: str, others: str) -> str:
    """The people who are not in a step."""
    return query.step(
        name,
        Select(
            ["profiles.profile_id"],
            "profiles",
            join(others, "profiles", "left"),
            [exp.Is(this=exp.column("profile_id", others), expression=exp.null())],
        ),
    )


def _event(query: Query, clause: EventClause, is_told: bool) -> Found:
    base, made = base_name(clause), clause.aggregate
    table = event_table(clause)
    said: Comparison = made or clause.counted
    if not (is_told or made) and (said.operator, said.value) == ("at_least", 1):
        rows = add_rows(query, clause, f"{base}_seen", is_distinct=True)
        return Found(rows, (event_words(clause, query.catalogue, event_table),))
    rows = add_rows(query, clause, f"{base}_rows", [made.of] if made else [])
    number = f"{base}_{made.function}" if made else f"{base}_count"
    calculated = _calculation(made)
    numbers = query.step(
        f"{number}s",
        Select(["profile_id", f"{calculated} as {number}"], rows, group=["profile_id"]),
    )
    is_count = made is None or made.function == "count_distinct"
    suffix = said.operator
    if is_count and holds_of_nothing(said):
        counted: exp.Expression = exp.Coalesce(
            this=exp.column(number, numbers), expressions=[exp.Literal.number(0)]
        )
        step = query.step(
            f"{number}_{suffix}",
            Select(
                ["profiles.profile_id", f"{text_of(counted)} as {number}"],
                "profiles",
                join(numbers, "profiles", "left"),
                [condition(said, counted)],
            ),
        )
    else:
        step = query.step(
            f"{number}_{suffix}",
            Select(["profile_id", number], numbers, where=[condition(said, exp.column(number))]),
        )
    if made and query.catalogue.column(table, made.of).is_personal and not is_count:
        return Found(step, (event_words(clause, query.catalogue, event_table),))
    what = rows_words(clause, table, query.catalogue) + when_words(clause.when)
    name = f"{plain(made.function)} of {plain(made.of)} of" if made else "count of"
    return Found(step, (f"{name} {what} is ", exp.column(number, step)))


def _calculation(made: Aggregate | None) -> str:
    if made is None:
        return "count(*)"
    if made.function == "count_distinct":
        return f"count(distinct {made.of})"
    return f"{AGGREGATES[made.function]}({made.of})"


def holds_of_nothing(said: Comparison) -> bool:
    """Whether a comparison of a count holds of who has nothing to count."""
    value: Sequence[Any] = said.values
    holds: dict[str, bool] = {
        "equals": value[0] == 0,
        "not_equals": value[0] != 0,
        "less_than": value[0] > 0,
        "at_most": value[0] >= 0,
        "more_than": value[0] < 0,
        "at_least": value[0] <= 0,
        "between": value[0] <= 0 <= value[-1],
    }
    return holds[said.operator]


def _segments(query: Query, clause: SegmentsClause) -> Found:
    first, *others = clause.segments
    before = _distinct(query, f"in_{first.name}", query.read(first.name))
    for part in others:
        act = "union distinct" if part.act == "union" else part.act
        lines = ["select profile_id", f"from {before}", act]
        lines += ["select profile_id", f"from {query.read(part.name)}"]
        before = query.add(f"{part.act}_{part.name}", lines)
    return Found(before, (static_words(clause, query.catalogue, event_table),))
