"""A node is made again when what it follows from has changed, and only then."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from orchestration.transform import decisions
from orchestration.transform.node_states import forget_all_states, read_states, unproven
from tests.transform.project import (
    DAILY,
    NODES,
    ORDERS,
    STAGED,
    TOTALS,
    UNIQUE,
    Shop,
    node,
    tomorrow,
)

ALL = {node.split(".")[2] for node in NODES}
AFTER_STAGING = {"stg_orders", "orders", "totals", "unique_orders"}


def load_a_file(shop: Shop) -> None:
    shop.load("b.csv")


def edit_sql(shop: Shop) -> None:
    node(shop, TOTALS)["raw_code"] = "select 2"


def edit_a_macro_behind_a_macro(shop: Shop) -> None:
    shop.manifest["macros"]["macro.shop.places"]["macro_sql"] = "3"


def edit_a_policy_row(shop: Shop) -> None:
    shop.seed.write_text("currency,rate\nEUR,2\n")


def configure(shop: Shop) -> None:
    config = node(shop, TOTALS)["config"]
    assert isinstance(config, dict)
    config["materialized"] = "view"


def edit_a_test(shop: Shop) -> None:
    node(shop, UNIQUE)["raw_code"] = "select 3"


def drop_a_table(shop: Shop) -> None:
    shop.con.execute("drop table main.totals")


def lose_rows(shop: Shop) -> None:
    shop.con.execute("delete from main.orders")


def ask_for_a_rebuild(shop: Shop) -> None:
    forget_all_states(shop.con)


def read_a_variable(shop: Shop) -> None:
    """Two edits: the model reads a variable now, which was built; then the variable changes."""
    node(shop, TOTALS)["raw_code"] = "select {{ var('limit') }}"
    shop.make()
    project = shop.settings.dbt_project_dir / "dbt_project.yml"
    project.write_text(project.read_text().replace("limit: 3", "limit: 4"))


@pytest.mark.parametrize(
    ("happens", "made"),
    [
        (load_a_file, AFTER_STAGING),
        (edit_sql, {"totals"}),
        (edit_a_macro_behind_a_macro, {"totals"}),
        (edit_a_policy_row, {"rates", "orders", "totals", "daily", "unique_orders"}),
        (configure, {"totals"}),
        (edit_a_test, {"unique_orders"}),
        (drop_a_table, {"totals"}),
        (lose_rows, {"orders", "totals", "unique_orders"}),
        (ask_for_a_rebuild, ALL),
        (read_a_variable, {"totals"}),
    ],
)
def test_what_has_changed_is_made_again_with_all_that_follows(
    shop: Shop, happens: Callable[[Shop], None], made: set[str]
) -> None:
    happens(shop)
    decided = shop.decide()
    assert {u.split(".")[2] for u, d in decided.items() if d.action != "skip"} == made
    assert all(d.reason for d in decided.values() if d.action != "skip")
    if happens is not lose_rows:
        assert set(shop.make()) == made
        assert shop.actions() == {}


def touch_the_files(shop: Shop) -> None:
    for path in (shop.seed, shop.settings.dbt_project_dir / "dbt_project.yml"):
        os.utime(path, (1, 1))


def describe(shop: Shop) -> None:
    node(shop, TOTALS)["description"] = "Sums."
    config = node(shop, TOTALS)["config"]
    assert isinstance(config, dict)
    config["meta"] = {"owner": "somebody else"}


def edit_another_variable(shop: Shop) -> None:
    project = shop.settings.dbt_project_dir / "dbt_project.yml"
    project.write_text(project.read_text().replace("other: 1", "other: 2"))


def touch_a_loaded_file(shop: Shop) -> None:
    shop.con.execute("update operations.source_files set file_stamp = 'later'")


@pytest.mark.parametrize(
    "happens", [touch_the_files, describe, edit_another_variable, touch_a_loaded_file]
)
def test_what_changes_no_row_makes_nothing(shop: Shop, happens: Callable[[Shop], None]) -> None:
    happens(shop)
    assert shop.actions() == {}


def test_another_day_makes_only_what_asks_for_the_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow(monkeypatch)
    assert {u: d.reason for u, d in shop.decide().items() if d.action != "skip"} == {
        DAILY: decisions.ANOTHER_DAY
    }
    assert shop.make() == ["daily"]
    assert shop.actions() == {}


def test_what_is_the_same_on_another_day_makes_nothing_after_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    node(shop, STAGED)["depends_on"] = {
        "nodes": ["source.shop.orders"],
        "macros": ["macro.shop.today"],
    }
    shop.make()
    tomorrow(monkeypatch)
    assert set(shop.actions()) == {*AFTER_STAGING, "daily"}
    assert set(shop.make()) == {"stg_orders", "daily"}
    assert shop.actions() == {}
    # Where its rows differ on the next day, what reads them is made as well.
    tomorrow(monkeypatch, 2)
    shop.con.execute("update main.stg_orders set x = 2")
    assert set(shop.make()) == {*AFTER_STAGING, "daily"}


def test_a_replayed_day_is_another(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C360_AS_OF", str(datetime.now(UTC).date()))
    assert shop.make() == ["daily"]
    assert shop.actions() == {}
    monkeypatch.delenv("C360_AS_OF")
    assert shop.actions() == {"daily": "build"}


def test_a_model_waits_for_the_day_that_it_says(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = node(shop, DAILY)["config"]
    assert isinstance(config, dict)
    days = [datetime.now(UTC).date() + timedelta(days=n) for n in (0, 3, 9)]
    config["meta"] = {
        "next_day": "select day from "
        f"(select unnest({[str(d) for d in days]}::date[]) as day) where day > $made_on"
    }
    for later, made in ((2, []), (3, ["daily"]), (5, [])):
        tomorrow(monkeypatch, later)
        assert shop.make() == made, later
    config["meta"] = {"next_day": "select date '9000-01-01'"}
    assert shop.actions() == {}
    config["meta"] = {"next_day": "select day from no_such_table"}
    assert shop.actions() == {"daily": "build"}


def test_a_click_on_one_model_leaves_what_follows_to_the_next_run(shop: Shop) -> None:
    assert shop.make(asked=[ORDERS]) == ["orders"]
    names = {u.split(".")[2] for u in unproven(shop.con, shop.manifest, ["all"])}
    assert names == {"totals", "unique_orders"}
    assert set(shop.actions()) == {"totals", "unique_orders"}


def test_a_failed_test_is_asked_again_and_what_waits_for_it_is_made_then(shop: Shop) -> None:
    shop.load("b.csv")
    shop.make(failing=[UNIQUE])
    assert read_states(shop.con)[UNIQUE].status == "fail"
    assert shop.actions() == {"unique_orders": "build"}
    assert shop.make() == ["unique_orders"]
    assert shop.actions() == {}


def test_what_a_failed_model_left_out_is_made_when_it_works(shop: Shop) -> None:
    shop.load("b.csv")
    shop.make(failing=[STAGED])
    assert set(shop.actions()) == AFTER_STAGING
    assert set(shop.make()) == AFTER_STAGING
    assert shop.actions() == {}


def test_a_kill_between_two_models_leaves_nothing_that_looks_finished(shop: Shop) -> None:
    """Killed after staging was made again: its record is new, those after it have no word."""
    shop.load("b.csv")
    build_of_orders = read_states(shop.con)[ORDERS].build
    shop.make(asked=[STAGED])
    assert {u.split(".")[2] for u in unproven(shop.con, shop.manifest, ["all"])} == {
        "orders",
        "totals",
        "unique_orders",
    }
    shop.make()
    assert read_states(shop.con)[ORDERS].build != build_of_orders
