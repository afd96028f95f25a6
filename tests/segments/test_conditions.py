"""Steps and conditions, counted by the database, against a reading of every row in Python."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segment_tools.evaluation import Evaluator, filters
from orchestration.segment_tools.falling import Falling
from orchestration.segment_tools.origins import MASKED, Labels, NotFollowedError, Tracer
from orchestration.segment_tools.steps import RESULT, read

Row = dict[str, Any]
Test = Callable[[Row], bool | None]
SECRET = "ann@example.org"
COLUMNS = ("profile_id", "amount", "tier", "email")
LABELS = Labels(
    {"value.people": COLUMNS, "value.orders": ("profile_id", "amount")},
    {"value.people": {"email"}, "value.orders": set()},
)


def database(rows: list[Row], orders: list[Row] | None = None) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:")
    con.execute("create schema value")
    con.execute("create table value.people (profile_id text, amount int, tier text, email text)")
    con.execute("create table value.orders (profile_id text, amount int)")
    con.executemany(
        "insert into value.people values (?, ?, ?, ?)", [[r[c] for c in COLUMNS] for r in rows]
    )
    for order in orders or []:
        con.execute(
            "insert into value.orders values (?, ?)", [order["profile_id"], order["amount"]]
        )
    return con


def falls(con: duckdb.DuckDBPyConnection, sql: str, person: str) -> list[dict[str, Any]]:
    evaluator = Evaluator(con, read(sql, "the test"))
    counts = evaluator.counts("count(*)", f"profile_id = '{person}'")
    return Falling(evaluator, LABELS, person, counts).explained()


def conditions(rng: random.Random) -> tuple[str, Test]:
    """A condition as SQL and as Python, null where SQL has null."""
    number, tier = rng.randint(0, 9), rng.choice("abc")

    def more(row: Row) -> bool | None:
        return None if row["amount"] is None else row["amount"] > number

    def same(row: Row) -> bool | None:
        return None if row["tier"] is None else row["tier"] == tier

    def either(row: Row) -> bool | None:
        a, b = more(row), same(row)
        return True if a or b else (None if None in (a, b) else False)

    def neither(row: Row) -> bool | None:
        found = either(row)
        return None if found is None else not found

    return rng.choice(
        [
            (f"amount > {number}", more),
            (f"tier = '{tier}'", same),
            (f"(amount > {number} or tier = '{tier}')", either),
            (f"not (amount > {number} or tier = '{tier}')", neither),
            ("tier is not null", lambda row: row["tier"] is not None),
            (f"amount between {number} and {number + 4}", lambda row: None
             if row["amount"] is None else number <= row["amount"] <= number + 4),
            (f"coalesce(tier, 'z') in ('{tier}', 'z')",
             lambda row: (row["tier"] or "z") in (tier, "z")),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_people_per_condition_are_those_of_python(seed: int) -> None:
    rng = random.Random(seed)
    rows = [
        {
            "profile_id": f"p{rng.randint(1, 12)}",
            "amount": rng.choice([None, *range(10)]),
            "tier": rng.choice([None, "a", "b", "c"]),
            "email": SECRET,
        }
        for _ in range(25)
    ]
    tests = [conditions(rng) for _ in range(rng.randint(1, 4))]
    where = " and ".join(sql for sql, _ in tests)
    sql = (
        "with people as (select * from value.people), "
        f"members as (select distinct profile_id from people where {where}) "
        "select profile_id, 'x' as reason from members"
    )
    with database(rows) as con:
        evaluator = Evaluator(con, read(sql, "the test"))
        counts = evaluator.counts("count(distinct profile_id)")
        [found] = filters(evaluator)

        def people(*passing: Test) -> set[str]:
            return {r["profile_id"] for r in rows if all(test(r) for test in passing)}

        python = [test for _, test in tests]
        assert counts["people"] == found["people_before"] == len(people())
        assert counts["members"] == counts[RESULT] == len(people(*python))
        for number, condition in enumerate(found["conditions"]):
            assert condition["alone"] == len(people(python[number])), condition
            assert condition["cumulative"] == len(people(*python[: number + 1])), condition
        for person in sorted(people() - people(*python))[:4]:
            own = [r for r in rows if r["profile_id"] == person]
            [last] = falls(con, sql, person)
            assert (last["step"], last["rows"]) == ("members", len(own))
            assert [c["rows_that_pass"] for c in last["conditions"]] == [
                sum(bool(test(r)) for r in own) for test in python
            ]
            none_passes = [not any(test(r) for r in own) for test in python]
            assert (last["says"] == "fails") is any(none_passes)
            for condition, is_false in zip(last["conditions"], none_passes, strict=True):
                assert bool(condition["values"]) is (is_false or not any(none_passes))


PEOPLE = [
    {"profile_id": "p1", "amount": 5, "tier": "a", "email": SECRET},
    {"profile_id": "p2", "amount": 1, "tier": "b", "email": None},
]
ORDERS = [{"profile_id": "p1", "amount": 3}, {"profile_id": "p1", "amount": 4}]


def test_values_of_labelled_columns_are_masked_through_every_step() -> None:
    sql = (
        "with people as (select profile_id, lower(email) as known_as, amount from value.people), "
        "named as (select * from people) "
        "select profile_id from named where known_as like '%.com' and amount > 7"
    )
    with database(PEOPLE) as con:
        [found] = falls(con, sql, "p1")
    assert found["conditions"][0]["values"] == [{"known_as": MASKED}]
    assert found["conditions"][1]["values"] == [{"amount": "5"}]
    assert SECRET not in json.dumps(found)


@pytest.mark.parametrize(
    ("reason", "followed"),
    [
        ("cast(amount as text)", {("value.people", "amount")}),
        ("case when email is null then 'a' else tier end",
         {("value.people", "email"), ("value.people", "tier")}),
        ("count(*) over ()", set()),
        ("(select max(email) from value.people)", None),
        ("own_macro(amount)", None),
        ("not_there", None),
    ],
)  # fmt: skip
def test_expressions_are_followed_or_refused(
    reason: str, followed: set[tuple[str, str]] | None
) -> None:
    query = read(f"select profile_id, {reason} as reason from value.people", "the test")
    select = query.steps[-1].parts[0]
    tracer = Tracer(query, LABELS.tables)
    if followed is None:
        with pytest.raises(NotFollowedError):
            tracer.origins(select.selects[1].unalias(), select)
    else:
        assert tracer.origins(select.selects[1].unalias(), select) == followed


@pytest.mark.parametrize(
    ("sql", "person", "steps"),
    [
        # Grouped: what the group comes to.
        ("select profile_id from value.orders group by profile_id having sum(amount) > 9", "p1",
         [(RESULT, "fails", {"SUM(amount)": "7"})]),
        # A lacking step is explained behind the condition that names it.
        ("with rich as (select profile_id from value.people where amount > 3) "
         "select people.profile_id from value.people as people left join rich "
         "on rich.profile_id = people.profile_id where rich.profile_id is not null", "p2",
         [(RESULT, "fails", {"rich.profile_id": None}), ("rich", "fails", {"amount": "1"})]),
        ("with rich as (select profile_id from value.people where amount > 3) "
         "select profile_id from value.people where profile_id in (select profile_id from rich)",
         "p2", [(RESULT, "fails", {"profile_id": "p2"}), ("rich", "fails", {"amount": "1"})]),
        # Joined: who has no row there.
        ("with buyers as (select profile_id from value.orders), members as ("
         "select people.profile_id from value.people as people "
         "inner join buyers on buyers.profile_id = people.profile_id) "
         "select profile_id from members", "p2",
         [("members", "has no row in buyers", None),
          ("buyers", "has no row in value.orders", None)]),
        ("select people.profile_id from value.people as people inner join value.orders as orders "
         "on orders.profile_id = people.profile_id and orders.amount > 9", "p1",
         [(RESULT, "has no row that the tables and joins of this step leave: on "
           "orders.profile_id = people.profile_id AND orders.amount > 9", None)]),
        # Taken away, and neither of two.
        ("select profile_id from value.people except select profile_id from value.orders", "p1",
         [(RESULT, "is in the part that is taken away", None)]),
        ("select profile_id from value.people where amount > 6 union "
         "select profile_id from value.people where tier = 'c'", "p1",
         [(RESULT, "fails", {"amount": "5"}), (RESULT, "fails", {"tier": "a"})]),
        # Ranked out.
        ("select profile_id from value.people "
         "qualify row_number() over (order by amount) = 1", "p1",
         [(RESULT, "fails", {"ROW_NUMBER() OVER (ORDER BY amount)": "2"})]),
        ("select profile_id from value.people order by amount limit 1", "p1",
         [(RESULT, "passes every condition and is left out by limit or distinct on", None)]),
    ],
)  # fmt: skip
def test_where_somebody_falls_out(
    sql: str, person: str, steps: list[tuple[str, str, Mapping[str, str | None] | None]]
) -> None:
    with database(PEOPLE, ORDERS) as con:
        found = falls(con, sql, person)
    assert [
        (
            one["step"],
            one["says"],
            next((c["values"][0] for c in one["conditions"] if c["values"]), None),
        )
        for one in found
    ] == steps


def test_what_cannot_be_evaluated_says_so_and_the_rest_is_counted() -> None:
    sql = (
        "with days as (select 1 as day), wrong as (select profile_id, cast(email as integer) as n "
        "from value.people), people as (select profile_id, tier, email from value.people) "
        "select profile_id from people where tier = 'a' and cast(email as integer) = 1"
    )
    with database(PEOPLE) as con:
        evaluator = Evaluator(con, read(sql, "the test"))
        counts = evaluator.counts("count(distinct profile_id)")
        [found] = filters(evaluator)
    assert counts["days"] == "yields no profile_id" and counts["people"] == 2
    assert "can't be converted" in str(counts[RESULT])
    assert [c["alone"] for c in found["conditions"]] == [1, None]
    assert "can't be converted" in found["says"]
    assert SECRET not in json.dumps([counts, found])


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("delete from value.people", "not one select"),
        ("select profile_id from value.people; select 1", "not one select"),
        ("select amount from value.people", "does not select profile_id"),
        ("select profile_id from", "no SQL that can be read"),
    ],
)
def test_what_is_no_segment_is_refused(sql: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read(sql, "the file")
