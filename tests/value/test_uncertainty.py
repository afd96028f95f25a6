"""The bootstrap's ends beside those of another bootstrap: of rows, by multinomial draws."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import rankdata

from orchestration.policy.clv_settings import ClvSettings
from orchestration.value import uncertainty as bootstrap
from orchestration.value.clv_groups import Groups
from orchestration.value.clv_periods import Period, lacking
from orchestration.value.histories import Histories, Spending

CUSTOMERS, DRAWS, MODELS = 400, 2_000, ("good", "alike", "blind")
ENDS = ("top_decile_share_lower", "top_decile_share_upper", "spearman_lower", "spearman_upper")


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """What came, and for each candidate its doubled ranks and who is in its best tenth."""
    random = np.random.default_rng(11)
    came = np.round(random.gamma(0.5, 40, CUSTOMERS) * (random.uniform(size=CUSTOMERS) < 0.6), 2)
    noise = {"good": 15.0, "alike": 16.0, "blind": 1e6}
    found: dict[str, Any] = {"came": came, "actual_rank": 2 * rankdata(came)}
    for model, much in noise.items():
        rank = 2 * rankdata(came + much * random.normal(size=CUSTOMERS))
        found[model] = (rank, rank > 2 * CUSTOMERS - 2 * CUSTOMERS // 10)
    return found


@pytest.fixture(scope="module")
def rows(judged: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is made of it, by so many draws that their number decides nothing."""
    tables = [
        pa.table(
            {
                "split": pa.array(["calibration"] * CUSTOMERS),
                "model": pa.array([model] * CUSTOMERS),
                "profile_id": pa.array([f"p{n:03d}" for n in range(CUSTOMERS)]),
                "actual_amount": judged["came"],
                "actual_rank": judged["actual_rank"].astype(int),
                "predicted_rank": judged[model][0].astype(int),
                "decile": np.where(judged[model][1], 1, 2),
            }
        )
        for model in MODELS
    ]
    with pytest.MonkeyPatch.context() as patch, duckdb.connect() as con:
        patch.setattr(bootstrap, "DRAWS", DRAWS)
        con.register("judged", pa.concat_tables(tables))
        return {row["model"]: row for row in bootstrap.uncertainty(con, "judged").to_pylist()}


@pytest.mark.parametrize("model", MODELS)
def test_ends_are_those_of_a_bootstrap_of_rows(
    judged: dict[str, Any], rows: dict[str, dict[str, Any]], model: str
) -> None:
    """Within a twentieth of the interval; 90 % in place of 95 would be a twelfth off."""
    weights = np.random.default_rng(5).multinomial(
        CUSTOMERS, np.full(CUSTOMERS, 1 / CUSTOMERS), DRAWS
    )
    came, y, (x, top) = judged["came"], judged["actual_rank"], judged[model]
    shares = (weights @ (came * top)) / (weights @ came)
    mean_x, mean_y = weights @ x / CUSTOMERS, weights @ y / CUSTOMERS
    spread = [weights @ (v * v) / CUSTOMERS - m * m for v, m in ((x, mean_x), (y, mean_y))]
    ranks = (weights @ (x * y) / CUSTOMERS - mean_x * mean_y) / np.sqrt(spread[0] * spread[1])
    found = [rows[model][end] for end in ENDS]
    wanted = [float(q) for v in (shares, ranks) for q in np.quantile(v, (0.025, 0.975))]
    for place in (0, 2):
        width = wanted[place + 1] - wanted[place]
        assert width > 0.02
        assert found[place : place + 2] == pytest.approx(wanted[place : place + 2], abs=width / 20)


def test_only_what_chance_explains_is_within_noise(rows: dict[str, dict[str, Any]]) -> None:
    assert {model: row["is_within_noise"] for model, row in rows.items()} == {
        "good": True, "alike": True, "blind": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("repeaters", "paid", "says"),
    [
        (1, 1, "1 customer had come back before the held-out months, and prediction begins with "),
        (0, 0, "0 customers had come back before the held-out months"),
        (500, 0, "nobody who came back had spent anything before the held-out months"),
        (500, 500, ""),
    ],
)
def test_why_nothing_is_learned_is_the_reason(repeaters: int, paid: int, says: str) -> None:
    period = Period(date(2024, 1, 1), date(2025, 6, 30), date(2025, 12, 31), datetime(2025, 12, 31))
    now = Period(date(2024, 1, 1), date(2025, 12, 31), date(2026, 6, 30), datetime(2025, 12, 31))
    ones = np.ones(paid)
    groups = Groups(
        Histories(*[np.ones(1)] * 4), None, Spending(ones, ones, ones, ones), 0, 1_000, repeaters
    )
    reason = lacking(
        {"calibration": period, "refresh": now},
        {"calibration": groups, "refresh": groups},
        ClvSettings(),
    )
    assert reason.startswith(says) and bool(reason) == bool(says)
