"""How many people each clause holds of equals a plain Python evaluation of the rows."""

from __future__ import annotations

import random
import re
from typing import Any

import duckdb
import pytest

from orchestration.segments.checking import read_rule
from orchestration.segments.counting import counting_sql
from orchestration.segments.reading import Document, clause_name
from orchestration.segments.rule import All, AnyOf, NoneOf, Rule, children
from tests.segments.oracle import holds, members
from tests.segments.trees import Trees
from tests.segments.world import World, catalogue, load, random_world


def wanted(rule: Rule, world: World) -> dict[str, tuple[int, int]]:
    """Per clause how many people it holds of, and how many are left after it."""
    found: dict[str, tuple[int, int]] = {}

    def look(clause: Any, path: str, left: int) -> None:
        found[path] = (sum(holds(clause, p, world) for p in world.people), left)
        if not isinstance(clause, All | AnyOf | NoneOf):
            return
        word = next(iter(type(clause).model_fields))
        inside = children(clause)
        for place, child in enumerate(inside):
            each = [[holds(c, p, world) for c in inside[: place + 1]] for p in world.people]
            test = {"all": all, "any": any, "none": lambda some: not any(some)}[word]
            look(child, f"{path}.{word}[{place}]", sum(map(test, each)))

    look(rule.include, "include", sum(holds(rule.include, p, world) for p in world.people))
    if rule.exclude is not None:
        look(rule.exclude, "exclude", len(members(rule, world)))
    return found


def counted(seed: int, worlds: int) -> int:
    """Random rules whose counts are Python's; how many clauses they had."""
    known, clauses = catalogue(), 0
    for number in range(worlds):
        rng = random.Random(seed + number)
        world = random_world(rng)
        trees = Trees(rng, world)
        with duckdb.connect(config={"threads": 1}) as con:
            load(con, world)
            for _ in range(25):
                rule = read_rule(Document("rule.yml", trees.rule(), {(): 1}))
                sql, paths = counting_sql(rule, known)
                plain = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", sql)
                [row] = con.execute(plain).fetchall()
                got = {
                    clause_name(path): (row[2 * n], row[2 * n + 1]) for n, path in enumerate(paths)
                }
                assert got == wanted(rule, world)
                clauses += len(paths)
    return clauses


def test_random_rules_are_counted_by_clause_as_python_counts_them() -> None:
    assert counted(0, 1) > 80


@pytest.mark.slow
def test_many_random_rules_are_counted_by_clause_as_python_counts_them() -> None:
    assert counted(100, 12) > 1000
