"""Identity, profile and value refreshed, delivery after delivery, against whole builds."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from tests.identity.test_refresh import built_elsewhere
from tests.identity.test_refresh import differences as differences_of_identity
from tests.refresh.chain import AFTER, Chain
from tests.refresh.deliveries import TODAY
from tests.refresh.people import Crowd

WITH_DELTA = ("identity_map", "profile_identities", "comparison_values")


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    """Nothing is built yet."""
    return Chain(tmp_path / "lab")


def crowd(chain: Chain, seed: int) -> Crowd:
    """With its first delivery."""
    columns = {table.table: table.column_names for table in chain.tables}
    company = Crowd(chain.settings.landing_dir, random.Random(seed), columns)
    company.begin()
    return company


def test_random_deliveries_give_what_a_whole_build_gives(chain: Chain, tmp_path: Path) -> None:
    """Records come, change and go, and with them people merge and fall apart."""
    company = crowd(chain, 7)
    chain.begin(company, TODAY.date())
    assert chain.differences(AFTER) == {}
    changed: set[str] = set()
    models = {n for n in chain.refreshed if chain.models[n]["fqn"][1] in AFTER} | set(WITH_DELTA)
    for step in range(3):
        company.news_from += timedelta(days=4)
        company.go_on()
        chain.land(company, TODAY.date() + timedelta(days=step))
        if step == 2:
            # The ledger of what the refresh begins with, which it adds to.
            whole = built_elsewhere(chain.settings, tmp_path / "whole")
        assert chain.follow()
        assert chain.differences(AFTER) == {}, step
        changed |= {
            model for model in models
            if chain.query(f"from operations.delta_{model} where is_after limit 1")
            and chain.query(f"from operations.delta_{model} where not is_after limit 1")
        }  # fmt: skip
    assert changed == models
    assert differences_of_identity(chain.settings, whole) == {}
