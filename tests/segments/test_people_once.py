"""Where people are counted without telling them apart, nobody stands twice."""

from __future__ import annotations

import random
import re

import duckdb
import pytest

from orchestration.segment_tools.evaluation import Evaluator, filters
from orchestration.segment_tools.once import steps_with_each_once, unique_tables
from orchestration.segment_tools.steps import read
from orchestration.segments.checking import read_rule
from orchestration.segments.compiler import compile_rule
from orchestration.segments.reading import Document
from tests.segments.trees import Trees
from tests.segments.world import catalogue, load, random_world

UNIQUE = frozenset({"main.profiles", "main.customer_attributes"})
JOINED = "select profiles.profile_id from main.profiles {} main.visits as v on {}"


@pytest.mark.parametrize(
    ("sql", "is_once"),
    [
        ("select profile_id from main.profiles where city = 'Bern'", True),
        ("select profile_id from main.visits", False),
        ("select profile_id from main.profiles union all select city from main.profiles", False),
        ("select distinct profile_id from main.visits", True),
        ("select distinct profile_id, device_type from main.visits", False),
        ("select distinct on (device_type) profile_id from main.visits", False),
        ("select profile_id, count(*) as n from main.visits group by profile_id", True),
        ("select profile_id from main.visits group by profile_id, device_type", False),
        ("select profile_id from main.visits group by rollup (profile_id)", False),
        ("select profile_id from main.visits group by all", False),
        ("select s.profile_id from main.visits group by s.profile_id", False),
        ("select s.profile_id from main.profiles", False),
        ("select record_count as profile_id from main.profiles", False),
        ("select profile_id, unnest([1, 2]) as n from main.profiles", False),
        ("select profile_id, unnest([1, 2]) as n from main.visits group by profile_id", False),
        ("select p.profile_id from main.profiles as p (city, profile_id)", False),
        ("select profile_id from main.profiles, main.visits", False),
        (JOINED.format("left join", "profiles.profile_id = v.profile_id"), False),
        (JOINED.format("semi join", "profiles.profile_id = v.profile_id"), True),
        (JOINED.format("anti join", "profiles.city = v.device_type"), True),
        (
            "select profiles.profile_id from main.profiles left join main.customer_attributes as c "
            "on profiles.profile_id = c.profile_id and c.net_amount > 1",
            True,
        ),
        (
            "select c.profile_id from main.profiles left join main.customer_attributes as c "
            "on profiles.profile_id = c.profile_id",
            False,
        ),
        (
            "select profiles.profile_id from main.profiles left join main.customer_attributes as c "
            "on profiles.profile_id = c.profile_id or c.net_amount > 1",
            False,
        ),
        (
            "select profiles.profile_id from main.profiles full join main.customer_attributes as c "
            "on profiles.profile_id = c.profile_id",
            False,
        ),
        ("with a (x, profile_id) as (select profile_id, city from main.profiles) "
         "select profile_id from a", False),
        ("with a as (with profiles as (select profile_id from main.visits) select profile_id "
         "from profiles) select profile_id from a", False),
    ],
)  # fmt: skip
def test_a_step_is_known_to_hold_each_person_once(sql: str, is_once: bool) -> None:
    assert ("result" in steps_with_each_once(read(sql, "the test"), UNIQUE)) is is_once


def counted(seed: int, rules: int) -> None:
    """Random rules have the same counts both ways, and much of them is proven."""
    rng = random.Random(seed)
    world = random_world(rng)
    trees, known, steps, proven = Trees(rng, world), catalogue(), 0, 0
    with duckdb.connect(config={"threads": 1}) as con:
        load(con, world)
        for _ in range(rules):
            rule = read_rule(Document("rule.yml", trees.rule(), {(): 1}))
            sql = compile_rule("rule", rule, known).split("-#}", 1)[1]
            query = read(re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"main.\1", sql), "the test")
            short, plain = Evaluator(con, query, UNIQUE), Evaluator(con, query)
            assert short.people() == plain.counts("count(distinct profile_id)")
            assert filters(short) == filters(plain)
            steps += len(query.steps)
            proven += len(short.each_once - UNIQUE)
    assert proven > steps / 4


def test_random_rules_are_counted_as_if_people_were_told_apart() -> None:
    counted(8, 4)


@pytest.mark.slow
def test_many_random_rules_are_counted_as_if_people_were_told_apart() -> None:
    counted(9, 150)


def test_a_table_is_unique_where_a_test_that_fails_a_run_says_so() -> None:
    def test_of(model: str, **config: str) -> dict[str, object]:
        return {
            "resource_type": "test", "test_metadata": {"name": "unique"}, "config": config,
            "column_name": "profile_id", "attached_node": model,
        }  # fmt: skip

    model = {"resource_type": "model", "schema": "profile"}
    nodes = {
        **{name: {**model, "name": name} for name in ("a", "b", "c")},
        "1": test_of("a"),
        "2": test_of("b", severity="warn"),
        "3": test_of("c", where="is_known"),
        "4": test_of("gone"),
    }
    assert unique_tables({"nodes": nodes}) == {"profile.a"}
