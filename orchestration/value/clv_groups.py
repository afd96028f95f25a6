"""Customers grouped by SQL before anything is fitted, so that a fit costs the same at any size.

A hundred million customers have few histories that differ in days. Where they are still more than
a fit should look at, days are put into bins; a bin stands for its customers with their mean recency
and age. What the likelihoods see of a time is its logarithm beside the scale of the rates, some
weeks, so bins are narrow at first and grow with time: a bin that begins at day d is
bin_days * (1 + d / 64) days wide. The search for the summit looks at coarse bins; its last steps
look at all groups that the settings allow. Sums are of whole numbers, so that they do not depend on
the order in which the engine adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from orchestration.value.histories import Histories, Spending

SCALE = 64
LARGEST_BIN = 64
SEARCHED = 5_000
"""Groups that the search looks at."""
EXACT_AMOUNTS = 20_000
"""Distinct amounts of repeat customers above which they are put into hundredths of the logarithm,
which changes estimates in the fifth digit."""


@dataclass(frozen=True)
class Groups:
    """What a fit looks at.

    Attributes:
        histories: of all customers of a split.
        coarse: the same, in bins for the search; None where they are few enough.
        spending: of those who came back and left money.
        bin_days: width of the first bin; 0 where every day is kept.
        customers: how many there are.
        repeaters: how many of them came back.
    """

    histories: Histories
    coarse: Histories | None
    spending: Spending
    bin_days: int
    customers: int
    repeaters: int


def groups_in(con: duckdb.DuckDBPyConnection, inputs: str, split: str, most: int) -> Groups:
    """The groups of a split.

    Parameters:
        con: a connection.
        inputs: the relation clv_inputs.
        split: `calibration` or `refresh`.
        most: groups that a fit's last steps look at; more are put into bins.
    """
    bin_days = _bin_for(con, inputs, split, most, 0)
    histories = _histories(con, inputs, split, bin_days)
    coarse = None
    if len(histories.weight) > SEARCHED:
        coarse_days = _bin_for(con, inputs, split, SEARCHED, _wider(bin_days))
        coarse = _histories(con, inputs, split, coarse_days)
    return Groups(
        histories,
        coarse,
        _spending(con, inputs, split),
        bin_days,
        int(histories.weight.sum()),
        int(histories.weight[histories.frequency > 0].sum()),
    )


def _bin_for(
    con: duckdb.DuckDBPyConnection, inputs: str, split: str, most: int, bin_days: int
) -> int:
    while bin_days < LARGEST_BIN and _distinct(con, inputs, split, bin_days) > most:
        bin_days = _wider(bin_days)
    return bin_days


def _wider(bin_days: int) -> int:
    return 2 * bin_days if bin_days else 1


def _bin(column: str, bin_days: int) -> str:
    if not bin_days:
        return column
    return f"floor({SCALE / bin_days} * ln(1 + {column} / {SCALE}.0))::int"


def _histories(con: duckdb.DuckDBPyConnection, inputs: str, split: str, bin_days: int) -> Histories:
    recency, age = _bin("recency_days", bin_days), _bin("age_days", bin_days)
    rows = con.execute(
        f"""
        select frequency, sum(recency_days)::double as recency, sum(age_days)::double as age,
            count(*)::double as customers
        from {inputs} where split = ?
        group by frequency, {recency}, {age}
        order by frequency, {recency}, {age}
        """,
        [split],
    ).fetchnumpy()
    customers = np.asarray(rows["customers"])
    return Histories.of_days(
        rows["frequency"],
        np.asarray(rows["recency"]) / customers,
        np.asarray(rows["age"]) / customers,
        customers,
    )


def _distinct(con: duckdb.DuckDBPyConnection, inputs: str, split: str, bin_days: int) -> int:
    [(count,)] = con.execute(
        f"select count(*) from (select distinct frequency, {_bin('recency_days', bin_days)}, "
        f"{_bin('age_days', bin_days)} from {inputs} where split = ?)",
        [split],
    ).fetchall()
    return int(count)


def _spending(con: duckdb.DuckDBPyConnection, inputs: str, split: str) -> Spending:
    """Spending of repeat customers, by hundredths of the amount's logarithm where they are many."""
    [(exact,)] = con.execute(
        f"select count(*) from (select distinct frequency, mean_repeat_amount from {inputs} "
        "where split = ? and frequency > 0 and mean_repeat_amount > 0)",
        [split],
    ).fetchall()
    key = "mean_repeat_amount" if exact <= EXACT_AMOUNTS else "floor(100 * ln(mean_repeat_amount))"
    rows = con.execute(
        f"""
        select frequency::double as frequency, count(*)::double as customers,
            sum(mean_repeat_amount)::double as amount,
            sum(round(1e9 * ln(mean_repeat_amount))::hugeint)::double / 1e9 as log_amount
        from {inputs} where split = ? and frequency > 0 and mean_repeat_amount > 0
        group by frequency, {key}
        order by frequency, {key}
        """,
        [split],
    ).fetchnumpy()
    customers = np.asarray(rows["customers"])
    return Spending(
        np.asarray(rows["frequency"]),
        np.asarray(rows["amount"]) / customers,
        np.asarray(rows["log_amount"]) / customers,
        customers,
    )
