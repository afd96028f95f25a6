"""Conditions as SQL: every literal is a node of sqlglot, never a pasted text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlglot import exp

from orchestration.segments.comparisons import Comparison, Span
from orchestration.segments.rule import When

SYMBOLS: dict[str, type[exp.Binary]] = {
    "equals": exp.EQ,
    "not_equals": exp.NEQ,
    "less_than": exp.LT,
    "at_most": exp.LTE,
    "more_than": exp.GT,
    "at_least": exp.GTE,
    "before": exp.LT,
    "after": exp.GT,
}
QUOTED = re.compile(r"('(?:[^']|'')*')")
NEGATED = re.compile(r"\bnot ([a-z0-9_.]+) (is|in)\b")


def text_of(node: exp.Expression) -> str:
    """The node as the house writes it: on a line, in lower case."""
    parts = QUOTED.split(node.sql(dialect="duckdb", comments=False))
    return "".join(part if place % 2 else _plain(part) for place, part in enumerate(parts))


def _plain(part: str) -> str:
    """Without a text in it: `not x is null` is written `x is not null`."""
    return NEGATED.sub(
        lambda m: f"{m[1]} is not" if m[2] == "is" else f"{m[1]} not in", part.lower()
    )


def literal(value: Any) -> exp.Expression:
    """A value of a rule as a node."""
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int | Decimal):
        size = exp.Literal.number(str(abs(value)))
        return exp.Neg(this=size) if value < 0 else size
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    return exp.Literal.string(value)


def day_of(node: exp.Expression) -> exp.Expression:
    """The day of a date or an instant."""
    return exp.cast(node.copy(), "date")


def moved(instant: exp.Expression, span: Span, forward: bool) -> exp.Expression:
    """An instant, and so much time after or before it."""
    length = exp.Interval(this=exp.Literal.string(str(span.n)), unit=exp.var(span.unit))
    kind = exp.Add if forward else exp.Sub
    return kind(this=instant.copy(), expression=length)


def condition(said: Comparison, column: exp.Expression) -> exp.Expression:
    """What the comparison asks of a column; `clock` has to be joined where `needs_clock` says so.

    A null makes none of them true but `is_null`, because all stand in a `where`.
    """
    operator, values = said.operator, said.values
    if operator in ("is_null", "is_not_null"):
        is_null = exp.Is(this=column, expression=exp.null())
        return is_null if operator == "is_null" else exp.Not(this=is_null)
    if operator == "in_last":
        return _last_days(said.value, column)
    if operator in ("in_next", "anniversary_in_next"):
        return _coming(operator, said.value, day_of(column))
    if isinstance(values[0], date):
        column = day_of(column)
    nodes = [literal(v) for v in values]
    if operator in SYMBOLS:
        return SYMBOLS[operator](this=column, expression=nodes[0])
    if operator == "between":
        return exp.Between(this=column, low=nodes[0], high=nodes[1])
    if operator in ("in", "not_in"):
        found = exp.In(this=column, expressions=nodes)
        return exp.Not(this=found) if operator == "not_in" else found
    return _text_condition(operator, values[0], column)


def _text_condition(operator: str, value: str, column: exp.Expression) -> exp.Expression:
    """No pattern is made, so % and _ are letters like others."""
    if operator in ("contains", "not_contains"):
        place = exp.Anonymous(this="instr", expressions=[column, literal(value)])
        kind = exp.GT if operator == "contains" else exp.EQ
        return kind(this=place, expression=exp.Literal.number(0))
    end = {"starts_with": "left", "ends_with": "right"}[operator]
    part = exp.Anonymous(this=end, expressions=[column, exp.Literal.number(len(value))])
    return exp.EQ(this=part, expression=literal(value))


def _last_days(span: Span, instant: exp.Expression) -> exp.Expression:
    """The instant itself is compared, not its day: so the database skips rows by their order."""
    today = exp.column("as_of_on", "clock")
    day = Span(n=1, unit="day")
    begin = moved(moved(today, span, forward=False), day, forward=True)
    return exp.and_(
        exp.GTE(this=instant.copy(), expression=begin),
        exp.LT(this=instant.copy(), expression=moved(today, day, forward=True)),
    )


def _coming(operator: str, span: Span, day: exp.Expression) -> exp.Expression:
    today = exp.column("as_of_on", "clock")
    end = day_of(moved(today, span, forward=True))
    if operator == "in_next":
        return exp.and_(
            exp.GT(this=day, expression=today), exp.LTE(this=day.copy(), expression=end)
        )
    # The anniversary of this year, or of one of the next where the period reaches into them.
    years = exp.Sub(
        this=exp.Extract(this=exp.var("year"), expression=today),
        expression=exp.Extract(this=exp.var("year"), expression=day.copy()),
    )
    return exp.and_(
        exp.LTE(this=day.copy(), expression=today.copy()),
        exp.or_(
            *(
                exp.Between(this=_anniversary(day, years, more), low=today.copy(), high=end.copy())
                for more in range(2)
            )
        ),
    )


def _anniversary(day: exp.Expression, years: exp.Expression, more: int) -> exp.Expression:
    count: exp.Expression = exp.paren(years.copy())
    if more:
        count = exp.paren(exp.Add(this=count, expression=exp.Literal.number(more)))
    year = exp.Interval(this=exp.Literal.string("1"), unit=exp.var("year"))
    return day_of(exp.Add(this=day.copy(), expression=exp.Mul(this=count, expression=year)))


def time_conditions(when: When | None, instant: exp.Expression) -> Sequence[exp.Expression]:
    """What a time asks of the instant of an activity, all but `since`."""
    if when is None:
        return ()
    found: list[exp.Expression] = []
    if when.in_last is not None:
        found.append(_last(when.in_last, instant))
    if when.between is not None:
        low, high = when.between
        found.append(exp.Between(this=day_of(instant), low=literal(low), high=literal(high)))
    if when.before is not None:
        found.append(exp.LT(this=day_of(instant), expression=literal(when.before)))
    if when.after is not None:
        found.append(exp.GT(this=day_of(instant), expression=literal(when.after)))
    return found


def _last(span: Span, instant: exp.Expression) -> exp.Expression:
    """Minutes and hours count back from the instant of the clock, days from its day."""
    if span.unit in ("minute", "hour"):
        clock = exp.column("as_of_at", "clock")
        return exp.and_(
            exp.GT(this=instant.copy(), expression=moved(clock, span, forward=False)),
            exp.LTE(this=instant.copy(), expression=clock.copy()),
        )
    return _last_days(span, instant)


def needs_clock(*said: object) -> bool:
    """Whether one of these comparisons and times looks at the clock."""
    return any(
        (isinstance(one, Comparison) and isinstance(one.value, Span))
        or (isinstance(one, When) and one.in_last is not None)
        for one in said
    )
