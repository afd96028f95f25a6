"""Other libraries of the benchmark `clv`, run by an interpreter that has them.

Run as `python clv_peers.py LIBRARY FILE` with frequency, recency, age (weeks) and amount per
customer in a CSV file; needs nothing of this project but this file.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

WEEKS = 52.18


def lifetimes(rows: Any) -> dict[str, float]:
    """BG/NBD and Gamma-Gamma of lifetimes, and the value of a year discounted by month."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    purchases = BetaGeoFitter()
    purchases.fit(rows.frequency, rows.recency, rows["T"])
    spending = GammaGammaFitter()
    back = rows[rows.frequency > 0]
    spending.fit(back.frequency, back.monetary_value)
    value = spending.customer_lifetime_value(
        purchases, rows.frequency, rows.recency, rows["T"], rows.monetary_value,
        time=12, discount_rate=0.008, freq="W",
    )  # fmt: skip
    purchases.conditional_probability_alive(rows.frequency, rows.recency, rows["T"])
    found = {name: round(float(v), 4) for name, v in purchases.params_.items()}
    return {**found, "total": round(float(value.sum()))}


def pymc_marketing(rows: Any) -> dict[str, float]:
    """BG/NBD and Gamma-Gamma of pymc-marketing as MAP estimates, and the same value."""
    from pymc_marketing import clv

    rows = rows.assign(customer_id=range(len(rows)))
    purchases = clv.BetaGeoModel(data=rows[["customer_id", "frequency", "recency", "T"]])
    purchases.fit(method="map")
    back = rows[rows.frequency > 0]
    spending = clv.GammaGammaModel(data=back[["customer_id", "frequency", "monetary_value"]])
    spending.fit(method="map")
    value = spending.expected_customer_lifetime_value(
        transaction_model=purchases, data=rows, future_t=12, discount_rate=0.008, time_unit="W"
    )
    purchases.expected_probability_alive()
    posterior = purchases.fit_result
    found = {name: round(float(posterior[name].mean()), 4) for name in ("r", "alpha", "a", "b")}
    return {**found, "total": round(float(value.sum()))}


def main(library: str, path: str) -> None:
    """Fit and score, and print the parameters as JSON."""
    warnings.filterwarnings("ignore")
    import pandas as pd

    rows = pd.read_csv(path)
    known = {"lifetimes": lifetimes, "pymc-marketing": pymc_marketing}
    print(json.dumps(known[library](rows)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
