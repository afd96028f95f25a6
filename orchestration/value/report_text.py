"""The report in sentences and cells, and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from orchestration.terminal import Console
from orchestration.value.report import Report

GRADES: Mapping[str, str] = {
    "A": "finds at least 5 points more of the high-value customers than the baseline, is off by at "
    "most 10 % in total, and its intervals hold",
    "B": "finds no fewer of the high-value customers than the baseline and is off by at most 25 % "
    "in total",
    "C": "finds fewer of the high-value customers than the baseline, or is the baseline, or is off "
    "by more than 25 % in total",
    "D": "ranks no better than chance",
}
CANDIDATE_HEADS = ("top 10 %", "Spearman", "bias", "covers", "hits", "grade")
DECILE_HEADS = ("decile", "customers", "expected", "came", "off", "share", "so far", "covered")
BACKTEST_HEADS = (
    "learned until", "measured until", "customers", "top 10 %", "Spearman", "bias", "covers",
)  # fmt: skip
PARAMETER_HEADS = (
    "learned at", "model", "parameter", "estimate", "95 % interval", "log likelihood", "status",
)  # fmt: skip
NOTE = (
    "top 10 %: share of the spending that the best tenth brought; a blind tenth brings 10 %. "
    "covers: share of the customers whose spending lay in their interval, beside what is claimed. "
    "hits: share of the high-value customers found. bias: corrected where it is stable. All at the "
    "last backtest, in the held-out months."
)


def headline(report: Report) -> str:
    """The outcome in a sentence or two."""
    if report["champion"] is None:
        return f"Nothing is predicted, only what was: {report['reason']}."
    predicted, bias = report["predicted"], report["candidates"][0]["bias"]
    return (
        f"{report['champion_label']} predicts {money(predicted['amount'])} "
        f"{predicted['currency'] or ''} of {predicted['customers']:,} customers in the next "
        f"{predicted['horizon_days']} days; {predicted['high_value_customers']:,} of them are "
        f"high value. As far ahead its last backtest was {share(abs(bias))} too "
        f"{'high' if bias > 0 else 'low'} in total{_range(report)}."
    )


def _range(report: Report) -> str:
    """The biases of all backtests, where there are several.

    They are with the correction that is published, that of the last one with what was known before
    it; so where there is a correction the last one's need not lie among them.
    """
    champion, count = report["candidates"][0], len(report["backtests"])
    if count < 2:
        return ""
    ends = f"{signed(champion['lowest_bias'])} to {signed(champion['highest_bias'])}"
    corrected = "" if champion["correction"] == 1 else "corrected as what is published, "
    return f"; {corrected}its {count} backtests range from {ends}"


def backtest_sentence(report: Report) -> str:
    """What the backtest was, of whom, and what came of purchases."""
    champion = report["candidates"][0]
    repeaters = next(
        (p["repeat_customer_count"] for p in report["parameters"] if p["split"] == "calibration"), 0
    )
    told = (
        f"Learned until {report['calibrated_until_on']}, measured on what came until "
        f"{report['evaluated_until_on']}: {champion['customer_count']:,} customers, "
        f"{repeaters:,} of all had come back before, {champion['purchase_count']:,} purchases came"
    )
    expected = champion["expected_purchase_count"]
    return told + (f" where {expected:,.0f} were expected." if expected is not None else ".")


def grade_sentence(report: Report) -> str:
    """Grade, chance, bias and coverage together; empty without a grade."""
    grade = report["grade"]
    if not grade:
        return ""
    champion = report["candidates"][0]
    better = "better than" if champion["is_better_than_chance"] else "not surely better than"
    intervals = (
        "" if champion["coverage_holds"] else "; once they did not hold, so none are published"
    )
    return (
        f"Grade {grade}: {GRADES[grade]}. Its best tenth brought {share_with_ends(champion)} of "
        f"the spending, {better} the 10 % of chance; bias {signed(champion['bias'])}; intervals "
        f"claim to cover {share(champion['claimed_coverage'])} and covered "
        f"{share(champion['measured_coverage'])}{intervals}."
    )


def money(amount: Any) -> str:
    """An amount, with cents where it is small."""
    if amount is None:
        return "–"
    return f"{float(amount):,.2f}" if abs(float(amount)) < 100 else f"{float(amount):,.0f}"


def share(value: Any) -> str:
    """A share in per cent."""
    return "–" if value is None else f"{100 * float(value):.1f} %"


def share_with_ends(candidate: Mapping[str, Any]) -> str:
    """The best tenth's share with its 95 % interval."""
    lower, upper = candidate["top_decile_share_lower"], candidate["top_decile_share_upper"]
    ends = "" if lower is None else f" ({100 * lower:.0f} to {100 * upper:.0f} %)"
    return share(candidate["top_decile_share"]) + ends


