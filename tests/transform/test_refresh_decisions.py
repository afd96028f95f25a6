"""A model that knows how is refreshed, when what has changed before it is known row by row."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from orchestration.transform.layer_build import LayerBuild
from orchestration.transform.node_states import forget_all_states, read_states
from tests.transform.project import (
    DAILY,
    NODES,
    ORDERS,
    SEED,
    STAGED,
    TOTALS,
    UNIQUE,
    Shop,
    node,
    tomorrow,
)


def refreshable(shop: Shop, *nodes: str) -> None:
    for unique_id in nodes:
        config = node(shop, unique_id)["config"]
        assert isinstance(config, dict)
        config.update(incremental_strategy="reached", unique_key=["order_id"])
    shop.make()


def test_only_rows_are_refreshed_and_rules_are_built(shop: Shop) -> None:
    refreshable(shop, STAGED, ORDERS)
    shop.load("b.csv")
    assert shop.actions() == {
        "stg_orders": "refresh",
        "orders": "refresh",
        "totals": "build",
        "unique_orders": "build",
    }
    shop.make()
    node(shop, STAGED)["raw_code"] = "select 2"
    assert shop.actions()["stg_orders"] == shop.actions()["orders"] == "build"


def test_a_test_that_passed_is_asked_of_what_a_refresh_changed(shop: Shop) -> None:
    shop.manifest["macros"]["macro.shop.may_be_repeated"] = {
        **shop.manifest["macros"]["macro.shop.places"], "name": "may_be_repeated"
    }  # fmt: skip
    node(shop, UNIQUE)["depends_on"] = {"nodes": [ORDERS], "macros": ["macro.shop.may_be_repeated"]}
    refreshable(shop, STAGED, ORDERS)
    assert asked(shop, "b.csv") == "refresh"
    shop.make()
    assert asked(shop, "c.csv") == "refresh"
    shop.make(only=[STAGED, ORDERS])
    assert shop.actions()["unique_orders"] == "refresh", "orders was refreshed once since"
    shop.load("d.csv")
    shop.make(only=[STAGED, ORDERS])
    assert shop.actions()["unique_orders"] == "build", "and twice"
    shop.load("e.csv")
    shop.make(failing=[UNIQUE])
    assert asked(shop, "f.csv") == "build", "what was double may still be"
    shop.make()
    shop.con.execute("update operations.node_states set failures = 1, status = 'warn'")
    assert asked(shop, "g.csv") == "build"
    shop.make()
    node(shop, ORDERS)["raw_code"] = "select 2"
    assert shop.actions()["unique_orders"] == "build"
    shop.make()
    node(shop, UNIQUE)["depends_on"] = {
        "nodes": ["source.shop.orders"], "macros": ["macro.shop.may_be_repeated"]
    }  # fmt: skip
    shop.make()
    assert asked(shop, "h.csv") == "build", "of a source nobody says what has changed"


def asked(shop: Shop, file: str) -> str:
    shop.load(file)
    return shop.actions()["unique_orders"]


def test_a_refresh_after_a_refresh_that_was_not_followed_is_a_build(shop: Shop) -> None:
    """Staging was refreshed twice, orders not after the first: its news are not all of them."""
    refreshable(shop, STAGED, ORDERS)
    for name in ("b.csv", "c.csv"):
        shop.load(name)
        build = shop.decide()[STAGED]
        assert build.action == "refresh"
        shop.make(asked=[STAGED])
    assert shop.actions()["orders"] == "build"
    shop.make()
    shop.con.execute("update operations.source_files set content_hash = 'other'")
    assert shop.actions()["orders"] == "refresh"


def test_a_refresh_that_changes_no_row_reaches_nothing(shop: Shop) -> None:
    refreshable(shop, STAGED, ORDERS)
    builds = {u: read_states(shop.con)[u].build for u in (STAGED, ORDERS)}
    shop.changes = 0
    shop.load("b.csv")
    assert set(shop.make()) >= {"stg_orders", "orders"}
    assert builds == {u: read_states(shop.con)[u].build for u in (STAGED, ORDERS)}
    shop.changes = 1
    shop.load("c.csv")
    shop.make()
    assert not set(builds.values()) & {read_states(shop.con)[u].build for u in (STAGED, ORDERS)}


def test_a_refresh_that_only_moves_rows_is_followed(shop: Shop) -> None:
    refreshable(shop, STAGED)
    build = read_states(shop.con)[STAGED].build
    shop.changes = 0
    shop.con.execute("create table operations.moved_stg_orders as select 1 as source_row")
    shop.load("b.csv")
    shop.make()
    assert read_states(shop.con)[STAGED].build != build


def test_changes_that_a_later_refresh_has_overwritten_are_not_taken_for_all(shop: Shop) -> None:
    """Staging changed, orders did not follow, then a refresh of staging changed nothing."""
    refreshable(shop, STAGED, ORDERS)
    shop.load("b.csv")
    shop.make(only=[STAGED])
    assert shop.actions()["orders"] == "refresh", "what staging has changed is still there"
    shop.changes = 0
    shop.load("c.csv")
    shop.make(only=[STAGED])
    assert shop.actions() == {"orders": "build", "totals": "build", "unique_orders": "build"}


def test_a_rebuilt_input_is_reached_through_only_where_the_model_says_so(shop: Shop) -> None:
    refreshable(shop, ORDERS)
    shop.load("b.csv")
    assert shop.actions()["orders"] == "build"
    config = node(shop, ORDERS)["config"]
    assert isinstance(config, dict)
    config["meta"] = {"reaches_through": ["stg_orders"]}
    shop.make()
    shop.load("c.csv")
    assert shop.actions()["orders"] == "refresh"


def test_another_day_refreshes_what_can_be_and_a_replay_builds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshable(shop, DAILY)
    tomorrow(monkeypatch)
    assert shop.actions() == {"daily": "refresh"}
    monkeypatch.setenv("C360_AS_OF", "2026-01-01")
    assert shop.actions() == {"daily": "build"}


def test_nothing_is_refreshed_while_a_day_is_replayed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dbt builds all then, so a table of changes would say that nothing has changed."""
    refreshable(shop, STAGED, ORDERS)
    shop.load("b.csv")
    monkeypatch.setenv("C360_AS_OF", "2026-01-01")
    assert shop.actions()["stg_orders"] == shop.actions()["orders"] == "build"


