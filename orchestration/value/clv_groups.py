"""Customers grouped by SQL before anything is fitted, so that a fit costs the same at any size.

A hundred million customers have few histories that differ in days. Where they are still more than
a fit should look at, days are put into bins of 2, 4, 8 … days; a bin stands for its customers with
their mean recency and age. Sums are of whole numbers, so that they do not depend on the order in
which the engine adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from orchestration.value.histories import Histories, Spending

LARGEST_BIN = 1024


@dataclass(frozen=True)
class Groups:
    """What a fit looks at.

    Attributes:
        histories: of all customers of a split.
        spending: of those who came back and left money.
        bin_days: width of the bins; 1 where every day is kept.
        customers: how many there are.
        repeaters: how many of them came back.
    """

    histories: Histories
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
        most: groups before days are put into bins.
    """
    bin_days = 1
    while bin_days < LARGEST_BIN and _distinct(con, inputs, split, bin_days) > most:
        bin_days *= 2
    rows = con.execute(
        f"""
        select frequency, sum(recency_days)::double as recency, sum(age_days)::double as age,
            count(*)::double as customers
        from {inputs} where split = ?
        group by frequency, recency_days // {bin_days:d}, age_days // {bin_days:d}
        order by frequency, recency_days // {bin_days:d}, age_days // {bin_days:d}
        """,
        [split],
    ).fetchnumpy()
    customers = np.asarray(rows["customers"])
    histories = Histories.of_days(
        rows["frequency"],
        np.asarray(rows["recency"]) / customers,
        np.asarray(rows["age"]) / customers,
        customers,
    )
    came_back = histories.frequency > 0
    return Groups(
        histories,
        _spending(con, inputs, split, most),
        bin_days,
        int(customers.sum()),
        int(customers[came_back].sum()),
    )


def _distinct(con: duckdb.DuckDBPyConnection, inputs: str, split: str, bin_days: int) -> int:
    [(count,)] = con.execute(
        f"select count(*) from (select distinct frequency, recency_days // {bin_days:d}, "
        f"age_days // {bin_days:d} from {inputs} where split = ?)",
        [split],
    ).fetchall()
    return int(count)


def _spending(con: duckdb.DuckDBPyConnection, inputs: str, split: str, most: int) -> Spending:
    """Spending of repeat customers, by hundredths of the amount's logarithm where they are many."""
    [(exact,)] = con.execute(
        f"select count(*) from (select distinct frequency, mean_repeat_amount from {inputs} "
        "where split = ? and frequency > 0 and mean_repeat_amount > 0)",
        [split],
    ).fetchall()
    key = "mean_repeat_amount" if exact <= most else "floor(100 * ln(mean_repeat_amount))"
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
