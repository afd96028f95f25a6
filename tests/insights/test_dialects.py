"""Questions in the SQL of other engines: each is parsed there, and says the same when read back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from orchestration.errors import UserError
from orchestration.questions.asking import values_of
from orchestration.questions.dialects import DIALECTS, parsed, printed
from orchestration.questions.files import names, question_of, read_question, select_of
from orchestration.settings import Settings
from orchestration.warehouse import connect_published

OTHERS = [dialect for dialect in DIALECTS if dialect != "duckdb"]


@pytest.fixture(scope="module")
def con(ten: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_published(ten) as opened:
        yield opened


@pytest.mark.parametrize("dialect", OTHERS)
def test_every_question_is_text_that_the_engine_parses(dialect: str) -> None:
    for name in names():
        text = printed(read_question(name), dialect, {})
        [tree] = sqlglot.parse(text, dialect=dialect)
        assert tree is not None
        unknown = {call.name.lower() for call in tree.find_all(exp.Anonymous)}
        assert unknown <= {"current_setting"}, (name, unknown)
        assert tree.named_selects == parsed(select_of(read_question(name).sql)).named_selects, name


def test_columns_are_of_tables_that_are_there() -> None:
    """Rewritten for an engine without `qualify`, a select may lose the table of a column."""
    for name in names():
        tree = sqlglot.parse_one(printed(read_question(name), "postgres", {}), dialect="postgres")
        for scope in traverse_scope(tree):
            lost = {c.sql() for c in scope.columns if c.table and c.table not in scope.sources}
            assert lost <= {c.sql() for c in scope.external_columns if scope.is_subquery}, name
        # What PostgreSQL lacks, and sqlglot leaves as it is.
        assert not tree.find(exp.ArgMax, exp.ArgMin), name
        assert not [group for group in tree.find_all(exp.Group) if group.args.get("all")], name


@pytest.mark.parametrize(("function", "expected"), [("min_by", 7), ("max_by", 9)])
def test_the_value_of_a_row_in_postgres(function: str, expected: int) -> None:
    """Rows without a value, without an order, or that the filter leaves out count for nothing."""
    head = "-- {title: T, question: 'Q?', grain: G, chart: none}\n"
    rows = "(values (7, 1), (9, 3), (null, 4), (8, null), (5, 0)) as t(v, o)"
    sql = f"{head}select {function}(v, o) filter (where v > 5) as v, from {rows}"
    text = select_of(printed(question_of("q", sql, "q"), "postgres", {}))
    assert "ARRAY_AGG" in text
    back = sqlglot.transpile(text, read="postgres", write="duckdb")[0]
    assert duckdb.execute(back).fetchall() == [(expected,)]


# sqlglot does not read back all that it writes for tsql (nulls last) and redshift (listagg).
@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "postgres", "spark"])
def test_what_another_engine_is_told_gives_the_same_rows(
    con: duckdb.DuckDBPyConnection, dialect: str
) -> None:
    for name in names():
        text = printed(read_question(name), dialect, {})
        back = sqlglot.transpile(text, read=dialect, write="duckdb")[0]
        assert con.execute(back).fetchall() == con.execute(read_question(name).sql).fetchall(), name


ODD = [
    "O'Neil",
    'a"b',
    "back\\slash",
    "\\'; drop table x; --",
    "line\nbreak",
    "tab\t",
    "ü€😀",
    "$$",
    "%s",
]


@pytest.mark.parametrize("dialect", OTHERS)
def test_a_value_is_one_literal_in_every_dialect(dialect: str) -> None:
    header = (
        "-- {title: T, question: 'Q?', grain: G, chart: none, "
        "parameters: {v: {type: text, about: V}}}"
    )
    question = question_of("q", f"{header}\nselect getvariable('v') as v", "q")
    for value in ODD:
        text = printed(question, dialect, values_of(question, [f"v={value}"]))
        [tree] = sqlglot.parse(select_of(text), dialect=dialect)
        assert tree is not None
        assert [x.this for x in tree.find_all(exp.Literal) if x.is_string] == [value]


def test_numbers_and_days_are_literals_of_their_type() -> None:
    head = (
        "-- {title: T, question: 'Q?', grain: G, chart: none, parameters: {n: {type: number, "
        "about: N}, d: {type: date, about: D}, i: {type: integer, about: I}}}\n"
    )
    question = question_of(
        "q", head + "select getvariable('n'), getvariable('d'), getvariable('i')", "q"
    )
    given = values_of(question, ["n=-0.5", "d=2026-02-28", "i=-7"])
    text = printed(question, "duckdb", given)
    assert duckdb.execute(text).fetchall()[0][0] == -0.5
    row: tuple[Any, ...] = duckdb.execute(text).fetchall()[0]
    assert str(row[1]) == "2026-02-28" and row[2] == -7
    assert "CAST('2026-02-28' AS DATE)" in printed(question, "postgres", given)


def test_an_unknown_dialect_is_told() -> None:
    with pytest.raises(UserError, match="--dialect oracle is unknown"):
        printed(read_question("as_of"), "oracle", {})
