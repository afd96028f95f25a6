"""What a bad clv_settings seed is told."""

from __future__ import annotations

from dataclasses import fields

import pytest

from orchestration.errors import UserError
from orchestration.policy.clv_settings import (
    COLUMNS,
    LIMITS,
    SEED,
    ClvSettings,
    check_clv_settings,
)
from orchestration.policy.seeds import Row, read_seed
from orchestration.settings import DBT_PROJECT_DIR
from tests.policy.rows import rows_of


def settings(**changed: str) -> list[Row]:
    values = {name: str(least) for name, (least, _, _) in LIMITS.items()} | changed
    return rows_of("clv_settings", ("setting", "value"), list(values.items()))


def test_settings_as_delivered_are_right_and_the_defaults() -> None:
    rows = read_seed(DBT_PROJECT_DIR / SEED, COLUMNS)
    check_clv_settings(rows)
    assert ClvSettings(**{r["setting"]: float(r["value"]) for r in rows}) == ClvSettings()
    assert all(row["comment"] for row in rows)
    assert list(LIMITS) == [field.name for field in fields(ClvSettings)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("horizon_weeks", "six"), "line 3: the value of horizon_weeks is no number"),
        (("backtest_count", "0"), "line 5: backtest_count is 0. Write a whole number from 1 to 4"),
        (("calibration_date", "20260230"), "line 4: calibration_date is 20260230, which is no day"),
        (("horizon_months", "1.5"), "line 2: horizon_months is 1.5"),
        (("largest_bias", "nan"), "largest_bias is nan"),
        (("challenger_margin", "inf"), "challenger_margin is inf"),
    ],
)
def test_settings_that_can_not_be_followed_are_refused(change: tuple[str, str], says: str) -> None:
    check_clv_settings(settings())
    with pytest.raises(UserError) as refused:
        check_clv_settings(settings(**dict([change])))
    assert says in str(refused.value) and SEED in str(refused.value)


def test_unknown_repeated_and_missing_settings_are_refused() -> None:
    rows = settings()
    with pytest.raises(UserError, match="there is no setting horizon"):
        check_clv_settings(rows_of("clv_settings", ("setting", "value"), [("horizon", "1")]))
    with pytest.raises(UserError, match="said again, first in line 2"):
        check_clv_settings([*rows, rows[0]])
    with pytest.raises(UserError, match="horizon_months is missing"):
        check_clv_settings(rows[1:])
