"""Staging and conformed refreshed, delivery after delivery, against whole builds over the same."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from tests.refresh.deliveries import TODAY, Company
from tests.refresh.lab import Lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Built whole once, without rows."""
    return Lab(tmp_path_factory.mktemp("refresh") / "lab")


def test_random_deliveries_give_what_a_whole_build_gives(lab: Lab) -> None:
    """Files come, change, grow, repeat others and go, a server's table grows, days pass."""
    dice = random.Random(5)
    columns = {table.table: table.column_names for table in lab.tables}
    company = Company(lab.settings.landing_dir, dice, columns)
    company.begin()
    lab.load(company, TODAY.date())
    lab.build(policy=True)
    assert lab.differences() == {}
    for step in range(4):
        today = TODAY.date() + timedelta(days=step // 2)
        company.news_from += timedelta(days=4)
        company.go_on()
        lab.load(company, today)
        lab.build(lab.refreshed)
        assert lab.differences() == {}, step
