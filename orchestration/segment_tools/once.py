"""Steps in which no person stands twice, so that people are counted without being told apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlglot import exp

from orchestration.segment_tools.steps import CLAUSES, PERSON, SegmentQuery

MULTIPLIES = (exp.Unnest, exp.Explode, exp.Lateral)
"""What makes several rows of one."""
FEWER = ("SEMI", "ANTI")
PLAIN = {"this", "db", "catalog", "alias"}
"""What is said of a table that is read as it is: no sample, no pivot."""


def unique_tables(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The tables, as schema.name, that a test holds to one row per person.

    Parameters:
        manifest: of dbt.
    """
    nodes = manifest["nodes"]
    tested = [
        nodes.get(node.get("attached_node"))
        for node in nodes.values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "unique"
        and node.get("column_name") == PERSON
        and node["config"].get("severity", "ERROR").upper() == "ERROR"
        and not node["config"].get("where")
    ]
    return frozenset(f"{n['schema']}.{n.get('alias') or n['name']}" for n in tested if n)


def steps_with_each_once(query: SegmentQuery, tables: Collection[str]) -> frozenset[str]:
    """The steps in which nobody stands twice, as far as their text proves it.

    Parameters:
        query: of the segment.
        tables: as schema.name, those with one row per person.
    """
    found: set[str] = set()
    if query.tree.args.get("with_") and query.tree.args["with_"].args.get("recursive"):
        return frozenset()
    renamed = {cte.alias for cte in query.tree.ctes if cte.args["alias"].columns}
    for step in query.steps:
        is_select = isinstance(step.query, exp.Select) and step.name not in renamed
        if is_select and _is_once(step.query, found | {*tables}):
            found.add(step.name)
    return frozenset(found)


def rows_are_people(select: exp.Select, clause: str, known: Collection[str]) -> bool:
    """Whether the rows that reach a clause are a person each.

    Parameters:
        select: a part of a step.
        clause: where, having or qualify.
        known: steps, and tables as schema.name, in which nobody stands twice.
    """
    if select.args.get("group") and clause != CLAUSES[0]:
        return _is_grouped(select)
    return _reads_once(select, known)


def _is_once(select: exp.Select, known: Collection[str]) -> bool:
    if select.args.get("group"):
        return _is_grouped(select)
    distinct = select.args.get("distinct")
    if distinct and not distinct.args.get("on") and select.named_selects == [PERSON]:
        return True
    return _reads_once(select, known)


def _is_grouped(select: exp.Select) -> bool:
    """By the person and nothing else, who is selected as such."""
    group = select.args["group"]
    others = [word for word, said in group.args.items() if said and word != "expressions"]
    by = group.expressions
    person = _person(select)
    # A column of a struct may be called as the person is.
    if person is None or person.table not in ("", *_sources(select)):
        return False
    return not others and len(by) == 1 and by[0] == person and not _multiplies(select)


def _reads_once(select: exp.Select, known: Collection[str]) -> bool:
    """Whether its rows are those of one source, each at most once, and it selects their person."""
    person = _person(select)
    start = select.args.get("from_")
    if person is None or start is None or _multiplies(select):
        return False
    base = start.this
    joins = select.args.get("joins") or []
    own = [base.alias_or_name] if joins else ["", base.alias_or_name]
    if not _is_known(base, known) or person.table not in own:
        return False
    names = [base.alias_or_name]
    for join in joins:
        if not _adds_no_row(join, names, known):
            return False
        names.append(join.this.alias_or_name)
    return True


def _multiplies(select: exp.Select) -> bool:
    """Whether it may make several rows of one, or names of its own hide those of the steps."""
    if select.args.get("laterals") or select.args.get("with_"):
        return True
    return any(part.find(*MULTIPLIES) for part in select.expressions)


def _sources(select: exp.Select) -> Iterator[str]:
    start = select.args.get("from_")
    for source in [start] if start else []:
        yield source.this.alias_or_name
    for join in select.args.get("joins") or []:
        yield join.this.alias_or_name


def _adds_no_row(join: exp.Join, before: Collection[str], known: Collection[str]) -> bool:
    if join.method or join.args.get("using") or join.side not in ("", "LEFT"):
        return False
    if join.kind in FEWER:
        return True
    if join.kind not in ("", "INNER", "OUTER") or not _is_known(join.this, known):
        return False
    name = join.this.alias_or_name
    return any(
        {side.name for side in pair} == {PERSON}
        and {side.table for side in pair} & {name}
        and {side.table for side in pair} & {*before}
        for pair in _equal_columns(join.args.get("on"))
    )


def _equal_columns(on: exp.Expression | None) -> Iterator[tuple[exp.Column, exp.Column]]:
    """The columns that a condition says are equal."""
    if on is None:
        return
    on = on.unnest()
    for part in on.flatten() if isinstance(on, exp.And) else [on]:
        part = part.unnest()
        if isinstance(part, exp.EQ):
            left, right = part.left, part.right
            if isinstance(left, exp.Column) and isinstance(right, exp.Column):
                yield left, right


def _is_known(source: exp.Expression, known: Collection[str]) -> bool:
    """A step or a table with each person once, read as it is."""
    alias = source.args.get("alias")
    said = {word for word, value in source.args.items() if value} - PLAIN
    if not isinstance(source, exp.Table) or said or (alias and alias.columns):
        return False
    return (f"{source.db}.{source.name}" if source.db else source.name) in known


def _person(select: exp.Select) -> exp.Column | None:
    """The column that is selected as the person, where it is one of that name."""
    for column in select.selects:
        if column.alias_or_name == PERSON:
            plain = column.unalias()
            is_named = isinstance(plain, exp.Column) and plain.name == PERSON
            return plain if is_named else None
    return None
