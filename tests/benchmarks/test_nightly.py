"""The benchmark of a night: its clock, its costs by step, its comparison; all of it in small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from benchmarks import harness, nightly
from benchmarks.harness import Measurement
from benchmarks.later_clock import clock_library, environment_on
from benchmarks.layer_costs import AFTER, BEFORE, Sample, Sampler, step_costs
from benchmarks.nightly import EDITS, differing_tables, fingerprints
from orchestration import cli
from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company, settings_in

TELL_THE_DAY = """
import time, duckdb, threading
from datetime import UTC, datetime
began = time.monotonic()
threading.Event().wait(0.1)
[(today,)] = duckdb.sql("select current_date").fetchall()
print(datetime.now(UTC).date(), today, time.monotonic() - began < 30)
"""


@pytest.mark.parametrize("days", [0, 1])
def test_python_and_duckdb_are_on_the_later_day_and_waits_end(tmp_path: Path, days: int) -> None:
    library = clock_library(tmp_path)
    if library is None:
        pytest.skip("there is no C compiler on this machine")
    environment = {**os.environ, **environment_on(library, days)}
    before = datetime.now(UTC).date()
    told = subprocess.run(
        [sys.executable, "-c", TELL_THE_DAY],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split()  # fmt: skip
    after = datetime.now(UTC).date()
    assert before <= date.fromisoformat(told[0]) - timedelta(days=days) <= after
    assert before <= date.fromisoformat(told[1]) - timedelta(days=days) <= after
    assert told[2] == "True"


def test_without_a_compiler_there_is_no_later_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert clock_library(tmp_path) is None
    assert environment_on(None, 1) == {}


def test_a_steps_cost_is_what_the_process_used_between_its_begin_and_its_end() -> None:
    samples = [Sample(100.0 + t, t / 2, 50.0 + 10 * t, 4.0 * t) for t in range(11)]
    costs = step_costs({"ingest": (102.0, 105.0), "staging": (105.0, 109.5)}, samples)
    assert costs["ingest"] == {
        "seconds": 3.0, "cpu_seconds": 1.5, "peak_megabytes": 100, "written_megabytes": 12.0,
    }  # fmt: skip
    assert costs["staging"]["cpu_seconds"] == 2.25
    assert (costs[BEFORE]["seconds"], costs[AFTER]["seconds"]) == (2.0, 0.5)
    assert sum(cost["cpu_seconds"] for cost in costs.values()) == 5.0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's counters are in /proc")
def test_a_process_is_sampled_until_it_is_gone() -> None:
    sampler = Sampler()
    code = "import time; e = time.process_time() + 0.6\nwhile time.process_time() < e: pass"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        sampler.watch(process.pid)
    assert sampler.end()[-1].cpu_seconds > 0.3


def database(path: Path, *rows: int, extra: bool = False) -> Path:
    with duckdb.connect(str(path)) as con:
        con.execute("create schema insights; create table insights.dim as select 1 as x")
        con.execute("create table insights.fact as select unnest(?::int[]) as x", [list(rows)])
        if extra:
            con.execute("create table insights.more (x int)")
    return path


def test_tables_with_other_rows_differ_and_an_order_of_rows_does_not(tmp_path: Path) -> None:
    one = fingerprints(database(tmp_path / "one.duckdb", 1, 2, 2))
    same = fingerprints(database(tmp_path / "same.duckdb", 2, 1, 2))
    fewer = fingerprints(database(tmp_path / "fewer.duckdb", 1, 2))
    other = fingerprints(database(tmp_path / "other.duckdb", 1, 1, 2, extra=True))
    assert differing_tables(one, same) == ()
    assert differing_tables(one, fewer) == ("insights.fact",)
    assert differing_tables(one, other) == ("insights.fact", "insights.more")


@pytest.mark.parametrize("what", EDITS)
def test_what_is_edited_is_in_the_project_once(what: str) -> None:
    file, before, after = EDITS[what]
    assert (PROJECT_ROOT / file).read_text().count(before) == 1
    assert before != after


def test_a_folder_with_something_in_it_is_not_worked_in(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    company = Company(settings_in(tmp_path / "data"))
    result = company.c360("bench", "nightly", "--keep", str(tmp_path))
    assert result.returncode == 2 and "not an empty folder" in result.stderr
    result = company.c360("bench", "pipeline", "--keep", str(tmp_path / "new"))
    assert result.returncode == 2 and "nightly" in result.stderr


def measured(name: str, seconds: float, *differing: str) -> Measurement:
    steps = {"ingest": {"seconds": seconds / 2, "cpu_seconds": seconds / 4}}
    output = {"warehouse_mb": 7.0, "steps": steps}
    return Measurement(name, seconds, seconds, 500.0, output, 90.0, differing)


def test_a_difference_is_shown_kept_and_ends_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left_out = Measurement("no news, next day", 0.0, 0.0, 0.0, {"left out": "no compiler"})
    runs = [measured("news", 10.0), left_out, measured("full", 40.0, "insights.fact")]
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    monkeypatch.setattr(nightly, "run", lambda *_, **__: nightly.with_ratios(runs))
    with pytest.raises(UserError, match=r"insights\.fact") as error:
        cli.bench("nightly", 100, 1, None, as_json=True)
    assert error.value.exit_code == 1
    said = capsys.readouterr()
    shown = " ".join(said.err.split())
    assert "1 news 10.0 0.250 10.0 0.250 500 90 7" in shown
    assert "2 no news, next day left out" in shown and "no compiler" in shown
    assert "ingest 5.0 20.0" in shown and "ingest 2.5 10.0" in shown
    assert "other after the full run than before it: insights.fact" in shown
    kept = json.loads((tmp_path / "nightly_100.json").read_text())
    assert kept == json.loads(said.out) and kept["differing"] == ["insights.fact"]


@pytest.mark.slow
def test_a_night_in_small(tmp_path: Path) -> None:
    company = Company(settings_in(tmp_path / "data"))
    arguments = ("--customers", "2000", "--keep", str(tmp_path / "night"), "--json")
    result = company.c360("bench", "nightly", *arguments, timeout=3600)
    assert result.returncode == 0, result.stderr
    assert "Published tables are the same" in " ".join(result.stderr.split())
    found = json.loads(result.stdout)
    assert found["differing"] == []
    runs = {row["name"]: row for row in found["measurements"]}
    assert len(runs) == 9
    for name, row in runs.items():
        if "left out" in row["output"]:
            continue
        assert row["wall_seconds"] > 1 and row["cpu_seconds"] > 1, name
        assert row["peak_megabytes"] > 100 and row["output"]["warehouse_mb"] > 1, name
        assert {"staging", "identity", "publish"} <= row["output"]["steps"].keys(), name
    news = runs["one per cent of news"]["output"]
    assert all(kinds["new"] for kinds in news["delivered"].values())
    assert news["landing_rows"] > runs["no news, same day"]["output"]["landing_rows"]
    assert runs["full run again"]["output"]["cpu by full run"] == 1
