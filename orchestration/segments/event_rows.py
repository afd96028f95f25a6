"""The activities that a clause means, as a step with one row each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from orchestration.segments.conditions import condition, literal, needs_clock, time_conditions
from orchestration.segments.layout import Select
from orchestration.segments.queries import Query, base_name, event_table, instant_of, join
from orchestration.segments.rule import LINES, Anchor, Details, Rows, TimedRows, When

ORDER_KEY = ("source_system", "order_id")


def add_rows(
    query: Query,
    rows: Rows,
    name: str,
    columns: Sequence[str] = (),
    also: When | None = None,
    is_distinct: bool = False,
) -> str:
    """Add the steps that yield activities.

    Parameters:
        query: what they are added to.
        rows: which activities.
        name: of the step.
        columns: what the step has beside profile_id.
        also: a time that must hold beside that of the rows.
        is_distinct: whether equal rows are one.
    """
    table = event_table(rows)
    times = [when for when in (rows.when if isinstance(rows, TimedRows) else None, also) if when]
    anchors = [add_anchor(query, when.since) for when in times if when.since]
    lines = _lines(query, rows.details) if rows.details else ""
    source = query.read(table, *columns, *_looked_at(rows, table, bool(times)))
    joins = [line for anchor in anchors for line in join(anchor, source)]
    if needs_clock(*times, *rows.where.values()):
        joins.append(query.read_clock())
    if rows.details:
        joins += _detail_join(rows.details, lines, source)
    prefix = source if joins else None
    instant = exp.column(instant_of(table), prefix)
    where = [*_of_types(rows, prefix)]
    where += [condition(said, exp.column(c, prefix)) for c, said in rows.where.items()]
    where += [part for when in times for part in time_conditions(when, instant)]
    where += [
        exp.GT(this=instant.copy(), expression=exp.column("since_at", anchor)) for anchor in anchors
    ]
    start = f"{source}." if prefix else ""
    selected = [f"{start}{column}" for column in dict.fromkeys(("profile_id", *columns))]
    return query.step(name, Select(selected, source, joins, where, is_distinct=is_distinct))


def add_anchor(query: Query, anchor: Anchor) -> str:
    """Add the step with the first or last time that something happened to each person."""
    instant = instant_of(event_table(anchor))
    base = base_name(anchor)
    rows = add_rows(query, anchor, f"{base}_rows", [instant])
    function = "max" if anchor.which == "last" else "min"
    columns = ["profile_id", f"{function}({instant}) as since_at"]
    return query.step(f"{anchor.which}_{base}", Select(columns, rows, group=["profile_id"]))


def _of_types(rows: Rows, prefix: str | None) -> list[exp.Expression]:
    if not rows.types:
        return []
    column = exp.column("activity_type", prefix)
    found: list[exp.Expression] = []
    if rows.details:
        kind = exp.column("source_entity", prefix)
        found.append(exp.EQ(this=kind, expression=exp.Literal.string("order")))
    values = [literal(name) for name in rows.types]
    if len(values) == 1:
        return [exp.EQ(this=column, expression=values[0]), *found]
    return [exp.In(this=column, expressions=values), *found]


def _looked_at(rows: Rows, table: str, is_timed: bool) -> list[str]:
    details = ["source_system", "source_entity", "source_activity_id"] if rows.details else []
    types = ["activity_type"] if rows.types else []
    return [*types, *([instant_of(table)] if is_timed else []), *rows.where, *details]


def _lines(query: Query, details: Details) -> str:
    """The orders of which the condition holds of any line, or of all."""
    where = [condition(said, exp.column(c)) for c, said in details.where.items()]
    is_clocked = needs_clock(*details.where.values())
    source = query.read(LINES, *ORDER_KEY, *details.where)
    joins = []
    if is_clocked:
        joins.append(query.read_clock())
        where = [condition(said, exp.column(c, source)) for c, said in details.where.items()]
    key = [f"{source}.{c}" if is_clocked else c for c in ORDER_KEY]
    if details.quantifier != "all":
        return query.step("orders_with_line", Select(key, source, joins, where, is_distinct=True))
    fitting = exp.Case(ifs=[exp.If(this=exp.and_(*where), true=exp.Literal.number(1))])
    every = exp.EQ(this=exp.Count(this=exp.Star()), expression=exp.Count(this=fitting))
    return query.step("orders_of_such_lines", Select(key, source, joins, group=key, having=[every]))


def _detail_join(details: Details, lines: str, source: str) -> list[str]:
    kind = "anti" if details.quantifier == "none" else "semi"
    return [
        f"{kind} join {lines}",
        "    on",
        f"        {lines}.source_system = {source}.source_system",
        f"        and {lines}.order_id = {source}.source_activity_id",
    ]
