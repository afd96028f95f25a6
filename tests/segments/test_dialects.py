"""A segment's SQL for other engines: what can't be said there for sure is refused."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot

from orchestration.errors import UserError
from orchestration.segment_tools.dialects import DIALECTS, translated
from orchestration.segment_tools.steps import read

SQL = (
    'with people as (select profile_id, tier, amount from "warehouse".value.people '
    "where seen_on >= date '2026-01-01' - interval 30 day) "
    "select profile_id, 'tier ' || tier as reason from people where amount > 3"
)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_models_are_named_by_schema_and_table(dialect: str) -> None:
    text = translated(read(SQL, "x").tree, "x", dialect)
    [table] = [t for t in sqlglot.parse_one(text, dialect=dialect).find_all(sqlglot.exp.Table)
               if t.db]  # fmt: skip
    assert (table.catalog, table.db, table.name) == ("", "value", "people")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_only_engines_that_know_it_are_told_whether_a_cte_is_copied(dialect: str) -> None:
    tree = read(SQL.replace("people as (", "people as not materialized ("), "x").tree
    said = "NOT MATERIALIZED" in translated(tree, "x", dialect)
    assert said == (dialect in ("duckdb", "postgres"))
    assert "NOT MATERIALIZED" in tree.sql(dialect="duckdb")


def test_duckdb_gives_the_same_rows() -> None:
    with duckdb.connect() as con:
        con.execute("create schema value")
        con.execute(
            "create table value.people as select 'p' || i as profile_id, 'a' as tier, i as amount, "
            "date '2026-01-01' as seen_on from range(9) r(i)"
        )
        text = translated(read(SQL, "x").tree, "x", "duckdb")
        own = con.execute(SQL.replace('"warehouse".', "") + " order by all").fetchall()
        assert own == con.execute(f"select * from ({text}) order by all").fetchall() != []


@pytest.mark.parametrize(
    ("part", "dialect", "says"),
    [
        ("amount / 2 > 1", "postgres", "div may mean something else"),
        ("list_contains([amount], 1)", "snowflake", "may mean something else"),
        ("max_by(amount, tier) > 1", "postgres", "may mean something else"),
        ("cast(amount as integer) > 1", "spark", "the type INT may"),
        ("own_macro(amount)", "bigquery", r"own_macro\(\) may"),
        ("greatest(amount, 2) > 1", "snowflake", r"greatest\(\) may"),
        ("regexp_matches(tier, 'a')", "postgres", "may mean something else"),
        ("profile.is_contact_allowed(tier)", "spark", "may mean something else"),
    ],
)
def test_what_may_mean_something_else_is_refused(part: str, dialect: str, says: str) -> None:
    tree = read(f"select profile_id from value.people where {part}", "x").tree
    with pytest.raises(UserError, match=says):
        translated(tree, "x", dialect)
    assert translated(tree, "x", "duckdb")


@pytest.mark.parametrize(
    ("sql", "dialect", "says"),
    [
        ("select profile_id from value.a except all select profile_id from value.b", "bigquery",
         "can't be written for bigquery: EXCEPT ALL is not supported"),
        ("select profile_id from value.a union all by name select profile_id from value.b",
         "spark", "union by name may"),
        ("select a.profile_id from value.a asof join value.b on a.n >= b.n", "spark",
         "join method may"),
        ("select profile_id from value.a order by n limit 10%", "postgres", "limitoptions may"),
        ("select * exclude (n) from value.a", "postgres", "star except may"),
    ],
)  # fmt: skip
def test_what_an_engine_does_not_have_is_refused_in_a_sentence(
    sql: str, dialect: str, says: str
) -> None:
    with pytest.raises(UserError, match=says):
        translated(read(sql, "x").tree, "x", dialect)
