"""Who is in a segment, worked out in plain Python from the rows: shares only the rule model."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from orchestration.segments.comparisons import Comparison, Span
from orchestration.segments.rule import (
    All,
    AnyOf,
    EventClause,
    FieldClause,
    NoneOf,
    Rows,
    Rule,
    SegmentClause,
    SegmentsClause,
    SequenceClause,
    Step,
    When,
)
from tests.segments.world import DERIVED, Row, World

INSTANTS = {
    "recorded_activities": "occurred_at",
    "activities": "occurred_at",
    "purchases": "booked_at",
    "visits": "started_at",
}


def members(rule: Rule, world: World) -> dict[str, int]:
    """The members, each with how many reasons there are."""
    found = {}
    for person in world.people:
        is_out = rule.exclude is not None and holds(rule.exclude, person, world)
        if not is_out and holds(rule.include, person, world):
            found[person] = reasons(rule.include, person, world)
    return found


def reasons(clause: Any, person: str, world: World) -> int:
    """How many clauses are a reason: those that hold in containers that hold."""
    if not holds(clause, person, world):
        return 0
    if isinstance(clause, All):
        return sum(reasons(c, person, world) for c in clause.all)
    if isinstance(clause, AnyOf):
        return sum(reasons(c, person, world) for c in clause.any)
    return 1


def holds(clause: Any, person: str, world: World) -> bool:
    """Whether a clause holds of a person."""
    if isinstance(clause, All):
        return all(holds(c, person, world) for c in clause.all)
    if isinstance(clause, AnyOf):
        return any(holds(c, person, world) for c in clause.any)
    if isinstance(clause, NoneOf):
        return not any(holds(c, person, world) for c in clause.none)
    if isinstance(clause, SegmentClause):
        return person in world.segments[clause.segment]
    if isinstance(clause, SegmentsClause):
        return _in_segments(clause, person, world)
    if isinstance(clause, FieldClause):
        return _field(clause, person, world)
    if isinstance(clause, SequenceClause):
        return _follows(clause, 0, None, person, world)
    assert isinstance(clause, EventClause)
    return _event(clause, person, world)


def _in_segments(clause: SegmentsClause, person: str, world: World) -> bool:
    is_in = False
    for part in clause.segments:
        there = person in world.segments[part.name]
        if part.union is not None:
            is_in = is_in or there
        elif part.intersect is not None:
            is_in = is_in and there
        else:
            is_in = is_in and not there
    return is_in


def _field(clause: FieldClause, person: str, world: World) -> bool:
    table, column = clause.field.split(".")
    cells = [
        row[column]
        for row in world.tables[table]
        if row["profile_id"] == person and fits(row, clause.where, world)
    ]
    if clause.operator == "is_null":
        return all(cell is None for cell in cells)
    return any(compare(clause, cell, world) for cell in cells)


def fits(row: Row, where: Mapping[str, Comparison], world: World) -> bool:
    return all(compare(said, row[column], world) for column, said in where.items())


def compare(said: Comparison, cell: Any, world: World) -> bool:
    """Whether a cell compares so; a null never, but for is_null."""
    if said.operator in ("is_null", "is_not_null"):
        return bool((cell is None) == (said.operator == "is_null"))
    if cell is None:
        return False
    value = said.value
    if isinstance(cell, datetime):
        cell = cell.date()
    match said.operator:
        case "equals":
            return bool(cell == value)
        case "not_equals":
            return bool(cell != value)
        case "in":
            return cell in value
        case "not_in":
            return cell not in value
        case "contains":
            return bool(value in cell)
        case "not_contains":
            return value not in cell
        case "starts_with":
            return bool(cell.startswith(value))
        case "ends_with":
            return bool(cell.endswith(value))
        case "less_than" | "before":
            return bool(cell < value)
        case "at_most":
            return bool(cell <= value)
        case "more_than" | "after":
            return bool(cell > value)
        case "at_least":
            return bool(cell >= value)
        case "between":
            return bool(value[0] <= cell <= value[1])
        case "in_last":
            return bool(plus(world.today, value, -1) < cell <= world.today)
        case "in_next":
            return bool(world.today < cell <= plus(world.today, value))
        case "anniversary_in_next":
            until = plus(world.today, value)
            return bool(cell <= world.today and _next_anniversary(cell, world.today) <= until)
    raise AssertionError(said.operator)


def _next_anniversary(day: date, today: date) -> date:
    for year in (today.year, today.year + 1):
        is_leap = calendar.isleap(year)
        last = 28 if (day.month, day.day) == (2, 29) and not is_leap else day.day
        if date(year, day.month, last) >= today:
            return date(year, day.month, last)
    raise AssertionError


def plus(moment: Any, span: Span, sign: int = 1) -> Any:
    """A day or an instant, and a span later or earlier; the last day of a shorter month."""
    if span.unit in ("month", "year"):
        months = span.n * (12 if span.unit == "year" else 1) * sign
        year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    return moment + timedelta(**{f"{span.unit}s": span.n}) * sign


def happened(rows: Rows, person: str, world: World, when: tuple[When | None, ...]) -> list[Row]:
    """The rows of activities of a person, each with its instant as `at`."""
    table = rows.table
    if table is None:
        is_derived = any(kind in DERIVED for kind in rows.types)
        table = "activities" if is_derived else "recorded_activities"
    found = []
    for row in world.tables[table]:
        if row["profile_id"] != person or not fits(row, rows.where, world):
            continue
        if rows.table is None and row["activity_type"] not in rows.types:
            continue
        if rows.details is not None and not _details(rows, row, world):
            continue
        at = row[INSTANTS[table]]
        if all(_in_time(one, at, person, world) for one in when if one is not None):
            found.append({**row, "at": at})
    return found


def _details(rows: Rows, row: Row, world: World) -> bool:
    assert rows.details is not None
    if row["source_entity"] != "order":
        return False
    lines = [
        fits(line, rows.details.where, world)
        for line in world.tables["purchases"]
        if (line["source_system"], line["order_id"])
        == (row["source_system"], row["source_activity_id"])
    ]
    if rows.details.quantifier == "all":
        return bool(lines) and all(lines)
    return any(lines) == (rows.details.quantifier == "any")


def _in_time(when: When, at: datetime, person: str, world: World) -> bool:
    checks = []
    if when.in_last is not None:
        if when.in_last.unit in ("hour", "minute"):
            checks.append(plus(world.now, when.in_last, -1) < at <= world.now)
        else:
            checks.append(plus(world.today, when.in_last, -1) < at.date() <= world.today)
    if when.between is not None:
        checks.append(when.between[0] <= at.date() <= when.between[1])
    if when.before is not None:
        checks.append(at.date() < when.before)
    if when.after is not None:
        checks.append(at.date() > when.after)
    if when.since is not None:
        others = [row["at"] for row in happened(when.since, person, world, ())]
        edge = max if when.since.which == "last" else min
        checks.append(bool(others) and at > edge(others))
    return all(checks)


def _event(clause: EventClause, person: str, world: World) -> bool:
    rows = happened(clause, person, world, (clause.when,))
    made = clause.aggregate
    if made is None:
        said = clause.count or Comparison(operator="at_least", value=1)
        return compare(said, len(rows), world)
    values = [row[made.of] for row in rows if row[made.of] is not None]
    if made.function == "count_distinct":
        return compare(made, len(set(values)), world)
    if not values:
        return False
    totals = {
        "sum": sum(values),
        "average": Fraction(sum(values)) / len(values),
        "minimum": min(values),
        "maximum": max(values),
    }
    return compare(made, totals[made.function], world)


def _follows(
    clause: SequenceClause, number: int, before: datetime | None, person: str, world: World
) -> bool:
    """Whether the steps from `number` on can follow an instant."""
    if number == len(clause.sequence):
        return True
    step: Step = clause.sequence[number]
    for at in sorted({r["at"] for r in happened(step, person, world, (step.when, clause.when))}):
        if before is not None:
            if at <= before:
                continue
            if step.within is not None and at > plus(before, step.within):
                continue
            if step.after is not None and at < plus(before, step.after):
                continue
        if _follows(clause, number + 1, at, person, world):
            return True
    return False
