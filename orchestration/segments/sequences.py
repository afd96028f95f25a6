"""Sequences: things that happened to a person in an order, with distances between them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from orchestration.segments.conditions import moved, text_of
from orchestration.segments.event_rows import add_rows
from orchestration.segments.layout import Select, conditions, indented
from orchestration.segments.queries import Query, base_name, event_table, instant_of
from orchestration.segments.rule import SequenceClause, Step


def add_sequence(query: Query, clause: SequenceClause) -> str:
    """Add the steps of a sequence, and return that with its people.

    A step counts when it is later than the one before, by an instant at least: of two things at the
    same instant none is later.
    """
    reached, at = "", ""
    for number, step in enumerate(clause.sequence, 1):
        instant = instant_of(event_table(step))
        name = f"{base_name(step)[:20]}_step_{number}"
        rows = add_rows(query, step, name, [instant], clause.when, is_distinct=True)
        if reached:
            rows = _after(query, step, (rows, instant), (reached, at), f"reached_{number}")
        reached, at = rows, instant
    return query.step("in_sequence", Select(["profile_id"], reached, is_distinct=True))


def _after(
    query: Query, step: Step, rows: tuple[str, str], before: tuple[str, str], name: str
) -> str:
    """The rows of a step that follow one of the step before."""
    source, instant = rows
    previous, previous_instant = before
    kind = "semi"
    if step.within is None:
        # Without an end the earliest is enough: one row per person, whatever they did.
        columns = ["profile_id", f"min({previous_instant}) as {previous_instant}"]
        previous = query.step(f"first_{previous}", Select(columns, previous, group=["profile_id"]))
        kind = "inner"
    here, there = exp.column(instant, source), exp.column(previous_instant, previous)
    asked: list[exp.Expression] = [
        exp.EQ(
            this=exp.column("profile_id", previous), expression=exp.column("profile_id", source)
        ),
        exp.LT(this=there, expression=here),
    ]
    if step.after is not None:
        asked.append(exp.LTE(this=moved(there, step.after, forward=True), expression=here.copy()))
    if step.within is not None:
        asked.append(exp.GTE(this=moved(there, step.within, forward=True), expression=here.copy()))
    joins = [f"{kind} join {previous}", *indented(_on(asked))]
    columns = [f"{source}.profile_id", text_of(here)]
    return query.step(name, Select(columns, source, joins))


def _on(asked: Sequence[exp.Expression]) -> list[str]:
    return conditions("on", asked)
