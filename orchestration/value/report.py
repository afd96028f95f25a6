"""What the last backtest found, for people and scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from rich.table import Table

from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.warehouse import connect_reader, rows

LABELS: Mapping[str, str] = {
    "nbd_gamma_gamma": "NBD × GG",
    "bg_nbd_gamma_gamma": "BG/NBD × GG",
    "mbg_nbd_gamma_gamma": "MBG/NBD × GG",
    "pareto_nbd_gamma_gamma": "Pareto/NBD × GG",
    "past_revenue": "past revenue",
    "past_frequency": "past frequency",
    "recency": "recency",
    "baseline": "baseline",
    "historical_net_revenue": "historical net revenue",
}
GRADES: Mapping[str, str] = {
    "A": "finds at least 5 points more of the high-value customers than the baseline",
    "B": "finds as many of the high-value customers as the baseline, or up to 5 points more",
    "C": "finds fewer of the high-value customers than the baseline",
}
Report = dict[str, Any]


def read_report(settings: Settings) -> Report:
    """The report over the warehouse as the last run left it.

    Raises:
        UserError: there is no run yet, or one is writing.
    """
    with connect_reader(
        settings,
        "value.clv_backtest",
        "Lifetime value has not been backtested yet. Run `c360 run` first.",
    ) as con:
        return collect(con)


def collect(con: duckdb.DuckDBPyConnection) -> Report:
    """The report of the version in use.

    Parameters:
        con: a connection to the warehouse.

    Returns:
        version, dates, champion (None when nothing is predicted), grade, reason, candidates (best
        first), deciles and lift per candidate, parameters, and what is predicted.
    """
    candidates = rows(
        con,
        "select * from value.clv_backtest "
        "where version in (select version from value.clv_parameters) "
        "order by is_champion desc, status = 'usable' desc, top_decile_share desc nulls last, "
        "model",
    )
    for candidate in candidates:
        candidate["label"] = LABELS.get(candidate["model"], candidate["model"])
    champion = next((c for c in candidates if c["is_champion"]), None)
    deciles = rows(
        con,
        "select model, decile, customer_count, predicted_amount, actual_amount, "
        "lower_ratio, upper_ratio from value.clv_calibration order by model, decile",
    )
    [predicted] = rows(
        con,
        "select count(predicted_clv_amount) as customers, sum(predicted_clv_amount) as amount, "
        "count(*) filter (where is_high_value) as high_value_customers, "
        "sum(historical_clv_amount) as historical_amount, count(*) as all_customers, "
        "max(currency) as currency, max(horizon_months) as horizon_months "
        "from value.customer_lifetime_value",
    )
    first = candidates[0] if candidates else {}
    return {
        "version": first.get("version"),
        "refreshed_at": first.get("refreshed_at"),
        "calibrated_until_on": first.get("calibrated_until_on"),
        "evaluated_until_on": first.get("evaluated_until_on"),
        "champion": champion["model"] if champion else None,
        "champion_label": champion["label"] if champion else LABELS["historical_net_revenue"],
        "grade": champion["grade"] if champion else None,
        "reason": None if champion else _why_nothing(candidates),
        "candidates": candidates,
        "deciles": [d for d in deciles if champion and d["model"] == champion["model"]],
        "lift": lift(deciles),
        "parameters": rows(
            con,
            "select split, model, parameter, value, lower_value, upper_value, log_likelihood, "
            "status, reason, bin_days from value.clv_parameters where split = 'refresh' "
            "order by model, parameter",
        ),
        "predicted": predicted,
    }


def lift(deciles: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Per candidate the share of the held-out spending in its best 0, 1, … 10 tenths.

    Parameters:
        deciles: rows of clv_calibration in the order of their deciles.
    """
    curves: dict[str, list[float]] = {}
    for model in dict.fromkeys(row["model"] for row in deciles):
        amounts = [float(row["actual_amount"]) for row in deciles if row["model"] == model]
        total = sum(amounts)
        if total > 0:
            curves[model] = [sum(amounts[:n]) / total for n in range(len(amounts) + 1)]
    return curves


