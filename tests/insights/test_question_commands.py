"""`c360 question`: what it prints and writes, and what it refuses with which words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import UserError
from orchestration.query import ask
from orchestration.questions.files import QUESTIONS_DIR, names, question_of, read_question
from orchestration.settings import Settings
from orchestration.warehouse import connect_published

HEADER = "-- {title: T, question: 'Q?', grain: G, chart: none}\n"


@pytest.fixture(autouse=True)
def _here(ten: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C360_DATA_DIR", str(ten.data_dir))


def said(*arguments: str) -> str:
    """The standard output of a call that must succeed."""
    result = CliRunner().invoke(app, ["question", *arguments])
    assert result.exit_code == 0, result.exception
    return result.stdout


def refused(*arguments: str) -> str:
    """What is told of a call that must be refused with exit code 2."""
    result = CliRunner().invoke(app, ["question", *arguments])
    assert isinstance(result.exception, UserError)
    assert result.exception.exit_code == 2
    return str(result.exception)


def test_list_has_every_question_and_every_metric() -> None:
    listed = json.loads(said("list", "--json"))
    assert {q["name"] for q in listed} >= {*names(), "metric:net_revenue", "metric:profiles"}
    [trend] = [q for q in listed if q["name"] == "profile_count_trend"]
    assert trend["parameters"]["days"]["default"] == 30
    [metric] = [q for q in listed if q["name"] == "metric:net_revenue"]
    assert set(metric["parameters"]) == {"by", "grain", "from_on", "until_on", "currency"}
    assert "segment_growth" in said("list")


def test_show_prints_the_file_as_it_is_or_with_literals() -> None:
    text = (QUESTIONS_DIR / "segment_trend.sql").read_text()
    assert said("show", "segment_trend") == text
    shown = said("show", "segment_trend", "--param", "segment=vip", "--dialect", "bigquery")
    assert "CAST('vip' AS STRING)" in shown and "getvariable" not in shown
    assert "date_trunc" in said("show", "metric:profiles", "--param", "grain=month")


def test_formats_say_the_same(ten: Settings, tmp_path: Path) -> None:
    call = ["run", "segment_growth", "--param", "days=30"]
    rows = json.loads(said(*call, "--format", "json"))
    assert rows[0]["title"] == "News" and rows[0]["entered_count"] == 2
    for ending in ("csv", "json", "parquet"):
        said(*call, "--output", str(tmp_path / f"rows.{ending}"))
        path = tmp_path / f"rows.{ending}"
        assert path.stat().st_mode & 0o777 == 0o600
        reader = {"csv": "read_csv", "json": "read_json", "parquet": "read_parquet"}[ending]
        found = duckdb.execute(f"select title, entered_count from {reader}('{path}')").fetchall()
        assert found == [(row["title"], row["entered_count"]) for row in rows]
    with connect_published(ten) as con:
        kinds = ask(con, read_question("segment_growth").sql, 1).types
    written = duckdb.execute(f"describe from '{tmp_path / 'rows.parquet'}'").fetchall()
    assert [row[1] for row in written] == kinds


def test_a_limit_is_told_and_holds_for_files(tmp_path: Path) -> None:
    target = tmp_path / "two.parquet"
    call = ["question", "run", "segment_sizes", "--limit", "2", "--output", str(target)]
    result = CliRunner().invoke(app, call)
    assert "Only the first 2 rows" in result.stderr
    assert duckdb.execute(f"select count(*) from '{target}'").fetchall() == [(2,)]
    assert "--replace" in refused(*call[1:])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "segment_sise"], ["no question segment_sise", "segment_size", "question list"]),
        (["run", "../secrets"], ["no question", "question list"]),
        (["run", "metric:x"], ["no metric x", "net_revenue"]),
        (["run", "metric:profiles", "--param", "by=city"], ["not known by city", "merge_policy"]),
        (["run", "metric:profiles", "--param", "grain=hour"], ["no grain hour", "day, week"]),
        (["run", "metric:net_revenue", "--param", "grain=week"], ["no grain week", "month"]),
        (["run", "metric:profiles", "--param", "by=x", "--param", "by=y"], ["by is given twice"]),
        (["run", "metric:profiles", "--param", "from_on=1.2.26"], ["from_on", "2026-10-31"]),
        (["run", "profile_count_trend", "--param", "days"], ["--param days has no `=`"]),
        (["run", "profile_count_trend", "--param", "weeks=3"], ["no parameter weeks", "days"]),
        (["run", "profile_count_trend", "--param", "days=ten"], ["days=ten", "whole number"]),
        (["run", "profile_count_trend", "--param", "days=99999999999999999999"], ["whole number"]),
        (["run", "profile_count_trend", "--param", "days=1", "--param", "days=2"], ["twice"]),
        (["run", "segment_size", "--param", "segment=x'; --"], ["no segment", "vip"]),
        (["run", "segment_overlap", "--param", "most_or_least=few"], ["most, least"]),
        (["run", "as_of", "--format", "xml"], ["xml", "parquet"]),
        (["run", "as_of", "--format", "parquet"], ["--output"]),
        (["run", "as_of", "--output", "rows.xlsx"], ["rows.xlsx", ".csv"]),
        (["run", "as_of", "--output", "/nowhere/rows.csv"], ["/nowhere"]),
        (["show", "as_of", "--dialect", "oracle"], ["oracle", "snowflake"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(arguments: list[str], words: list[str]) -> None:
    told = refused(*arguments)
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select 1", ["no header", "title"]),
        ("-- a comment\nselect 1", ["no header"]),
        ("-- title: [\nselect 1", ["not valid YAML"]),
        ("-- title: T\n-- question: What\nselect 1", ["question mark", "grain", "chart"]),
        (HEADER.replace("chart", "drawing") + "select 1", ["chart", "drawing"]),
        (HEADER + "select getvariable('day')", ["getvariable('day')", "does not declare"]),
        (HEADER.replace("}", ", parameters: {d: {type: date, about: A}}}") + "select 1",
         ["parameters.d", "never reads"]),
        (HEADER.replace("}", ", parameters: {d: {type: day}}}") + "select getvariable('d')",
         ["parameters.d.type", "parameters.d.about"]),
    ],
)  # fmt: skip
def test_a_header_that_is_none_says_every_fault(text: str, words: list[str]) -> None:
    with pytest.raises(UserError) as told:
        question_of("q", text, "q.sql")
    assert all(word in str(told.value) for word in ["q.sql", "docs/questions.md", *words])


def test_options_are_questions_and_defaults_are_what_the_select_says() -> None:
    for name in names():
        question = read_question(name)
        for key, parameter in question.header.parameters.items():
            if isinstance(parameter.options, str):
                assert parameter.options in names(), (name, key)
            if parameter.default is not None:
                default = parameter.default
                word = f"'{default}'" if parameter.type == "text" else str(default)
                said_in_sql = rf"getvariable\('{key}'\)( as \w+\))?, {re.escape(word)}\)"
                assert re.search(said_in_sql, question.sql), (name, key)
