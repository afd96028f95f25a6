"""A statement of another dialect means in DuckDB what it means there, or is refused in words."""

from __future__ import annotations

import logging
from random import Random

import duckdb
import pytest
import sqlglot

from orchestration.dialects.translate import DIALECTS, translate
from orchestration.errors import UserError
from orchestration.query import ask
from tests.reporting_names.statements import random_statement


def answer(con: duckdb.DuckDBPyConnection, sql: str, dialect: str) -> list[str | None]:
    """The first row of a statement."""
    translated = translate(con, sql, dialect)
    return [*ask(con, translated.sql, 10, place=translated.place).rows[0]]


@pytest.mark.parametrize("rounds", [6, pytest.param(300, marks=pytest.mark.slow)])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_question_of_ours_survives_the_way_there_and_back(
    con: duckdb.DuckDBPyConnection, dialect: str, rounds: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "sqlglot")
    random = Random(f"there and back {dialect}")
    for _ in range(rounds):
        own = random_statement(random)
        there = sqlglot.transpile(own, read="duckdb", write=dialect)[0]
        expected = ask(con, own, 100)
        found = ask(con, translate(con, there, dialect).sql, 100)
        assert [n.lower() for n in found.names] == expected.names
        assert [_plain(row) for row in found.rows] == [_plain(row) for row in expected.rows], there


def _plain(row: tuple[str | None, ...]) -> list[str | float | None]:
    """Numbers are compared to nine digits, and a day at midnight is that day."""
    return [_read(value.replace(" 00:00:00", "")) if value else value for value in row]


def _read(value: str) -> str | float:
    try:
        return round(float(value), 9)
    except ValueError:
        return value


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whole_numbers_divide_as_they_do_there(
    con: duckdb.DuckDBPyConnection, dialect: str
) -> None:
    random = Random(dialect)
    cuts_off = dialect in ("redshift", "postgres", "tsql")
    for _ in range(5):
        a, b = random.randint(-99, 99), random.choice([-7, -2, 3, 8])
        sql = (
            f"select max(count_of_profiles) * {a} / (0 {b:+d}), max(n.a / {b}), "
            f"avg(n.a / {b}.0), sum(count_of_profiles) * {a} / {b}, sum(merge_policy_id * 2) / 4 "
            f"from (select * from profile_agg.adwh_fact_profile) f "
            f"cross join (select {a} as a) n "
            "where date_key = '2026-10-31' and merge_policy_id = 11"
        )
        whole, step, real, total, small = map(float, filter(None, answer(con, sql, dialect)))
        assert whole == (int(10 * a / b) if cuts_off else pytest.approx(10 * a / b))
        assert step == (int(a / b) if cuts_off else pytest.approx(a / b))
        assert real == pytest.approx(a / b)
        # These sum bigint up to a decimal, and int to a bigint.
        decimal = dialect in ("redshift", "postgres")
        assert total == (int(10 * a / b) if cuts_off and not decimal else pytest.approx(10 * a / b))
        assert small == (5 if cuts_off else 5.5)


