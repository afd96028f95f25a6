"""What the last backtest found, for people and scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.settings import Settings
from orchestration.warehouse import connect_reader, rows

LABELS: Mapping[str, str] = {
    "nbd_gamma_gamma": "NBD × GG",
    "bg_nbd_gamma_gamma": "BG/NBD × GG",
    "mbg_nbd_gamma_gamma": "MBG/NBD × GG",
    "pareto_nbd_gamma_gamma": "Pareto/NBD × GG",
    "combined": "model × baseline",
    "past_revenue": "past revenue",
    "past_frequency": "past frequency",
    "recency": "recency",
    "baseline": "baseline",
    "historical_net_revenue": "historical net revenue",
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
        first), deciles of the champion, lift per candidate, parameters of the last backtest and of
        the refresh, the champion in each backtest, and what is predicted.
    """
    candidates = rows(
        con,
        "select * from value.clv_backtest "
        "where version in (select version from value.clv_parameters) "
        "order by is_champion desc, status = 'usable' desc, score desc nulls last, model",
    )
    for candidate in candidates:
        candidate["label"] = LABELS.get(candidate["model"], candidate["model"])
    champion = next((c for c in candidates if c["is_champion"]), None)
    deciles = rows(
        con,
        "select model, decile, customer_count, predicted_amount, actual_amount, "
        "claimed_coverage, measured_coverage from value.clv_calibration order by model, decile",
    )
    [predicted] = rows(
        con,
        "select count(predicted_clv_amount) as customers, sum(predicted_clv_amount) as amount, "
        "count(*) filter (where is_high_value) as high_value_customers, "
        "sum(historical_clv_amount) as historical_amount, count(*) as all_customers, "
        "max(currency) as currency, max(horizon_months) as horizon_months, "
        "max(horizon_days) as horizon_days, "
        "count(*) filter (where interval_reason like 'withheld%') as withheld_intervals "
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
            "status, reason, bin_days, customer_count, repeat_customer_count, window_to "
            "from value.clv_parameters where split in ('calibration', 'refresh') "
            "order by split, model, parameter",
        ),
        "backtests": rows(
            con,
            "select split, model, split_on, until_on, customer_count, bias, top_decile_share, "
            "spearman, one_time_spearman, claimed_coverage, measured_coverage "
            "from value.clv_cutoffs join (select split, model, "
            "sum(tested_count * claimed_coverage) / sum(tested_count) as claimed_coverage, "
            "sum(tested_count * measured_coverage) / sum(tested_count) as measured_coverage "
            "from value.clv_coverage group by all) using (split, model) "
            "where model in (select model from value.clv_backtest where is_champion "
            "and version in (select version from value.clv_parameters)) order by split",
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
