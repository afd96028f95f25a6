"""A reason names the clauses that hold, and no other; values, never personal data."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any

import duckdb

from orchestration.segments.catalogue import Catalogue
from orchestration.segments.checking import read_rule
from orchestration.segments.compiler import compile_rule
from orchestration.segments.reading import Document
from tests.segments.trees import Trees
from tests.segments.world import catalogue, load, random_world

HEAD = {"title": "A", "owner": "team:marketing", "purpose": "A test."}


def reasons(
    con: duckdb.DuckDBPyConnection, clause: Any, known: Catalogue | None = None
) -> dict[str, str]:
    """The members of a rule with their reasons."""
    rule = read_rule(Document("rule.yml", {**HEAD, "include": clause}, {(): 1}))
    sql = compile_rule("rule", rule, known or catalogue()).split("-#}", 1)[1]
    return dict(con.execute(re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", sql)).fetchall())


def test_a_reason_names_the_clauses_that_hold_and_without_them_nobody_is_in() -> None:
    rng = random.Random(5)
    world = random_world(rng)
    trees = Trees(rng, world)
    told = 0
    with duckdb.connect(config={"threads": 1}) as con:
        load(con, world)
        for _ in range(15):
            clauses = [trees.clause(0) for _ in range(4)]
            alone = [reasons(con, clause) for clause in clauses]
            for person, reason in reasons(con, {"any": clauses}).items():
                holding = [one[person] for one in alone if person in one]
                assert reason == "; ".join(holding)
                told += len(holding) < len(clauses)
            flipped = [{"none": [clause]} for clause in clauses]
            for person in reasons(con, {"all": flipped}):
                assert not any(person in one for one in alone)
    assert told > 100


def test_a_clause_of_a_container_that_does_not_hold_is_no_reason() -> None:
    with duckdb.connect() as con:
        con.execute("create table profiles as select 'p1' as profile_id, 3 as record_count")
        one = {"field": "profiles.record_count", "operator": "at_least", "value": 1}
        two = {"field": "profiles.record_count", "operator": "at_least", "value": 9}
        three = {"field": "profiles.record_count", "operator": "at_most", "value": 3}
        found = reasons(con, {"any": [{"all": [one, two]}, {"all": [three, one]}, two]})
        assert found == {"p1": "record count 3; record count 3"}
        found = reasons(con, {"all": [{"none": [two]}, three]})
        assert found == {"p1": "not: record count is at least 9; record count 3"}


def test_personal_data_is_named_nowhere_in_a_reason() -> None:
    world = random_world(random.Random(3))
    known = catalogue()
    tables = {
        name: replace(
            table,
            columns={c: replace(one, is_personal=True) for c, one in table.columns.items()},
        )
        for name, table in known.tables.items()
    }
    personal = Catalogue(tables, known.segments)
    clauses = [
        {"field": "profiles.city", "operator": "not_equals", "value": "Secretville"},
        {"field": "profiles.city", "operator": "is_not_null"},
        {"field": "profiles.birth_date", "operator": "in_last", "value": "99 years"},
        {"field": "purchases.line_amount", "operator": "at_least", "value": -999,
         "where": {"product_category": {"operator": "not_in", "value": ["Secretville"]}}},
        {"event": "order_completed", "count": {"operator": "at_most", "value": 99},
         "where": {"channel": "Secretville"}},
        {"event": "order_completed", "aggregate": {
            "function": "maximum", "of": "amount", "operator": "at_least", "value": -999}},
        {"event": "order_completed", "count": {"operator": "at_least", "value": 0},
         "details": {"quantifier": "any", "where": {"product_category": "Secretville"}}},
    ]  # fmt: skip
    with duckdb.connect() as con:
        load(con, world)
        found = " ".join(reasons(con, {"any": clauses}, personal).values())
        shown = " ".join(reasons(con, {"any": clauses}).values())
    cells = {
        str(row[column])
        for name, columns in (("profiles", ("city", "birth_date")), ("purchases", ("line_amount",)))
        for row in world.tables[name]
        for column in columns
        if row[column] is not None and len(str(row[column])) > 3
    }
    assert "Secretville" in shown
    assert any(cell in shown for cell in cells)
    assert "Secretville" not in found and "999" not in found.replace("99 years", "")
    assert [cell for cell in cells if re.search(rf"(?<!\w){re.escape(cell)}(?!\w)", found)] == []