@pytest.mark.parametrize(
    ("dialect", "expression", "value"),
    [
        ("redshift", "dateadd(day, -30 - 1, '2026-10-31')", "2026-09-30 00:00:00"),
        ("redshift", "datediff(day, '2026-10-01', '2026-10-31')", "30"),
        ("redshift", "add_months('2026-10-31', -1)", "2026-09-30 00:00:00"),
        ("redshift", "convert(date, '2026-10-31')", "2026-10-31"),
        ("redshift", "to_char(date '2026-10-31', 'YYYY-MM')", "2026-10"),
        ("redshift", "nvl(null, 2) || 'a'", "2a"),
        ("redshift", "concat('a', null)", None),
        ("redshift", "regexp_replace('banana', 'a', 'o')", "bonono"),
        ("redshift", "cast(2.5 as decimal) + '1'::decimal(9, 2)", "4.00"),
        ("redshift", "cast('x' as varchar(max))", "x"),
        ("redshift", "coalesce(date '2026-10-31', 'never')", "2026-10-31"),
        ("redshift", "case when 1 = 2 then 'none' else 1 + 1 end", "2"),
        ("redshift", "case when 1 = 2 then '7' else 1 + 1 end", "2"),
        ("redshift", "date '2026-10-31' between upper('2026-10-31') and 'infinity'", "true"),
        ("redshift", "getdate() >= current_date", "true"),
        ("postgres", "date '2026-10-31' - interval '30 days'", "2026-10-01 00:00:00"),
        ("postgres", "concat('a', null)", "a"),
        ("postgres", "extract(month from date '2026-10-31')", "10"),
        ("spark", "date_add('2026-10-31', -30)", "2026-10-01 00:00:00"),
        ("spark", "datediff('2026-10-31', '2026-10-01')", "30"),
        ("spark", "add_months(date '2026-10-15', 2)", "2026-12-15"),
        ("spark", "to_date('31.10.2026', 'dd.MM.yyyy')", "2026-10-31"),
        ("spark", "1 / 0", None),
        ("spark", "size(array(1, 2)) + cast(2.4 as decimal)", "4"),
        ("databricks", "date_trunc('month', date '2026-10-31')", "2026-10-01 00:00:00"),
        ("snowflake", "iff(1 > 2, 'a', 'b') || to_date('2026-10-31')", "b2026-10-31"),
        ("snowflake", "datediff(month, '2026-08-31'::date, '2026-10-01'::date)", "2"),
        ("bigquery", "date_add(date '2026-10-31', interval 1 day)", "2026-11-01 00:00:00"),
        ("bigquery", "safe_divide(1, 0)", None),
        ("tsql", "'a' + isnull(null, 'b')", "ab"),
        ("tsql", "dateadd(month, 1, cast('2026-01-31' as date))", "2026-02-28 00:00:00"),
        ("tsql", "len('abc') / 2", "1"),
        ("tsql", "'a' + cast(7 / 2 / (5 / 2) as varchar(max)) + 'b'", "a1b"),
        ("tsql", "cast(0.1 as float)", "0.1"),
        ("snowflake", "cast(16777217 as float) + 0.25", "16777217.25"),
        ("postgres", "8 - 7 / 2 * 2 + 1 % 2", "3"),
        ("redshift", "case when 1 = 1 then 7 / 2 else 9 end / 2", "1"),
        ("redshift", "datediff(day, '2026-10-01', '2026-10-31') / 7", "4"),
        ("postgres", "9007199254740993 / 1", "9007199254740993"),
        ("redshift", "(select b from (select 7 as a, a / 2 as b) t)", "3"),
    ],
)
def test_an_expression_has_the_value_that_it_has_there(
    con: duckdb.DuckDBPyConnection, dialect: str, expression: str, value: str | None
) -> None:
    assert answer(con, f"select {expression} as x", dialect) == [value]


def test_names_are_shown_as_they_are_written(con: duckdb.DuckDBPyConnection) -> None:
    sql = 'SELECT COUNT_OF_single_identity_profiles, 1 AS "Mixed Case" FROM adwh_fact_profile'
    names = ask(con, translate(con, sql, "redshift").sql, 1).names
    assert names == ["count_of_Single_Identity_profiles", "Mixed Case"]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select *\n from adwh_fact_profil", r"^Line 2, column 7: .*Nearest: adwh_fact_profile"),
        ("select * from other.adwh_fact_profile", r"no table other\.adwh_fact_profile"),
        ("with a as (select 1 as x) select * from a, b", "Line 1, column 44: there is no table b"),
        ("select\n stdefp(1)", r"stdefp does not exist! Did you mean .* \(line 2, column 2\)"),
        ("select count_of_profils from adwh_fact_profile", r"profils.*count_of_profiles.*column 8"),
        ("select f.nope from adwh_fact_profile f", r'"nope" \(line 1, column 10\)|nope.*column 10'),
        ("select a b c from d", "Line 1, column 12: that can't be read as redshift"),
        ("select 'open", "a quote or bracket may be open"),
        ("select 1; select 2", "These are 2 statements"),
        ("select own_function(1) / 2", r"OWN_FUNCTION\(1\) / 2 can't be told"),
        ("select " + "(" * 101 + "1" + ")" * 101, "Line 1: more than 100 brackets"),
        ("select 1" + " + 1" * 30_000, "characters, and 100,000"),
        (" ; -- nothing", "There is no statement"),
        ("create table x as select 1", "create is no question"),
        ("delete from adwh_dim_date", "delete is no question"),
        ("insert into adwh_dim_date select current_date", "insert is no question"),
        ("select * from adwh_dim_date where date_key > '$START'", r"\$START where values"),
        ("select ${a}, $ {b} from adwh_dim_date", r"\$\{a\}, \$ \{b\} where values"),
        ("select 1 where 1 in ($a)", r"\$a where values"),
        ("select * from read_csv('/etc/passwd')", "disabled|read_csv"),
        ("select to_date('x', 'YYYY')", "x"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    con: duckdb.DuckDBPyConnection, sql: str, says: str
) -> None:
    with pytest.raises(UserError, match=says) as told:
        translated = translate(con, sql, "redshift")
        ask(con, translated.sql, 10, place=translated.place)
    assert "sqlglot" not in str(told.value) and "\n" not in str(told.value)


def test_a_dialect_that_is_not_read_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UserError, match="--dialect cobol is unknown"):
        translate(con, "select 1", "cobol")
