"""Staging and conformed refreshed, delivery after delivery, against whole builds over the same."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.refresh.deliveries import TODAY, Company
from tests.refresh.lab import Lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Built whole once, without rows."""
    return Lab(tmp_path_factory.mktemp("refresh") / "lab")


def test_random_deliveries_give_what_a_whole_build_gives(lab: Lab) -> None:
    """Files come, change, grow, repeat others and go; a server's table grows; days pass.

    A system loses all of its customer records and gets others, which makes strangers of the
    members in its ledger meanwhile.
    """
    dice = random.Random(7)
    columns = {table.table: table.column_names for table in lab.tables}
    company = Company(lab.settings.landing_dir, dice, columns)
    company.begin()
    lab.load(company, TODAY.date())
    lab.build(policy=True)
    assert lab.differences() == {}
    changed: set[str] = set()
    for step in range(4):
        if step != 1:
            company.news_from += timedelta(days=4)
            company.go_on()
            company.loyalty((120, 0, 0, 120)[step], members=0 if step == 2 else 30)
        lab.load(company, TODAY.date() + timedelta(days=(step + 1) // 2))
        lab.build(lab.refreshed)
        assert lab.differences() == {}, step
        changed |= {m for m in lab.refreshed if lab.query(f"from operations.delta_{m} limit 1")}
    # Tiers are always the same.
    assert set(lab.refreshed) - changed == {"stg_loyalty__tiers"}
