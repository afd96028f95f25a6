"""The report as one page that needs no network, and as metadata of Dagster's assets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from orchestration.value import charts
from orchestration.value.report import (
    CANDIDATE_HEADS,
    DECILE_HEADS,
    LABELS,
    Report,
    backtest_sentence,
    candidate_cells,
    decile_cells,
    grade_sentence,
    headline,
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
        backtest=backtest_sentence(report),
        grade=grade_sentence(report),
        currency=report["predicted"]["currency"] or "",
        bars=charts.actual_and_predicted(report["deciles"]),
        lift=charts.lift_curves(shown_curves(report), LABELS),
        candidate_heads=CANDIDATE_HEADS,
        candidates=[(c, candidate_cells(c)) for c in report["candidates"]],
        decile_heads=DECILE_HEADS,
        deciles=decile_cells(report),
        parameters=[parameter_cells(row) for row in report["parameters"]],
    )


def shown_curves(report: Report) -> dict[str, list[float]]:
    """The champion's lift beside that of the baseline and of past revenue, or of the next best."""
    order = [
        report["champion"], "baseline", "past_revenue",
        *(c["model"] for c in report["candidates"]),
    ]  # fmt: skip
    return {m: report["lift"][m] for m in dict.fromkeys(order) if m in report["lift"]}


def parameter_cells(row: Mapping[str, Any]) -> list[str]:
    """A parameter as written: model, name, estimate, interval, log likelihood, status."""

    def short(value: Any) -> str:
        return "–" if value is None else f"{value:,.4g}"

    interval = "–"
    if row["lower_value"] is not None:
        interval = f"{short(row['lower_value'])} to {short(row['upper_value'])}"
    likelihood = row["log_likelihood"]
    return [
        row["model"],
        row["parameter"],
        short(row["value"]),
        interval,
        "–" if likelihood is None else f"{likelihood:,.1f}",
        row["status"] + (f": {row['reason']}" if row["reason"] else ""),
    ]


def asset_metadata(report: Report) -> dict[str, dict[str, Any]]:
    """Metadata by model: parameters, grades and charts, as Markdown texts and numbers.

    Parameters:
        report: what `report.collect` returned.
    """
    shown: dict[str, dict[str, Any]] = {
        "clv_parameters": {
            "parameters": _table(
                ("model", "parameter", "estimate", "95 % interval", "log likelihood", "status"),
                [parameter_cells(row) for row in report["parameters"]],
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
            "top decile share": champion["top_decile_share"],
            "lift by decile": charts.as_markdown(
                charts.lift_curves(shown_curves(report), LABELS), "lift by decile"
            ),
        }
        shown["clv_calibration"] = {
            "deciles": _table(DECILE_HEADS, decile_cells(report)),
            "actual against predicted": charts.as_markdown(
                charts.actual_and_predicted(report["deciles"]), "actual against predicted"
            ),
        }
    return shown


def _table(heads: Any, cells: Any) -> str:
    lines = [list(heads), ["---"] * len(heads), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
