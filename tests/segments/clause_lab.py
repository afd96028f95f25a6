"""Rules whose clauses each look at data of their own, so that one can be turned back alone."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.membership.clauses import Definition
from orchestration.membership.formula import decided
from orchestration.segment_tools.steps import read
from orchestration.segments.catalogue import Catalogue, Column, Table
from orchestration.segments.checking import read_rule
from orchestration.segments.compiler import compile_rule
from orchestration.segments.reading import Document
from orchestration.segments.rule import All, AnyOf, NoneOf, Rule, children, leaves

COLUMNS = tuple(f"n{number}" for number in range(6))
EVENTS = tuple(f"event_{number}" for number in range(4))
HEAD = {"title": "A", "owner": "team:marketing", "purpose": "A test."}
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda cell, value: cell is not None and cell >= value,
    "at_most": lambda cell, value: cell is not None and cell <= value,
    "equals": lambda cell, value: cell is not None and cell == value,
    "not_equals": lambda cell, value: cell is not None and cell != value,
    "is_null": lambda cell, _: cell is None,
}
Facts = dict[str, Any]
"""Of a person: the value of each column, and how often each event happened."""
Truths = dict[str, bool]
"""Per clause, named by the column or event that only it looks at, whether it holds."""


def a_rule(dice: random.Random) -> dict[str, Any]:
    """A random tree; no column and no event is in it twice."""
    free = [*COLUMNS, *EVENTS]
    dice.shuffle(free)
    found = {**HEAD, "include": _tree(dice, free, dice.choice((1, 2, 3)))}
    if free and dice.random() < 0.3:
        found["exclude"] = _tree(dice, free, dice.choice((0, 1)))
    return found


def _tree(dice: random.Random, free: list[str], depth: int) -> dict[str, Any]:
    if depth and len(free) > 2:
        count = dice.randint(1, 3)
        inner = [_tree(dice, free, depth - 1) for _ in range(count) if free]
        return {dice.choice(("all", "any", "any", "none")): inner}
    name = free.pop()
    value = dice.randint(0, 2)
    if name in EVENTS:
        number = {"operator": dice.choice(("at_least", "at_most", "equals")), "value": value}
        return {"event": name, "count": number}
    operator = dice.choice(list(OPERATORS))
    rest = {} if operator == "is_null" else {"value": value}
    return {"field": f"profiles.{name}", "operator": operator, **rest}


def some_facts(dice: random.Random) -> Facts:
    """Values around those that rules compare with, and none."""
    return {
        **{column: dice.choice((0, 1, 2, None)) for column in COLUMNS},
        **{event: dice.randint(0, 2) for event in EVENTS},
    }


def truths(rule: Rule, facts: Facts) -> Truths:
    """Which clauses hold of a person, in their order, by plain Python."""
    found = {}
    for clause, _ in [
        *leaves(rule.include, ()),
        *(leaves(rule.exclude, ()) if rule.exclude else ()),
    ]:
        name = name_of(clause)
        said = clause.counted if name in EVENTS else clause
        found[name] = bool(OPERATORS[said.operator](facts[name], said.value))
    return found


def as_bits(known: Truths) -> int:
    """Clauses that hold, as the number that is kept of a person."""
    return sum(1 << place for place, is_true in enumerate(known.values()) if is_true)


def name_of(clause: Any) -> str:
    """The column or the event that a clause looks at."""
    return str(clause.types[0] if hasattr(clause, "types") else clause.column)


def is_in(rule: Rule, known: Truths) -> bool:
    """Whether a rule has somebody of whom these clauses hold."""
    is_out = rule.exclude is not None and _is_true(rule.exclude, known)
    return _is_true(rule.include, known) and not is_out


def _is_true(clause: Any, known: Truths) -> bool:
    if not isinstance(clause, All | AnyOf | NoneOf):
        return known[name_of(clause)]
    each = [_is_true(child, known) for child in children(clause)]
    if isinstance(clause, All):
        return all(each)
    return any(each) is isinstance(clause, AnyOf)


@dataclass(frozen=True)
class Compiled:
    """A rule, its SQL over the tables of a lab, and its clauses."""

    rule: Rule
    sql: str
    definition: Definition


def compiled(said: dict[str, Any]) -> Compiled:
    """A rule compiled and taken apart."""
    columns = {name: Column("number") for name in COLUMNS}
    activities = {"activity_type": Column("text"), "occurred_at": Column("date")}
    known = Catalogue(
        {
            "profiles": Table("profiles", columns, True),
            "recorded_activities": Table("recorded_activities", activities, False),
        },
        frozenset(),
    )
    rule = read_rule(Document("rule.yml", said, {(): 1}))
    text = compile_rule("rule", rule, known).split("-#}", 1)[1]
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"profile.\1", text)
    return Compiled(rule, sql, Definition(read(sql, "rule"), "profile.profiles"))


def fill(con: duckdb.DuckDBPyConnection, people: dict[str, Facts]) -> None:
    """Make the tables of people."""
    columns = ", ".join(f"{name} integer" for name in COLUMNS)
    con.execute("create schema if not exists profile")
    con.execute(f"create or replace table profile.profiles (profile_id varchar, {columns})")
    con.execute(
        "create or replace table profile.recorded_activities "
        "(profile_id varchar, activity_type varchar, occurred_at timestamp)"
    )
    if not people:
        return
    rows = [
        f"('{one}', {', '.join('null' if f[c] is None else str(f[c]) for c in COLUMNS)})"
        for one, f in people.items()
    ]
    con.execute(f"insert into profile.profiles values {', '.join(rows)}")
    happened = [
        f"('{one}', '{event}', timestamp '2026-01-01')"
        for one, facts in people.items()
        for event in EVENTS
        for _ in range(facts[event])
    ]
    if happened:
        con.execute(f"insert into profile.recorded_activities values {', '.join(happened)}")


def members(con: duckdb.DuckDBPyConnection, one: Compiled) -> set[str]:
    """Who is in a segment, as its SQL says."""
    return {profile for profile, _ in con.execute(one.sql).fetchall()}


def states(con: duckdb.DuckDBPyConnection, one: Compiled) -> dict[str, int]:
    """The clauses that hold of each person, as bits."""
    return dict(con.execute(one.definition.states).fetchall())


def decided_of(
    con: duckdb.DuckDBPyConnection, one: Compiled, states: dict[str, tuple[int, int]]
) -> dict[str, tuple[bool, bool, int, int]]:
    """Whether the definition held and holds, and the clauses that decided, alone and together.

    Parameters:
        states: the clauses of each person, before and now.
    """
    people = ", ".join(f"('{p}', {b}::bigint, {n}::bigint)" for p, (b, n) in states.items())
    source = f"(values {people}) as people (profile_id, before, now)"
    asked = decided(one.definition.formula, source)
    found = con.execute(f"select profile_id, held, holds, alone, together from ({asked})")
    return {p: (held, holds, a, t) for p, held, holds, a, t in found.fetchall()}
