"""What is published of shops whose future is known: intervals, grades, and parts that fail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.value.lab import Lab
from tests.value.simulated_shops import NOW, shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield Lab(tmp_path_factory.mktemp("shops"))


@pytest.mark.parametrize(
    "kind",
    ["equal_prices", "heavy_tails", "wholesaler", "seasonal", "subscription", "no_dropout"],
)
def test_what_is_published_keeps_what_it_claims(shops: Lab, kind: str) -> None:
    """Coverage of what really came after the clock: within 5 points, and 10 of a tenth.

    Of a thousand customers in a tenth chance is off by little more than one point.
    """
    made = shop(kind, customers=10_000)
    shops.fill(made.purchases, NOW)
    shops.build()
    [(method, grade, better, bias, lowest, highest)] = shops.rows(
        "select model, grade, is_better_than_chance, bias, lowest_bias, highest_bias "
        "from value.clv_backtest "
        "where is_champion and version in (select version from value.clv_parameters)"
    )
    assert better or grade == "D"
    assert abs(bias) <= 0.25 or grade in ("C", "D")
    published = shops.rows(
        "select profile_id, predicted_clv_amount::double, predicted_lower_amount::double, "
        "predicted_upper_amount::double, interval_coverage, predicted_decile, interval_reason "
        "from value.customer_lifetime_value order by profile_id"
    )
    who, *columns, reasons = zip(*published, strict=True)
    point, lower, upper, claimed, tenth = (np.array(column, float) for column in columns)
    came = np.array([made.future[name] for name in who])
    assert lowest - 0.1 <= point.sum() / came.sum() - 1 <= highest + 0.1
    # The last backtest lies in the quiet season, an earlier one in that which is to come. By the
    # last alone the baseline was published, which missed more than half of what came.
    if kind == "seasonal":
        assert abs(point.sum() / came.sum() - 1) < 0.35
        assert np.isnan(lower).all() and all("withheld" in reason for reason in reasons)
        return
    assert np.all((lower <= point) & (point <= upper))
    inside = (came >= lower - 0.005) & (came <= upper + 0.005)
    assert abs(inside.mean() - claimed.mean()) < 0.05
    for number in range(1, 11):
        part = tenth == number
        assert abs(inside[part].mean() - claimed[part].mean()) < 0.1, number
    if kind == "wholesaler":
        assert point[0] > 20 * np.sort(point)[-2] and upper[0] < 10 * point[0]
    if kind in ("equal_prices", "subscription"):
        # The purchase models stand although the model of amounts has no summit.
        assert method.endswith("gamma_gamma") or method == "combined"
        assert shops.rows(
            "select distinct status from value.clv_parameters where model = 'gamma_gamma' "
            "and split in ('calibration', 'refresh')"
        ) == [("limit",)]


def test_who_is_new_is_not_predicted_and_it_says_why(shops: Lab) -> None:
    shops.fill(shop("all_new").purchases, NOW)
    shops.build()
    assert shops.rows("select distinct method from value.customer_lifetime_value") == [
        ("historical_net_revenue",)
    ]
    [(reason,)] = shops.rows("select distinct reason from value.clv_parameters")
    assert reason == "nobody had bought before the held-out months"