def signed(value: Any) -> str:
    """A signed share in per cent."""
    return "–" if value is None else f"{100 * float(value):+.1f} %"


def number(value: Any) -> str:
    """A number with three digits after the point."""
    return "–" if value is None else f"{float(value):.3f}"


def covered(row: Mapping[str, Any]) -> str:
    """What intervals covered beside what they claim."""
    measured, claimed = row["measured_coverage"], row["claimed_coverage"]
    return "–" if measured is None else f"{100 * measured:.0f} of {100 * claimed:.0f} %"


def candidate_cells(candidate: Mapping[str, Any]) -> list[str]:
    """A candidate's numbers as written in the table of candidates."""
    return [
        share(candidate["top_decile_share"]),
        number(candidate["spearman"]),
        signed(candidate["bias"]),
        covered(candidate),
        share(candidate["hit_rate"]),
        candidate["grade"] or "–",
    ]


def decile_cells(report: Report) -> list[list[str]]:
    """The champion's deciles as written: expected and actual amounts, shares, and coverage."""
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
                signed(expected / came - 1) if came > 0 else "–",
                share(came / total) if total > 0 else "–",
                share(so_far / total) if total > 0 else "–",
                share(row["measured_coverage"]),
            ]
        )
    return written


def backtest_cells(report: Report) -> list[list[str]]:
    """The champion in each backtest as written, not corrected for bias."""
    return [
        [
            str(row["split_on"]),
            str(row["until_on"]),
            f"{row['customer_count']:,}",
            share(row["top_decile_share"]),
            number(row["spearman"]),
            signed(row["bias"]),
            covered(row),
        ]
        for row in report["backtests"]
    ]


def parameter_cells(row: Mapping[str, Any]) -> list[str]:
    """A parameter as written: moment, model, name, estimate, interval, likelihood, status."""

    def short(value: Any) -> str:
        return "–" if value is None else f"{value:,.4g}"

    interval = "–"
    if row["lower_value"] is not None:
        interval = f"{short(row['lower_value'])} to {short(row['upper_value'])}"
    likelihood = row["log_likelihood"]
    return [
        "backtest" if row["split"] == "calibration" else "refresh",
        row["model"],
        row["parameter"],
        short(row["value"]),
        interval,
        "–" if likelihood is None else f"{likelihood:,.1f}",
        row["status"] + (f": {row['reason']}" if row["reason"] else ""),
    ]


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
    console.print(grade_sentence(report), style="bold", highlight=False)
    candidates = Table("", *CANDIDATE_HEADS, title="Candidates", title_justify="left", padding=0)
    for candidate in report["candidates"]:
        style = "bold" if candidate["is_champion"] else ""
        candidates.add_row(candidate["label"], *candidate_cells(candidate), style=style)
    backtests = Table(*BACKTEST_HEADS, title="Backtests, not corrected", title_justify="left")
    for cells in backtest_cells(report):
        backtests.add_row(*cells)
    deciles = Table(*DECILE_HEADS, title=report["champion_label"], title_justify="left", padding=0)
    for cells in decile_cells(report):
        deciles.add_row(*cells)
    for table, first in ((candidates, 1), (backtests, 2), (deciles, 0)):
        for column in table.columns[first:]:
            column.justify = "right"
        console.print(table)
    for candidate in report["candidates"]:
        if candidate["reason"]:
            console.print(
                f"{candidate['label']} is not usable: {candidate['reason']}.", highlight=False
            )
    console.print(NOTE, style="dim", highlight=False)