def test_a_changed_policy_builds_what_can_be_refreshed(shop: Shop) -> None:
    refreshable(shop, STAGED, ORDERS)
    shop.seed.write_text("currency,rate\nEUR,2\n")
    assert shop.actions()["orders"] == "build"
    assert SEED in shop.decide()


def test_a_view_that_is_gone_is_made_again(shop: Shop) -> None:
    config = node(shop, TOTALS)["config"]
    assert isinstance(config, dict)
    config["materialized"] = "view"
    shop.make()
    shop.con.execute("drop table main.totals")
    assert shop.actions() == {"totals": "build"}


def test_a_model_over_a_view_is_refreshed_where_the_view_reads_what_is(shop: Shop) -> None:
    """The test of the view looks at all of it: a view has no delta."""
    shop.manifest["macros"]["macro.shop.may_be_repeated"] = {
        **shop.manifest["macros"]["macro.shop.places"], "name": "may_be_repeated"
    }  # fmt: skip
    node(shop, UNIQUE)["depends_on"] = {"nodes": [ORDERS], "macros": ["macro.shop.may_be_repeated"]}
    config = node(shop, ORDERS)["config"]
    assert isinstance(config, dict)
    config["materialized"] = "view"
    refreshable(shop, STAGED, TOTALS)
    shop.load("b.csv")
    assert shop.actions() == {
        "stg_orders": "refresh",
        "orders": "refresh",
        "totals": "refresh",
        "unique_orders": "build",
    }
    node(shop, ORDERS)["raw_code"] = "select 2"
    assert shop.actions()["totals"] == "build", "another view"


def test_what_is_built_whole_asks_for_its_share_of_the_warehouse(shop: Shop) -> None:
    """Also when nothing is known of it any more, as before everything is built again."""
    shop.settings.warehouse_path.parent.mkdir(parents=True)
    shop.settings.warehouse_path.write_bytes(b"x" * 1_000_000)
    build = LayerBuild(shop.settings, shop.manifest, lambda: nullcontext(shop.con), "all")
    build.decide(NODES)
    assert build.bytes_to_write() == 0
    forget_all_states(shop.con)
    build.decide(NODES)
    for unique_id in NODES:
        shop.manifest["nodes"][unique_id]["relation_name"] = (
            f'"memory".{shop.manifest["nodes"][unique_id]["relation_name"]}'
        )
    shop.con.execute("insert into main.orders select 1 from range(10000)")
    assert 0 < build.bytes_to_write() <= 1_000_000
