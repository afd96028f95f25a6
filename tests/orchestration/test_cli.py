"""The command line: helps, refuses in a sentence, ends with the right code, keeps readers safe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Company, settings_in
from tests.parsed import parsed


def test_help_of_every_command_teaches(finished_company: Company) -> None:
    shown = finished_company.c360("--help").stdout
    for command in ("demo", "run", "status", "publish", "ui", "dashboard", "query", "bench"):
        assert command in shown
    assert "closed a gate" in finished_company.c360("run", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("query", "select 1"), 3, "c360 run"),
        (("run",), 3, "c360 demo"),
        (("publish",), 3, "c360 run"),
        (("run", "--landing", "/nowhere/at/all"), 2, "not a folder"),
        (("demo", "--end-on", "31/02/2026"), 2, "not a date"),
        (("bench", "nothing"), 2, "no benchmark"),
    ],
)
def test_an_empty_installation_says_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    # What dbt parses is the project, and as it is in git.
    result = Company(parsed(settings_in(tmp_path / "data"))).c360(*arguments)
    assert result.returncode == code, result.stderr
    assert says in " ".join(result.stderr.split())
    assert "Traceback" not in result.stdout + result.stderr


def test_status_of_an_empty_installation(tmp_path: Path) -> None:
    state = json.loads(Company(settings_in(tmp_path / "data")).c360("status", "--json").stdout)
    assert state["published"] is None and state["last_run"] is None and state["running"] is None


@pytest.mark.parametrize(
    "sql",
    [
        "delete from insights.fact_profile",
        "create table insights.x as select 1",
        "copy insights.fact_profile to '/tmp/leak.csv'",
        "select * from read_text('/etc/passwd')",
        "attach '/tmp/other.duckdb'",
        "set enable_external_access = true",
        "select * from nothing_here",
        "selec",
    ],
)
def test_queries_can_only_read_the_published_model(finished_company: Company, sql: str) -> None:
    result = finished_company.c360("query", sql)
    assert result.returncode == 2
    assert "can't answer that" in result.stderr and "Traceback" not in result.stderr


def test_query_formats(finished_company: Company) -> None:
    sql = "select segment_name, profile_count from insights.fact_segment order by 1"
    rows = json.loads(finished_company.c360("query", sql, "--format", "json").stdout)
    lines = finished_company.c360("query", sql, "--format", "csv").stdout.split()
    assert rows and len(lines) == len(rows) + 1
    assert lines[1].split(",")[0] == rows[0]["segment_name"]
    short = finished_company.c360("query", sql, "--limit", "1")
    assert "first 1 rows" in short.stderr


def test_publish_again(company: Company) -> None:
    company.settings.published_path.unlink()
    assert company.c360("publish").returncode == 0
    assert company.settings.published_path.exists()
