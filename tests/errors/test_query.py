"""`c360 query` answers in full: no digit less, no text swallowed, valid JSON, exact CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from orchestration.answers import csv_of, json_of, show_table
from orchestration.query import Answer, ask
from orchestration.terminal import Console


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        yield con


def as_json(con: duckdb.DuckDBPyConnection, expression: str) -> object:
    answer = ask(con, f"select {expression} as x", 10, nested_as_json=True)
    text = json_of(answer.names, answer.types, answer.rows)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_float=Decimal, parse_constant=refuse)[0]["x"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("170141183460469231731687303715884105727::hugeint",
         170141183460469231731687303715884105727),
        ("340282366920938463463374607431768211455::uhugeint",
         340282366920938463463374607431768211455),
        ("9007199254740993::bigint", 9007199254740993),
        ("12345678901234567890.1230::decimal(38, 4)", Decimal("12345678901234567890.1230")),
        ("0.1::float", Decimal("0.1")),
        ("1e20::double", Decimal("1e20")),
        ("-1e-7::double", Decimal("-1e-07")),
        ("'nan'::double", "NaN"),
        ("'inf'::double", "Infinity"),
        ("'-inf'::float", "-Infinity"),
        ("null", None),
        ("''", ""),
        ("true", True),
        ("date '2026-10-31'", "2026-10-31"),
        ("'infinity'::date", "infinity"),
        ("timestamp '2026-10-31 01:02:03.4'", "2026-10-31T01:02:03.4"),
        ("timestamp_ns '2026-10-31 01:02:03.123456789'", "2026-10-31T01:02:03.123456789"),
        ("timestamptz '2026-10-31 01:02:03+02'", "2026-10-30T23:02:03+00:00"),
        ("'infinity'::timestamp", "infinity"),
        ("interval '1 month 2 days'", "1 month 2 days"),
        ("time '24:00:00'", "24:00:00"),
        ("'\\xAB'::blob", "\\xAB"),
        ("uuid '00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
        ("[1, null, 3]", [1, None, 3]),
        ("{'a': [1.10::decimal(5, 2)], 'b': 'nan'::double}", {"a": [Decimal("1.1")], "b": "NaN"}),
        ("map {1: 'a'}", {"1": "a"}),
        ("'{\"a\": 1.10}'::json", {"a": Decimal("1.10")}),
        ("chr(27) || e'\\n\"é' || chr(8238)", '\x1b\n"é\u202e'),
    ],
)  # fmt: skip
def test_json_holds_every_value(
    con: duckdb.DuckDBPyConnection, expression: str, value: object
) -> None:
    assert as_json(con, expression) == value


def test_json_of_no_rows_is_json(con: duckdb.DuckDBPyConnection) -> None:
    answer = ask(con, "select 1 as x where false", 10, nested_as_json=True)
    assert json.loads(json_of(answer.names, answer.types, answer.rows)) == []


def test_json_is_ascii_so_that_every_terminal_shows_it(con: duckdb.DuckDBPyConnection) -> None:
    answer = ask(con, "select 'é' || chr(27) || chr(155) as \"ñ\"", 10)
    assert json_of(answer.names, answer.types, answer.rows).isascii()


def test_csv_tells_null_from_the_empty_text(con: duckdb.DuckDBPyConnection) -> None:
    answer = ask(con, "select null as a, '' as b, 'x,\"y\"' as c, e'1\\n2' as d, ' e ' as e", 10)
    text = csv_of(answer.names, answer.rows)
    assert text == 'a,b,c,d,e\r\n,"","x,""y""","1\n2"," e "\r\n'
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == ["", "", 'x,"y"', "1\n2", " e "]


def test_csv_keeps_names_that_occur_twice(con: duckdb.DuckDBPyConnection) -> None:
    answer = ask(con, "select 1 as a, 2 as a", 10)
    assert csv_of(answer.names, answer.rows) == "a,a\r\n1,2\r\n"


def shown(answer: Answer, width: int, is_terminal: bool) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=is_terminal, color_system=None
    )
    show_table(console, answer.names, answer.types, answer.rows)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


LONG = "select repeat('word ', 60) || 'end' as a, 12345678901234567890.1234::decimal(38, 4) as b"


@pytest.mark.parametrize("width", [1, 20, 80])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_table_shortens_nothing(
    con: duckdb.DuckDBPyConnection, width: int, is_terminal: bool
) -> None:
    text = shown(ask(con, LONG, 10), width, is_terminal)
    assert ("word " * 60 + "end") in text and "12345678901234567890.1234" in text
    assert "…" not in text and "..." not in text


def test_a_table_that_fits_is_a_table(con: duckdb.DuckDBPyConnection) -> None:
    assert "row 1" not in shown(ask(con, "select 1 as a", 10), 80, is_terminal=True)
    assert "row 2" in shown(ask(con, f"{LONG} union all {LONG}", 10), 80, is_terminal=True)


def test_a_table_takes_no_orders_from_data(con: duckdb.DuckDBPyConnection) -> None:
    sql = (
        "select '[red]x[/]' as \"[bold]n[/]\", chr(27) || '[31m' as b, "
        "e'1\\n2\\r\\t' || chr(8238) as c"
    )
    text = shown(ask(con, sql, 10), 200, is_terminal=False)
    assert "[red]x[/]" in text and "[bold]n[/]" in text
    assert "\\x1b[31m" in text and "1\\n2\\r\\t\\u202e" in text and "\x1b" not in text


def test_null_is_not_the_empty_text_in_a_table(con: duckdb.DuckDBPyConnection) -> None:
    assert "NULL" in shown(ask(con, "select null as a, '' as b", 10), 80, is_terminal=False)


@pytest.mark.parametrize(
    "sql",
    [
        "from (values (1)) as t(a)", "values (1)", "describe select 1", "summarize select 1 as a",
        "explain select 1", "pragma version", "call duckdb_types()", "show tables",
        "pivot (select 1 as a, 2 as b) on a using sum(b)", "with t as (select 1) from t;",
        "select 1 -- and a comment", "/* first */ select 1",
    ],
)  # fmt: skip
def test_every_way_to_ask_is_answered(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert ask(con, sql, 10).names


def test_more_rows_than_asked_for_are_said(con: duckdb.DuckDBPyConnection) -> None:
    assert not ask(con, "from range(3)", 2).is_whole and ask(con, "from range(3)", 3).is_whole
    assert [row[0] for row in ask(con, "from range(5) order by 1 desc", 2).rows] == ["4", "3"]
