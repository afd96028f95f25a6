"""The report as one page that needs no network, and as metadata of Dagster's assets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from orchestration.value import charts
from orchestration.value.report import LABELS, Report
from orchestration.value.report_text import (
    BACKTEST_HEADS,
    CANDIDATE_HEADS,
    DECILE_HEADS,
    NOTE,
    PARAMETER_HEADS,
    backtest_cells,
    backtest_sentence,
    candidate_cells,
    decile_cells,
    grade_sentence,
    headline,
    parameter_cells,
)

TEMPLATES = Path(__file__).parent / "templates"


def page(report: Report) -> str:
    """The report as HTML; charts are part of it.

    Parameters:
        report: what `report.collect` returned.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), trim_blocks=True
    )
    return environment.get_template("report.html").render(
        report=report,
        headline=headline(report),
        backtest=backtest_sentence(report) if report["champion"] else "",
        note=NOTE,
        grade=grade_sentence(report),
        currency=report["predicted"]["currency"] or "",
        bars=charts.actual_and_predicted(report["deciles"]),
        lift=charts.lift_curves(ordered_curves(report), LABELS),
        candidate_heads=CANDIDATE_HEADS,
        candidates=[(c, candidate_cells(c)) for c in report["candidates"]],
        decile_heads=DECILE_HEADS,
        deciles=decile_cells(report),
        backtest_heads=BACKTEST_HEADS,
        backtests=backtest_cells(report),
        parameter_heads=PARAMETER_HEADS,
        parameters=_parameters(report),
    )


def ordered_curves(report: Report) -> dict[str, list[float]]:
    """The lift of all candidates, the champion's first."""
    return {
        c["model"]: report["lift"][c["model"]]
        for c in report["candidates"]
        if c["model"] in report["lift"]
    }


def asset_metadata(report: Report) -> dict[str, dict[str, Any]]:
    """Metadata by model: parameters, grades and charts, as Markdown texts and numbers.

    Parameters:
        report: what `report.collect` returned.
    """
    shown: dict[str, dict[str, Any]] = {
        "clv_parameters": {
            "parameters": _table(
                PARAMETER_HEADS,
                _parameters(report),
            )
        },
        "clv_backtest": {
            "outcome": headline(report),
            "candidates": _table(
                ("candidate", *CANDIDATE_HEADS),
                [[c["label"], *candidate_cells(c)] for c in report["candidates"]],
            ),
        },
        "customer_lifetime_value": {"method": report["champion_label"]},
    }
    if report["champion"]:
        champion = report["candidates"][0]
        shown["clv_backtest"] |= {
            "grade": grade_sentence(report),
            "bias": champion["bias"],
            "measured coverage": champion["measured_coverage"],
            "claimed coverage": champion["claimed_coverage"],
            "top decile share": champion["top_decile_share"],
            "lift by decile": charts.as_markdown(
                charts.lift_curves(ordered_curves(report), LABELS), "lift by decile"
            ),
        }
        shown["clv_calibration"] = {
            "deciles": _table(DECILE_HEADS, decile_cells(report)),
            "actual against predicted": charts.as_markdown(
                charts.actual_and_predicted(report["deciles"]), "actual against predicted"
            ),
        }
    return shown


def _parameters(report: Report) -> list[list[str]]:
    """Parameters as written; none where nothing was tried, which the headline says."""
    tried = [row for row in report["parameters"] if row["status"] != "too_little_data"]
    return [parameter_cells(row) for row in tried]


def _table(heads: Any, cells: Any) -> str:
    lines = [list(heads), ["---"] * len(heads), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
