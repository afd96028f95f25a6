"""What can't be known is closed: every column of every input, not certain, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orchestration.lineage.compiled import catalog
from orchestration.lineage.edges import ROWS
from orchestration.lineage.models import Catalog, ModelLineage, declared, from_sql
from tests.lineage.reading import T, U, database, lineage_of

EVERYTHING = {("landing.t", c) for c in T} | {("landing.u", c) for c in U}
WHOLLY: Mapping[str, tuple[str, str]] = {
    "pivot": ("from (pivot t on y using sum(x) group by id)", "pivot"),
    "a pivoted table": ("select * from t pivot (sum(x) for y in ('a', 'b'))", "pivots"),
    "unpivot": ("from (unpivot u on id, k into name n value z)", "pivot"),
    "columns by a pattern": ("select columns('x|k') from t", "COLUMNS"),
    "a star by a pattern": ("select * like 'x%' from t", "other columns"),
    "a natural join": ("select x from t natural join u", "natural"),
    "rows of a file": ("select count(*) as n from duckdb_tables() as f", "duckdb_tables"),
    "a table by its name": ("select x from query_table('landing.t')", "query_table"),
    "a positional join": ("select x from t positional join u", "positional"),
}
"""SQL of which nothing can be followed, and what the reason says."""
PARTLY: Mapping[str, tuple[str, str]] = {
    "a row as JSON": ("select to_json(t) as n, x from t", "whole row"),
    "a row as a struct": ("select t as n, x from t", "whole row"),
    "a row within a function": ("select md5(cast(b as varchar)) as n, x from t as b", "whole row"),
    "columns within a function": ("select greatest(*columns('x|k')) as n, x from t", "COLUMNS"),
    "a variable": ("select getvariable('a') as n, x from t", "getvariable"),
    "a function without anything": ("select version() as n, x from t", "version"),
    "a macro": ("select secretly(1) as n, x from t", "secretly"),
}
"""SQL of which the column n can't be followed, and x can."""


def edges(lineage: ModelLineage, column: str) -> set[tuple[str, str]]:
    return {(e.table, e.column) for e in lineage.of(column).edges if e.column != ROWS}


@pytest.mark.parametrize("case", WHOLLY)
def test_all_columns_read_all_where_nothing_is_known(case: str) -> None:
    sql, reason = WHOLLY[case]
    lineage = lineage_of(sql)
    assert lineage.outputs
    for name, reads in lineage.outputs:
        assert edges(lineage, name) == EVERYTHING
        assert reason in reads.unknown, reads.unknown
    assert {(e.table, e.column) for e in lineage.rows.edges if e.column != ROWS} == EVERYTHING


@pytest.mark.parametrize("case", [case for case in PARTLY if case != "a macro"])
def test_one_column_reads_all_where_it_alone_is_not_known(case: str) -> None:
    sql, reason = PARTLY[case]
    lineage = lineage_of(sql)
    known = dict(lineage.outputs)
    assert reason in known["n"].unknown and edges(lineage, "n") == EVERYTHING
    assert not known["x"].unknown and edges(lineage, "x") == {("landing.t", "x")}
    assert not lineage.rows.unknown


def test_a_macro_may_read_anything() -> None:
    con = database()
    con.execute("create macro secretly(a) as (select max(v) from landing.u) + a")
    lineage = lineage_of(PARTLY["a macro"][0], con)
    assert edges(lineage, "n") == EVERYTHING
    assert "secretly" in lineage.rows.unknown


def test_a_column_that_is_not_known_decides_for_all() -> None:
    """Who filters by a whole row filters by all that is in it."""
    lineage = lineage_of("select x from t where md5(cast(t as varchar)) > 'a'")
    assert "whole row" in lineage.rows.unknown
    assert edges(lineage, "x") == EVERYTHING


def test_a_doubt_that_nobody_reads_is_none() -> None:
    lineage = lineage_of("with a as (select t as whole, x from t) select x from a")
    assert edges(lineage, "x") == {("landing.t", "x")}


CATALOG = Catalog(
    {"landing.t": list(T), "landing.u": list(U)},
    catalog(database()).functions,
)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select nope as x from landing.t", "no column nope"),
        ("select b.x from landing.t", "no column b.x"),
        ("select x from landing.nope", "landing.nope"),
        ("select x from elsewhere.landing.t", "elsewhere"),
        ("select 1 as x from landing.t where k in (select nope from landing.u)", "no column nope"),
        ("select x, k from landing.t", "other columns"),
        ("select from where", "parsed"),
        ("selec x", "one query"),
        ("select x from landing.t; select k from landing.t", "one query"),
        ("drop table landing.t", "one query"),
    ],
)
def test_wrong_sql_is_closed(sql: str, reason: str) -> None:
    """Of SQL that DuckDB took, such a finding is a mistake of ours; it must let nothing out."""
    lineage = from_sql("segments.made", ["x"], sql, ["landing.t", "landing.u"], CATALOG)
    assert reason in lineage.rows.unknown
    assert edges(lineage, "x") == EVERYTHING


def test_an_input_that_only_dbt_knows_of_is_among_all() -> None:
    lineage = from_sql(
        "segments.made", ["x"], "select nope as x from landing.t", ["landing.u"], CATALOG
    )
    assert edges(lineage, "x") == EVERYTHING


def test_a_python_model_reads_what_its_yaml_says() -> None:
    said = {"score": ["landing.t.x", "landing.u.v"], "*": ["landing.t.id"]}
    lineage = declared("value.made", ["score", "other"], said, ["landing.t", "landing.u"], CATALOG)
    known = dict(lineage.outputs)
    assert not known["score"].unknown and not lineage.rows.unknown
    assert edges(lineage, "score") == {("landing.t", "x"), ("landing.u", "v"), ("landing.t", "id")}
    assert "does not say" in known["other"].unknown
    assert edges(lineage, "other") == EVERYTHING


def test_a_python_model_that_says_what_is_not_there_is_closed() -> None:
    said = {"score": ["landing.t.nope"], "*": []}
    lineage = declared("value.made", ["score"], said, ["landing.t", "landing.u"], CATALOG)
    assert "landing.t.nope" in dict(lineage.outputs)["score"].unknown
    assert edges(lineage, "score") == EVERYTHING
