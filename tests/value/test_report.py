"""The report, its page and what Dagster shows, over a company that has been through the chain."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.value.charts import actual_and_predicted, as_markdown, lift_curves
from orchestration.value.report import collect, read_report
from orchestration.value.report_page import asset_metadata, page
from orchestration.value.report_text import grade_sentence, headline, money
from tests.conftest import Company, settings_in


@pytest.fixture(scope="module")
def report(finished_company: Company) -> dict[str, Any]:
    with finished_company.warehouse() as con:
        return collect(con)


def test_the_report_fits_a_terminal_and_names_what_is_published(
    finished_company: Company, report: dict[str, Any]
) -> None:
    environment = {**finished_company.environment, "COLUMNS": "80"}
    shown = Company(finished_company.settings).c360("value", "report").stdout
    assert report["champion_label"] in shown and "held-out months" in shown
    narrow = _run(finished_company, environment)
    assert max(map(len, narrow.splitlines())) <= 80
    for candidate in report["candidates"]:
        assert candidate["label"] in narrow
    with finished_company.warehouse() as con:
        methods = con.execute(
            "select distinct method from value.customer_lifetime_value "
            "where method <> 'historical_net_revenue'"
        ).fetchall()
    assert methods == [(report["champion"],)]


def _run(company: Company, environment: dict[str, str]) -> str:
    import subprocess
    import sys

    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "value", "report"],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_json_and_page(finished_company: Company, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    result = finished_company.c360("value", "report", "--json", "--html", str(file))
    found = json.loads(result.stdout)
    assert found["grade"] in ("A", "B", "C", "D") and len(found["deciles"]) == 10
    assert all(isinstance(d["actual_amount"], float) for d in found["deciles"])
    assert {p["split"] for p in found["parameters"]} == {"calibration", "refresh"}
    assert found["backtests"] and len(found["backtests"]) == len(
        {b["split"] for b in found["backtests"]}
    )
    assert len(found["lift"]) == sum(c["customer_count"] is not None for c in found["candidates"])
    html = file.read_text()
    assert html.count("<svg") == 2 and "prefers-color-scheme: dark" in html
    assert html.count("<path ") == len(found["lift"]) + 1, "a curve of each candidate, and chance"
    unusable = [c["label"] for c in found["candidates"] if c["reason"]]
    assert unusable and all(f"{label} is not usable" in html for label in unusable)
    assert html.count('class="used"') == 1 and "<h2>Parameters</h2>" in html
    # Nothing is fetched: no address but the SVG's name of its language.
    assert set(re.findall(r"https?://[^\"' )]+", html)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\bp[0-9a-f]{16}\b", html)


def test_a_page_that_cannot_be_written_is_told_in_a_sentence(finished_company: Company) -> None:
    result = finished_company.c360("value", "report", "--html", "/nowhere/at/all.html")
    assert result.returncode == 2 and "can't be written" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_run_there_is_a_remedy(tmp_path: Path) -> None:
    result = Company(settings_in(tmp_path / "data")).c360("value", "report")
    assert result.returncode == 3 and "c360 run" in result.stderr


def test_without_a_backtest_there_is_a_remedy(tmp_path: Path) -> None:
    """As after a run that ended before it."""
    settings = settings_in(tmp_path / "data")
    settings.data_dir.mkdir()
    duckdb.connect(str(settings.warehouse_path)).close()
    with pytest.raises(UserError, match=r"not been backtested yet\. Run `c360 run` first"):
        read_report(settings)


def test_deciles_add_up_to_the_backtest(report: dict[str, Any]) -> None:
    champion = report["candidates"][0]
    assert champion["is_champion"]
    for column in ("predicted_amount", "actual_amount"):
        assert sum(d[column] for d in report["deciles"]) == champion[column]
    assert sum(d["customer_count"] for d in report["deciles"]) == champion["customer_count"]
    curve = report["lift"][report["champion"]]
    assert curve[0] == 0 and curve[-1] == pytest.approx(1)
    assert curve[1] == pytest.approx(champion["top_decile_share"])


def test_dagster_shows_parameters_grade_and_charts(report: dict[str, Any]) -> None:
    shown = asset_metadata(report)
    assert "| refresh | bg_nbd | r |" in shown["clv_parameters"]["parameters"]
    assert f"Grade {report['grade']}" in shown["clv_backtest"]["grade"]
    champion = report["candidates"][0]
    for name in ("bias", "measured coverage", "claimed coverage", "top decile share"):
        assert shown["clv_backtest"][name] == champion[name.replace(" ", "_")], name
    assert "data:image/svg+xml;base64," in shown["clv_backtest"]["lift by decile"]
    assert "data:image/svg+xml;base64," in shown["clv_calibration"]["actual against predicted"]


def test_a_report_without_a_prediction_says_why(finished_company: Company) -> None:
    """As after a first run over a month of orders."""
    said = {
        "clv_backtest": "false as is_champion, 'too_little_data' as status, '31 days' as reason",
        "clv_parameters": "'too_little_data' as status",
        "customer_lifetime_value": "null as predicted_clv_amount",
    }
    with duckdb.connect() as con:
        con.execute(f"attach '{finished_company.settings.warehouse_path}' as run (read_only)")
        con.execute("create schema value")
        for table in (*said, "clv_calibration", "clv_coverage", "clv_cutoffs"):
            other = f"replace ({said[table]})" if table in said else ""
            con.execute(f"create view value.{table} as select * {other} from run.value.{table}")
        nothing = collect(con)
    assert nothing["champion"] is nothing["grade"] is None and nothing["deciles"] == []
    text = page(nothing)
    assert "only what was: 31 days." in text and "<table" not in text
    assert asset_metadata(nothing)["clv_backtest"]["outcome"].endswith("only what was: 31 days.")


def test_charts_of_awkward_amounts() -> None:
    rows: list[dict[str, float]] = [
        {"decile": 1, "predicted_amount": 0, "actual_amount": -5},
        {"decile": 2, "predicted_amount": 1e15, "actual_amount": 3},
    ]
    assert "nan" not in actual_and_predicted(rows) and "inf" not in actual_and_predicted(rows)
    assert "best first, logarithmic" in actual_and_predicted(rows)
    nothing = actual_and_predicted([])
    assert nothing.startswith("<svg") and "logarithmic" not in nothing
    assert "&lt;b&gt;" in lift_curves({"<b>": [0.0, 1.0]}, {})
    cents = actual_and_predicted([{"decile": 1, "predicted_amount": 2, "actual_amount": 3}])
    whole = actual_and_predicted([{"decile": 1, "predicted_amount": 2, "actual_amount": 39}])
    assert ">1.00<" in cents and ">3.00<" in cents and ">10<" in whole and ">40<" in whole
    curves = lift_curves({"best": [0.0, 1.0], "other": [0.0, 1.0]}, {})
    assert curves.count('class="a used"') == 1 and 'class="b used"' not in curves
    assert as_markdown("<svg/>", "x").startswith("![x](data:image/svg+xml;base64,")


def test_bars_that_differ_by_more_than_a_hundred_are_logarithmic() -> None:
    def bars(*amounts: float) -> list[float]:
        svg = actual_and_predicted(
            [{"decile": 1, "predicted_amount": a, "actual_amount": a} for a in amounts]
        )
        return [float(h) for h in re.findall(r'width="[\d.]+" height="([\d.]+)"/>', svg)][1::2]

    small, middle, large = bars(1, 1000, 1_000_000)[-3:]
    assert small > 0 and middle == pytest.approx((small + large) / 2, rel=0.01)
    nothing, smallest, _ = bars(0, 10, 1_000_000)[-3:]
    assert nothing == 0 and smallest > 0
    small, large = bars(50, 100)[-2:]
    assert small == pytest.approx(large / 2, rel=0.01)
    hundred, more = bars(1, 100), bars(1, 101)
    assert hundred[-2] == pytest.approx(hundred[-1] / 100, abs=0.1) and more[-2] > more[-1] / 5
    assert bars(-50, 100)[-2:] == [0, large]


def test_the_sentences_say_bias_chance_and_coverage(report: dict[str, Any]) -> None:
    champion = {
        **report["candidates"][0], "bias": -0.45, "is_better_than_chance": False,
        "coverage_holds": False, "correction": 1, "lowest_bias": -0.45, "highest_bias": 0.2,
    }  # fmt: skip
    bad = {**report, "grade": "D", "candidates": [champion, *report["candidates"][1:]]}
    bad["backtests"] = 4 * report["backtests"][:1]
    assert "45.0 % too low in total; its 4 backtests range from -45.0 % to +20.0 %" in headline(bad)
    once = {**bad, "backtests": bad["backtests"][:1]}
    assert headline(once).endswith("45.0 % too low in total.")
    assert "not surely better than the 10 % of chance" in grade_sentence(bad)
    assert "none are published" in grade_sentence(bad) and "no better than chance" in page(bad)


def test_small_amounts_keep_their_cents() -> None:
    assert (money(0.4), money(99.994), money(1234.5), money(None)) == (
        "0.40",
        "99.99",
        "1,234",
        "–",
    )
