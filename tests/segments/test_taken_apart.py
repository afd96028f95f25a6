"""SQL written by hand as clauses: together they say what the SQL says, or why it can't be told."""

from __future__ import annotations

import random

import duckdb
import pytest

from orchestration.membership.clauses import Definition
from orchestration.membership.formula import decided, holds
from orchestration.segment_tools.steps import NotTakenApartError, read

PEOPLE = 60
CTES = """
with people as (select profile_id, city, age from profile.profiles),
orders as (select profile_id, amount, is_return from value.orders where amount > 0),
totals as (
    select profile_id, sum(amount) as total, count(*) as order_count from orders group by profile_id
),
swiss as (select profile_id from people where city = 'Bern'),
clock as (select as_of_on from value.clock)
"""
TAKEN_APART = {
    "select profile_id from people where age > 30 and (city = 'Bern' or not (age < 50))": 3,
    "select profile_id from people where not (city = 'Bern' and age > 30)": 2,
    "select profile_id from people where not (city is null or city in ('Bern', 'Genf'))": 2,
    "select people.profile_id from people inner join totals "
    "on people.profile_id = totals.profile_id where totals.total > 5 and people.age > 20": 3,
    "select people.profile_id from people left join totals "
    "on people.profile_id = totals.profile_id where totals.profile_id is null": 1,
    "select people.profile_id from people left join totals "
    "on totals.profile_id = people.profile_id "
    "where totals.profile_id is null or people.age > 40": 2,
    "select people.profile_id from people left join totals using (profile_id) "
    "where coalesce(totals.total, 0) < 5": 1,
    "select swiss.profile_id from swiss left join totals on swiss.profile_id = totals.profile_id "
    "where not totals.profile_id is null": 2,
    "select profile_id from orders group by profile_id having sum(amount) > 9 or count(*) = 1": 3,
    "select distinct profile_id from orders": 1,
    "select profile_id from people semi join swiss using (profile_id)": 2,
    "select profile_id from people anti join totals using (profile_id)": 2,
    "select profile_id from swiss union select profile_id from totals where total > 5": 2,
    "select profile_id from totals intersect select profile_id from swiss": 2,
    "select profile_id from people except select profile_id from swiss": 2,
    "select people.profile_id from people inner join clock on people.age > day(clock.as_of_on)": 1,
    "select people.profile_id from people cross join clock where age > day(as_of_on)": 1,
    "select profile_id from totals qualify row_number() over (order by total, profile_id) < 9": 1,
    "select o.profile_id from orders as o inner join people as p on o.amount = p.age": 2,
}  # fmt: skip
REFUSED = {
    "select profile_id from people order by age limit 3": "limit",
    "select distinct on (city) profile_id from people": "distinct on",
    "select p.profile_id from people p full join swiss s on p.profile_id = s.profile_id": "joins",
    "select p.profile_id from people p semi join clock on p.age > 3": "semi join",
    "select profile_id from (select profile_id from people) as inner_people": "reads no table",
}


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    dice = random.Random(3)
    con.execute("create schema profile")
    con.execute("create schema value")
    con.execute("create table profile.profiles (profile_id varchar, city varchar, age integer)")
    con.execute("create table value.orders (profile_id varchar, amount integer, is_return boolean)")
    con.execute("create table value.clock as select date '2026-10-31' as as_of_on")
    for number in range(PEOPLE):
        person = (
            f"p{number}",
            dice.choice(["Bern", "Basel", None]),
            dice.choice([20, 31, 60, None]),
        )
        con.execute("insert into profile.profiles values (?, ?, ?)", person)
        for _ in range(dice.choice([0, 0, 1, 2, 3])):
            order = (f"p{number}", dice.choice([0, 2, 6, 31]), dice.random() < 0.2)
            con.execute("insert into value.orders values (?, ?, ?)", order)
    return con


@pytest.mark.parametrize("sql", TAKEN_APART)
def test_the_clauses_hold_of_whom_the_sql_has(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    definition = Definition(read(CTES + sql, "rule"), "profile.profiles")
    found = con.execute(
        f"with states as ({definition.states}) select profile_id from profile.profiles "
        "left join states using (profile_id) "
        f"where {holds(definition.formula, 'coalesce(states.states, 0)')}"
    ).fetchall()
    members = {person for (person,) in con.execute(CTES + sql).fetchall()}
    assert {person for (person,) in found} == members
    assert 0 < len(members) < PEOPLE
    assert len(definition.clauses) == TAKEN_APART[sql]
    assert len({clause.words for clause in definition.clauses}) == len(definition.clauses)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_no_clauses_says_why(sql: str) -> None:
    with pytest.raises(NotTakenApartError, match=REFUSED[sql]):
        Definition(read(CTES + sql, "rule"), "profile.profiles")


def test_a_condition_that_is_not_reached_has_not_changed(con: duckdb.DuckDBPyConnection) -> None:
    sql = (
        "select swiss.profile_id from swiss inner join totals "
        "on swiss.profile_id = totals.profile_id where totals.total > 5"
    )
    definition = Definition(read(CTES + sql, "rule"), "profile.profiles")
    assert [clause.words for clause in definition.clauses] == [
        "in swiss: city = 'Bern'",
        "in totals",
        "totals.total > 5",
    ]
    # Nobody's order, an order of somebody of Bern; moved away with it; the order became smaller.
    cases = "(values (1, 7), (7, 2), (7, 3), (0, 7)) as cases (before, now)"
    found = con.execute(
        f"select alone, together from ({decided(definition.formula, cases)})"
    ).fetchall()
    assert found == [(2, 2), (1, 1), (4, 4), (3, 1)]
