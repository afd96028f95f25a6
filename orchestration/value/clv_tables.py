"""What the Python models of lifetime value do: parameters as a table, and scores per history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.logs import log
from orchestration.policy.clv_settings import ClvSettings
from orchestration.progress import reporter
from orchestration.value.clv_groups import SEARCHED, Groups, groups_in
from orchestration.value.clv_periods import SPLITS, Period, lacking, periods_in, too_early
from orchestration.value.fitting import USABLE, Fit, fit_histories, fit_spending, too_little
from orchestration.value.gamma_gamma import GAMMA_GAMMA
from orchestration.value.histories import Histories
from orchestration.value.lifetime_models import ALL_PURCHASE_MODELS, expected_purchases
from orchestration.value.nbd import NBD

PARAMETERS = pa.schema(
    [
        ("version", pa.string()), ("split", pa.string()), ("model", pa.string()),
        ("parameter", pa.string()), ("value", pa.float64()), ("standard_error", pa.float64()),
        ("lower_value", pa.float64()), ("upper_value", pa.float64()),
        ("log_likelihood", pa.float64()), ("nested_log_likelihood", pa.float64()),
        ("status", pa.string()), ("reason", pa.string()), ("customer_count", pa.int64()),
        ("repeat_customer_count", pa.int64()), ("group_count", pa.int64()),
        ("bin_days", pa.int32()), ("window_from", pa.date32()), ("window_to", pa.date32()),
        ("fitted_at", pa.timestamp("us")),
    ]
)  # fmt: skip
MODELS = (*ALL_PURCHASE_MODELS, GAMMA_GAMMA)
METHOD = 3
"""Part of a version's name. Raise it when a backtest is to be counted differently from then on."""
CHUNK = 200_000
"""Histories evaluated at a time; bounds the memory."""


def parameters(
    con: duckdb.DuckDBPyConnection, inputs: str, settings_table: str, clock: str
) -> pa.Table:
    """Fit every model to both splits.

    Parameters:
        con: dbt's connection.
        inputs: the relation clv_inputs.
        settings_table: the seed clv_settings.
        clock: the relation refresh_period.

    Returns:
        A row per split, model and parameter, also for what did not converge or was not tried.
    """
    settings = settings_in(con, settings_table)
    version = _version(con, inputs, settings, clock)
    periods = periods_in(con, inputs, clock)
    rows: list[dict[str, Any]] = []
    groups = {split: groups_in(con, inputs, split, int(settings.most_groups)) for split in SPLITS}
    reason = lacking(periods, groups, settings)
    fits: dict[str, Fit] = {}
    for split in (*SPLITS, *sorted(set(periods) - set(SPLITS))):
        # Earlier backtests say how stable things are; coarse groups do for that.
        known = groups[split] if split in groups else groups_in(con, inputs, split, SEARCHED)
        little = reason or (too_early(periods[split], known, settings) if split in periods else "")
        if little:
            fits = {model.name: too_little(model, little) for model in MODELS}
        else:
            fits = _fits(known, fits)
        for fit in fits.values():
            rows.extend(_rows(fit, version, split, known, periods.get(split)))
    told = reason or "; ".join(
        dict.fromkeys(
            f"{r['model']}, {r['split']}: {r['reason']}"
            for r in rows
            if r["reason"] and r["split"] in SPLITS
        )
    )
    if told:
        reporter().end("lifetime models", told)
        log().info("lifetime models: %s", told)
    return pa.Table.from_pylist(rows, schema=PARAMETERS)


def settings_in(con: duckdb.DuckDBPyConnection, relation: str) -> ClvSettings:
    """The settings as they are loaded.

    Parameters:
        con: a connection.
        relation: the seed clv_settings.
    """
    rows = con.execute(f"select setting, value from {relation} order by setting").fetchall()
    return ClvSettings(**{str(name): float(value) for name, value in rows})


def _fits(groups: Groups, warm: dict[str, Fit]) -> dict[str, Fit]:
    """Every model fitted to a split, from what it was in another."""
    found: dict[str, Fit] = {}
    for model in ALL_PURCHASE_MODELS:
        found[model.name] = fit_histories(
            model, groups.histories, warm.get(model.name), groups.coarse, found.get(NBD.name)
        )
    name = GAMMA_GAMMA.name
    return {**found, name: fit_spending(GAMMA_GAMMA, groups.spending, warm.get(name))}


