"""Sequences: things that happened to a person in an order, with distances between them."""

from __future__ import annotations

from sqlglot import exp

from orchestration.segments.conditions import moved, text_of
from orchestration.segments.event_rows import add_rows
from orchestration.segments.layout import Select, conditions, indented, listed
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
        rows = add_rows(query, step, name, [instant], clause.when)
        if reached:
            rows = _after(query, step, (rows, instant), (reached, at), f"reached_{number}")
        reached, at = rows, instant
    return query.step("in_sequence", Select(["profile_id"], reached, is_distinct=True))


def _after(
    query: Query, step: Step, rows: tuple[str, str], before: tuple[str, str], name: str
) -> str:
    """The rows of a step that follow one of the step before."""
    if step.within is not None:
        return _soon_after(query, step, rows, before, name)
    source, instant = rows
    previous, previous_instant = before
    # Without an end the earliest is enough: one row per person, whatever they did.
    columns = ["profile_id", f"min({previous_instant}) as {previous_instant}"]
    previous = query.step(f"first_{previous}", Select(columns, previous, group=["profile_id"]))
    here, there = exp.column(instant, source), exp.column(previous_instant, previous)
    asked: list[exp.Expression] = [
        exp.EQ(
            this=exp.column("profile_id", previous), expression=exp.column("profile_id", source)
        ),
        exp.LT(this=there, expression=here),
    ]
    if step.after is not None:
        asked.append(exp.LTE(this=moved(there, step.after, forward=True), expression=here.copy()))
    joins = [f"inner join {previous}", *indented(conditions("on", asked))]
    return query.step(name, Select([f"{source}.profile_id", text_of(here)], source, joins))


def _soon_after(
    query: Query, step: Step, rows: tuple[str, str], before: tuple[str, str], name: str
) -> str:
    """The rows of a step for which the latest row before them is not too long ago.

    Both are put in one order, and each row of the step sees the latest before it: one pass, however
    often things happened to one person.
    """
    assert step.within is not None
    source, instant = rows
    previous, previous_instant = before
    there = exp.column(previous_instant)
    # With a shortest distance, what lies before is what does once it is moved by it.
    since = moved(there, step.after, forward=True) if step.after else there
    lines = [
        *listed("select", ["profile_id", f"{text_of(since)} as happened_at",
                           f"{text_of(there)} as previous_at", "false as is_step"]),
        f"from {previous}",
        "union all",
        *listed("select", ["profile_id", f"{instant} as happened_at",
                           "cast(null as timestamp) as previous_at", "true as is_step"]),
        f"from {source}",
    ]  # fmt: skip
    both = query.add(f"{name}_in_order", lines)
    # Of one instant, what was moved there is before the step, and what happened there is not.
    tie = "asc" if step.after else "desc"
    seen = ["select", *indented([
        "profile_id,", "happened_at,", "is_step,",
        "max(previous_at) over (",
        *indented(["partition by profile_id", f"order by happened_at asc, is_step {tie}",
                   "rows between unbounded preceding and current row"]),
        ") as previous_at",
    ]), f"from {both}"]  # fmt: skip
    latest = query.add(f"{name}_latest", seen)
    asked = exp.GTE(
        this=moved(exp.column("previous_at"), step.within, forward=True),
        expression=exp.column("happened_at"),
    )
    columns = ["profile_id", f"happened_at as {instant}"]
    return query.step(name, Select(columns, latest, where=[exp.column("is_step"), asked]))
