"""Random rules: members and numbers of reasons equal a plain Python evaluation of the rows."""

from __future__ import annotations

import random
import re

import duckdb
import pytest

from orchestration.segments.checking import check_rule, read_rule
from orchestration.segments.compiler import compile_rule
from orchestration.segments.reading import Document
from tests.segments.oracle import members
from tests.segments.trees import Trees
from tests.segments.world import catalogue, load, random_world

PER_WORLD = 75


def differing(seed: int, worlds: int) -> tuple[list[str], int, int]:
    """Rules whose members differ; how many rules were tried, and how many have some in and out."""
    found, tried, telling = [], 0, 0
    known = catalogue()
    for number in range(worlds):
        rng = random.Random(seed * 1000 + number)
        world = random_world(rng)
        trees = Trees(rng, world)
        with duckdb.connect(config={"threads": 1}) as con:
            load(con, world)
            for _ in range(PER_WORLD):
                data = trees.rule()
                document = Document("rule.yml", data, {(): 1})
                rule = read_rule(document)
                check_rule("rule", rule, known, document)
                sql = compile_rule("rule", rule, known)
                plain = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", sql.split("-#}", 1)[1])
                rows = con.execute(plain).fetchall()
                wanted = members(rule, world)
                tried += 1
                telling += 0 < len(wanted) < len(world.people)
                got = {person: len(reason.split("; ")) for person, reason in rows}
                if got != wanted or len(rows) != len(wanted):
                    found.append(f"{seed}/{number}: {data}\n{got}\n{wanted}")
    return found, tried, telling


def test_random_rules_have_the_members_that_python_finds() -> None:
    found, tried, telling = differing(1, 4)
    assert found[:1] == []
    assert tried == 300
    assert telling > tried / 2


@pytest.mark.slow
def test_two_thousand_random_rules_have_the_members_that_python_finds() -> None:
    found, tried, telling = differing(2, 28)
    assert found[:1] == []
    assert tried == 2100
    assert telling > tried / 2
