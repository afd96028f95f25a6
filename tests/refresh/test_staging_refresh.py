"""Staging and conformed refreshed, delivery after delivery, against whole builds over the same."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from orchestration.transform.node_rules import NodeRules
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
    dice = random.Random(8)
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
    # Tiers are always the same; what feeds the others is delivered in test_keyed_files.py and
    # test_added_activities.py.
    unmoved = {
        "stg_loyalty__tiers", "attribute_statements", "uploaded_records", "support_contacts",
        "interactions",
    }  # fmt: skip
    assert set(lab.refreshed) - changed == unmoved


def test_rows_that_only_move_in_their_file_are_no_change(lab: Lab) -> None:
    """A file that comes whole loses its first row, and then comes in another order."""
    dice = random.Random(11)
    company = Company(lab.settings.landing_dir, dice, {t.table: t.column_names for t in lab.tables})
    company.begin()
    # A program, so that conformed sets aside what moves.
    company.files["events", "a"] += [
        {**company.rows("events", 1)[0], "event_id": f"q{n}", "cookie_id": "program", "login": None}
        | {"occurred_at": f"2026-03-02 10:00:{n:02}"}
        for n in range(54)
    ]
    company.write("events", "a", company.files["events", "a"])
    lab.load(company, TODAY.date())
    lab.build(policy=True)
    rows = company.files["events", "a"]
    for moved in (rows[1:], rows[:0:-1]):
        company.write("events", "a", moved)
        lab.load(company, TODAY.date())
        lab.build(lab.refreshed)
        assert lab.differences() == {}
        [(accepted,)] = lab.query(
            "select count(*) from operations.delta_stg_web_tracking__events "
            "where reject_reason is null"
        )
        assert accepted <= 4
        assert lab.query("select count(*) > 40 from operations.moved_stg_web_tracking__events")[0][
            0
        ]
        assert lab.query("from operations.delta_set_aside_rows where source_row_key like 'q%'")


def test_only_what_asks_for_the_day_is_made_on_another(lab: Lab) -> None:
    rules = NodeRules(lab.settings, lab.manifest)
    daily = {n for n, node in lab.models.items() if rules.day_of(node["unique_id"])}
    conformed = {n for n, node in lab.models.items() if node["fqn"][1] == "conformed"}
    assert daily & conformed == {"refresh_period"}
