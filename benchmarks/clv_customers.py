"""Customers of a known process, as clv_inputs holds them, for the benchmark `clv`."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

PURCHASE = (0.6, 9.0, 0.8, 2.8)
SPENDING = (6.0, 4.0, 16.0)
WEEKS, HELD_OUT = 104, 26
CHUNK = 500_000


def make(path: Path, customers: int) -> Path:
    """A DuckDB file with tables inputs, settings and clock; made once.

    Parameters:
        path: the file.
        customers: how many; BG/NBD x Gamma-Gamma with the demo company's parameters, their first
            purchases spread evenly over two years, days whole.
    """
    if path.exists():
        return path
    building = path.with_suffix(".building")
    building.unlink(missing_ok=True)
    with duckdb.connect(str(building)) as con:
        con.execute("set preserve_insertion_order = false")
        con.execute(
            "create table inputs (profile_id string, split string, split_on date, until_on date, "
            "first_purchase_on date, frequency int, recency_days int, age_days int, "
            "mean_repeat_amount decimal(18, 2), net_amount decimal(18, 2), "
            "recent_amount decimal(18, 2), window_amount decimal(18, 2), "
            "future_purchase_count int, future_amount decimal(18, 2))"
        )
        con.execute("create table clock as select timestamp '2026-10-31' as as_of_at")
        con.execute(
            "create table settings as select * from "
            "read_csv('dbt_project/seeds/policy/clv_settings.csv')"
        )
        for start in range(0, customers, CHUNK):
            count = min(CHUNK, customers - start)
            rows = _histories(np.random.default_rng([360, start]), count)
            con.register("rows", rows)
            for split, days, suffix in (
                ("refresh", 0, ""), ("calibration", 7 * HELD_OUT, "_then"),
            ):  # fmt: skip
                con.execute(
                    f"""
                    insert into inputs
                    select 'p' || md5(({start} + row)::varchar)[:16], '{split}',
                        date '2026-10-31' - {days}, date '2026-10-31' - {days} + {7 * HELD_OUT},
                        date '2026-10-31' - age,
                        x{suffix}, last{suffix}, age - {days},
                        case when x{suffix} > 0 then amount end, amount * (x{suffix} + 1),
                        amount * x{suffix}, 0, x - x_then, amount * (x - x_then)
                    from rows where age >= {days}
                    """
                )
    building.rename(path)
    return path


def _histories(random: np.random.Generator, count: int) -> pa.Table:
    r, alpha, a, b = PURCHASE
    p, q, gamma = SPENDING
    # Purchases per day; alpha counts weeks.
    pace, leave = random.gamma(r, 1 / (7 * alpha), count), random.beta(a, b, count)
    age = np.floor(random.uniform(1, 7 * WEEKS, count))
    x, last, x_then, last_then = (np.zeros(count) for _ in range(4))
    at, here = np.zeros(count), np.arange(count)
    while len(here):
        at[here] += random.exponential(1, len(here)) / np.maximum(pace[here], 1e-12)
        here = here[at[here] <= age[here]]
        day = np.ceil(at[here])
        # Purchases of one day count once.
        new = (day > last[here]).astype(float)
        x[here] += new
        last[here] = day
        early = here[day <= age[here] - 7 * HELD_OUT]
        x_then[early] = x[early]
        last_then[early] = last[early]
        here = here[random.uniform(size=len(here)) >= leave[here]]
    rate = random.gamma(q, 1 / gamma, count)
    amount = random.gamma(p * np.maximum(x, 1), 1, count) / rate / np.maximum(x, 1)
    whole = {"age": age, "x": x, "last": last, "x_then": x_then, "last_then": last_then}
    columns = {name: values.astype(np.int32) for name, values in whole.items()}
    return pa.table({"row": np.arange(count), **columns, "amount": np.round(amount, 2)})