def _rows(
    fit: Fit, version: str, split: str, groups: Groups, period: Period | None
) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(fit.names):
        interval = fit.interval(place)
        error = fit.errors[place] if fit.errors else None
        yield {
            "version": version,
            "split": split,
            "model": fit.model,
            "parameter": name,
            "value": fit.values[place] if fit.values else None,
            "standard_error": error if error is not None and np.isfinite(error) else None,
            "lower_value": interval[0] if interval else None,
            "upper_value": interval[1] if interval else None,
            "log_likelihood": fit.log_likelihood,
            "nested_log_likelihood": fit.nested,
            "status": fit.status,
            "reason": fit.reason or None,
            "customer_count": groups.customers,
            "repeat_customer_count": groups.repeaters,
            "group_count": len(groups.histories.weight),
            "bin_days": groups.bin_days,
            "window_from": period.first_on if period else None,
            "window_to": period.split_on if period else None,
            "fitted_at": period.refreshed_at if period else None,
        }


def _version(con: duckdb.DuckDBPyConnection, inputs: str, settings: ClvSettings, clock: str) -> str:
    """A name for what is learned from and how: the same data and settings, the same version."""
    [facts] = con.execute(
        f"""
        select count(*), sum(frequency), sum(recency_days::bigint * (1 + frequency)),
            sum(age_days::bigint * (1 + frequency)), sum(net_amount), sum(mean_repeat_amount),
            sum(recent_amount), sum(window_amount), sum(future_amount),
            sum(future_purchase_count::bigint * age_days), (select max(as_of_at) from {clock})
        from {inputs}
        """
    ).fetchall()
    content = json.dumps([METHOD, *map(str, facts), asdict(settings)], sort_keys=True)
    return "c" + hashlib.sha256(content.encode()).hexdigest()[:12]


def scores(
    con: duckdb.DuckDBPyConnection, inputs: str, parameter_table: str, settings_table: str
) -> pa.Table:
    """Evaluate the models that may be used in both splits, once per distinct history.

    Parameters:
        con: dbt's connection.
        inputs: the relation clv_inputs.
        parameter_table: the relation clv_parameters.
        settings_table: the seed clv_settings.

    Returns:
        split, frequency, recency_days, age_days; per model `<model>_alive` (probability),
        `<model>_purchases` (expected over the months ahead) and `<model>_discounted`, null for a
        model that may not be used. Earlier backtests have what could be fitted there. Without a
        usable model there are no rows.
    """
    settings = settings_in(con, settings_table)
    usable = usable_parameters(con, parameter_table)
    parts = []
    for split in sorted({split for split, _ in usable}):
        [(days,)] = con.execute(
            f"select max(until_on) - max(split_on) from {inputs} where split = ?", [split]
        ).fetchall()
        discount = settings.discount_per_week if split == "refresh" else 0.0
        keys = con.sql(
            f"select distinct frequency, recency_days, age_days from {inputs} "
            f"where split = '{split}' order by frequency, recency_days, age_days"
        ).to_arrow_table()
        for start in range(0, len(keys), CHUNK):
            chunk = keys.slice(start, CHUNK)
            parts.append(_scored(chunk, split, usable, days / 7, discount))
    return pa.concat_tables(parts) if parts else _empty_scores()


def usable_parameters(
    con: duckdb.DuckDBPyConnection, parameter_table: str
) -> dict[tuple[str, str], Any]:
    """Parameters by split and model, of the purchase models that may be used in both splits."""
    found: dict[tuple[str, str], Any] = {}
    for model in ALL_PURCHASE_MODELS:
        by_split: dict[str, dict[str, float]] = {}
        for split, name, value in con.execute(
            f"select split, parameter, value from {parameter_table} "
            f"where model = ? and status in {USABLE}",
            [model.name],
        ).fetchall():
            by_split.setdefault(split, {})[name] = value
        if set(SPLITS) <= set(by_split):
            for split, values in by_split.items():
                found[split, model.name] = np.array([values[name] for name in model.parameters])
    return found


def _scored(
    keys: pa.Table, split: str, usable: dict[tuple[str, str], Any], weeks: float, discount: float
) -> pa.Table:
    frequency, recency, age = (keys.column(name).to_numpy() for name in keys.column_names)
    histories = Histories.of_days(frequency, recency, age, np.ones(len(keys)))
    result = keys.add_column(0, "split", pa.array([split] * len(keys)))
    for model in ALL_PURCHASE_MODELS:
        values = usable.get((split, model.name))
        if values is None:
            empty = pa.nulls(len(keys), pa.float64())
            alive = plain = discounted = empty
        else:
            alive = model.probability_alive(values, histories)
            plain = alive * model.expected_if_alive(values, histories, weeks)
            discounted = (
                expected_purchases(model, values, histories, weeks, discount) if discount else plain
            )
        for name, column in (
            ("alive", alive), ("purchases", plain), ("discounted", discounted)
        ):  # fmt: skip
            result = result.append_column(f"{model.name}_{name}", pa.array(column))
    return result


def _empty_scores() -> pa.Table:
    keys = pa.table({name: pa.array([], pa.int32()) for name in ("f", "r", "a")})
    keys = keys.rename_columns(["frequency", "recency_days", "age_days"])
    return _scored(keys, SPLITS[0], {}, 1.0, 0.0)