def _why_nothing(candidates: Sequence[Mapping[str, Any]]) -> str:
    reasons = dict.fromkeys(str(c["reason"]) for c in candidates if c["reason"])
    return "; ".join(reasons) or "nobody has bought anything"


def headline(report: Report) -> str:
    """The outcome in a sentence or two."""
    if report["champion"] is None:
        return f"Nothing is predicted, only what was: {report['reason']}."
    predicted = report["predicted"]
    return (
        f"{report['champion_label']} predicts {money(predicted['amount'])} "
        f"{predicted['currency'] or ''} of {predicted['customers']:,} customers in the next "
        f"{predicted['horizon_months']} months; {predicted['high_value_customers']:,} of them are "
        "high value."
    )


def backtest_sentence(report: Report) -> str:
    """What the backtest was."""
    return (
        f"Learned until {report['calibrated_until_on']}, measured on what came until "
        f"{report['evaluated_until_on']}."
    )


def grade_sentence(report: Report) -> str:
    """The grade and what it says; empty without one."""
    grade = report["grade"]
    return f"Grade {grade}: {GRADES[grade]}." if grade else ""


def money(amount: Any) -> str:
    """An amount without cents."""
    return "–" if amount is None else f"{float(amount):,.0f}"


def share(value: Any) -> str:
    """A share in per cent."""
    return "–" if value is None else f"{100 * float(value):.1f} %"


def signed(value: Any) -> str:
    """A signed share in per cent."""
    return "–" if value is None else f"{100 * float(value):+.1f} %"


def number(value: Any) -> str:
    """A number with three digits after the point."""
    return "–" if value is None else f"{float(value):.3f}"


def candidate_cells(candidate: Mapping[str, Any]) -> list[str]:
    """A candidate's numbers as written in the table of candidates."""
    return [
        share(candidate["top_decile_share"]),
        number(candidate["spearman"]),
        signed(candidate["bias"]),
        money(candidate["rmse"]),
        share(candidate["hit_rate"]),
        candidate["grade"] or "–",
    ]


CANDIDATE_HEADS = ("top 10 %", "Spearman", "bias", "RMSE", "hits", "grade")
DECILE_HEADS = ("decile", "customers", "expected", "came", "off", "share", "so far")


def decile_cells(report: Report) -> list[list[str]]:
    """The champion's deciles as written: expected and actual amounts, and shares of the total."""
    total = sum(float(d["actual_amount"]) for d in report["deciles"])
    so_far, written = 0.0, []
    for row in report["deciles"]:
        expected, came = float(row["predicted_amount"]), float(row["actual_amount"])
        so_far += came
        written.append(
            [
                str(row["decile"]),
                f"{row['customer_count']:,}",
                money(expected),
                money(came),
                signed(expected / came - 1) if came else "–",
                share(came / total) if total else "–",
                share(so_far / total) if total else "–",
            ]
        )
    return written


def show(console: Console, report: Report) -> None:
    """Print the report; it fits into 80 columns.

    Parameters:
        console: where to.
        report: what `collect` returned.
    """
    console.print(headline(report), highlight=False)
    if report["champion"] is None:
        return
    console.print(backtest_sentence(report), highlight=False)
    console.print(grade_sentence(report), style="bold")
    candidates = Table("", *CANDIDATE_HEADS, title="Candidates", title_justify="left")
    for column in candidates.columns[1:]:
        column.justify = "right"
    for candidate in report["candidates"]:
        style = "bold" if candidate["is_champion"] else ""
        candidates.add_row(candidate["label"], *candidate_cells(candidate), style=style)
    deciles = Table(*DECILE_HEADS, title=report["champion_label"], title_justify="left")
    for column in deciles.columns:
        column.justify = "right"
    for cells in decile_cells(report):
        deciles.add_row(*cells)
    console.print(candidates)
    console.print(deciles)
    for candidate in report["candidates"]:
        if candidate["reason"]:
            console.print(
                f"{candidate['label']} is not usable: {candidate['reason']}.", highlight=False
            )
    console.print(
        "top 10 %: share of the spending that the best tenth brought. hits: share of the "
        "high-value customers found. RMSE per customer. All in the held-out months.",
        style="dim",
        highlight=False,
    )
