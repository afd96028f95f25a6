"""What an operator sees in Dagster: groups, owners, gates in the way, automation that is off."""

from __future__ import annotations

import itertools

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

from orchestration.definitions import build_definitions
from orchestration.quality.quarantine_assets import KEY as QUARANTINE
from orchestration.settings import LAYERS
from orchestration.transform.translator import gate_key
from tests.conftest import settings_in
from tests.parsed import parsed


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(parsed(settings_in(tmp_path_factory.mktemp("definitions"))))


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> BaseAssetGraph:
    return definitions.resolve_asset_graph()


def test_every_asset_is_grouped_described_and_owned(graph: BaseAssetGraph) -> None:
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert {n.group_name for n in nodes} == {"ingest", "policy", *LAYERS, "publish", "activation"}
    assert [n.key for n in nodes if not n.description] == []
    assert [n.key for n in nodes if not n.owners and n.group_name != "policy"] == []
    assert [n.key for n in nodes if not n.kinds] == []


def test_nothing_gets_past_a_gate(graph: BaseAssetGraph) -> None:
    """Every model waits for the gate before its layer, and the gate for its whole layer."""
    for before, layer in itertools.pairwise(LAYERS):
        models = {k for k in graph.get_all_asset_keys() if k.path[0] == layer}
        assert models
        for key in models:
            assert gate_key(before) in graph.get(key).parent_keys, key
        assert models <= graph.get(gate_key(layer)).parent_keys
    assert graph.get(dg.AssetKey(["publish", "insights"])).parent_keys == {gate_key("insights")}


def test_gates_block_and_dbt_tests_are_checks(graph: BaseAssetGraph) -> None:
    checks = {node.key: node for node in graph.asset_check_nodes}
    for layer in LAYERS:
        blocking = {k.name: checks[k].blocking for k in checks if k.asset_key == gate_key(layer)}
        assert blocking == {"layer_is_as_promised": True, "nothing_is_unusual": False}
    dbt_checks = [k for k in checks if k.asset_key.path[0] != "gate"]
    assert len(dbt_checks) > 100
    assert {k.asset_key.path[0] for k in dbt_checks} >= set(LAYERS)


def test_staging_waits_for_the_accounting_of_rows(graph: BaseAssetGraph) -> None:
    """Rows are counted after all of staging, and its gate opens only when they add up."""
    models = {k for k in graph.get_all_asset_keys() if k.path[0] == "staging"}
    assert graph.get(QUARANTINE).parent_keys == models
    assert QUARANTINE in graph.get(gate_key("staging")).parent_keys
    nodes = [node for node in graph.asset_check_nodes if node.key.asset_key == QUARANTINE]
    checks = {node.key.name: node.blocking for node in nodes}
    assert checks == {
        "staging_satisfies_contracts": True,
        "every_row_is_accounted_for": True,
        "sources_within_threshold": True,
    }


def test_automation_is_declared_and_off(definitions: dg.Definitions) -> None:
    schedules, sensors = definitions.schedules or [], definitions.sensors or []
    names = set()
    for schedule in schedules:
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
        assert schedule.execution_timezone == "UTC"
        assert schedule.description
        names.add(schedule.name)
    assert names == {"refresh_every_morning", "train_matching_every_quarter"}
    # The last is on where a sync says that it follows a refresh; the demo's does not.
    assert {sensor.name for sensor in sensors} == {
        "sources_changed",
        "alerts",
        "syncs_after_refresh",
    }
    for sensor in sensors:
        assert isinstance(sensor, dg.SensorDefinition)
        assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
        assert sensor.description


def test_syncs_wait_for_what_is_published_and_are_no_part_of_a_refresh(
    definitions: dg.Definitions, graph: BaseAssetGraph
) -> None:
    syncs = {key for key in graph.get_all_asset_keys() if key.path[0] == "activation"}
    assert syncs
    for key in syncs:
        assert graph.get(key).parent_keys == {
            gate_key("segments"),
            dg.AssetKey(["publish", "insights"]),
        }
    refreshed = definitions.resolve_job_def("refresh").asset_layer.executable_asset_keys
    assert not syncs & set(refreshed)
    assert set(definitions.resolve_job_def("activation").asset_layer.executable_asset_keys) == syncs


def test_published_model_has_a_freshness_policy(graph: BaseAssetGraph) -> None:
    assert graph.get(dg.AssetKey(["publish", "insights"])).freshness_policy is not None
