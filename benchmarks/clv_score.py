"""Our way of the benchmark `clv`: fit every model at both moments and score every customer.

Run as `python -m benchmarks.clv_score DATABASE` in a process of its own. The functions are those
that the Python models of dbt call; the amounts are the statement of clv_predictions.
"""

from __future__ import annotations

import json
import sys
import time

import duckdb

from orchestration.value.clv_tables import parameters, scores

SCORED = """
    create or replace table scored as
    with spending as (
        select
            max(case when parameter = 'p' then value end) as p,
            max(case when parameter = 'q' then value end) as q,
            max(case when parameter = 'gamma' then value end) as gamma
        from fitted where model = 'gamma_gamma' and split = 'refresh'
    )
    select inputs.profile_id, bg_nbd_alive, bg_nbd_purchases,
        bg_nbd_discounted * spending.p
        * (spending.gamma + inputs.frequency * coalesce(inputs.mean_repeat_amount, 0))
        / (spending.p * inputs.frequency + spending.q - 1) as bg_nbd_amount
    from inputs cross join spending
    left join histories using (split, frequency, recency_days, age_days)
    where split = 'refresh'
"""


def main(path: str) -> None:
    """Fit, score, and print what came out and the seconds of each step as JSON."""
    seconds: dict[str, float] = {}
    with duckdb.connect(path) as con:
        con.execute("set preserve_insertion_order = false")
        con.execute("set memory_limit = '4GB'")
        con.execute("set threads = 2")
        started = time.process_time()
        con.register("rows", parameters(con, "inputs", "settings", "clock"))
        con.execute("create or replace table fitted as from rows")
        seconds["fit, cpu"] = time.process_time() - started
        started = time.process_time()
        con.register("rows", scores(con, "inputs", "fitted", "settings"))
        con.execute("create or replace table histories as from rows")
        seconds["score histories, cpu"] = time.process_time() - started
        started = time.process_time()
        con.execute(SCORED)
        seconds["join to customers, cpu"] = time.process_time() - started
        found = con.execute(
            "select parameter, round(value, 4) from fitted "
            "where model = 'bg_nbd' and split = 'refresh' order by parameter"
        ).fetchall()
        [(customers, count, bins)] = con.execute(
            "select (select count(*) from scored), (select count(*) from histories), "
            "(select max(bin_days) from fitted)"
        ).fetchall()
    print(
        json.dumps(
            {
                "customers": customers,
                "distinct histories": count,
                "bin_days": bins,
                "bg_nbd": dict(found),
                **{name: round(value, 2) for name, value in seconds.items()},
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
