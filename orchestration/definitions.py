"""What Dagster loads. `c360 ui` serves it behind the guard; `dagster dev` opens a port without."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import dagster as dg

from orchestration.activation.assets import activation_job, after_refresh_sensor, sync_assets
from orchestration.automation import daily_schedule, refresh_job, source_sensor
from orchestration.expectations.assets import landing_gate
from orchestration.identity.training_job import training_job, training_schedule
from orchestration.ingest.assets import ingest_assets
from orchestration.lineage.metadata import ColumnLineage
from orchestration.membership.keep import keep_reasons
from orchestration.policy.declared_columns import (
    attributes_declared,
    check_declared_columns,
    namespaces_of,
)
from orchestration.policy.match_policy_checks import check_compared_attributes, match_seeds
from orchestration.private_files import write_privately
from orchestration.profiles.assets import column_profiles_asset
from orchestration.publish.assets import publish_asset
from orchestration.quality.assets import gate_asset
from orchestration.quality.freshness_checks import check_freshness, freshness_check_specs
from orchestration.quality.quarantine_assets import KEY as QUARANTINE_KEY
from orchestration.quality.quarantine_assets import quarantine_asset
from orchestration.quality.validation import warm_up
from orchestration.runs.alert_sensor import watch_sensor
from orchestration.runs.lifecycle import COMMAND_LINE, mark_published
from orchestration.runs.resource import DOOR_TAG, CarryingSyncs, CarryingWarehouse
from orchestration.settings import LAYERS, Settings
from orchestration.transform.assets import Describe, all_layer_assets
from orchestration.transform.parsing import load_manifest
from orchestration.value.metadata import lifetime_metadata
from orchestration.warehouse import Connect


def build_definitions(settings: Settings) -> dg.Definitions:
    """The chain of one installation: ingest, a layer, its gate, the next layer, …, publish.

    Parameters:
        settings: paths. Nothing is opened or written but dbt's parse result, when files changed.

    Raises:
        UserError: what a source declares can't be followed.
    """
    manifest = load_manifest(settings)
    check_declared_columns(manifest, namespaces_of(settings.dbt_project_dir))
    check_compared_attributes(match_seeds(settings.dbt_project_dir), attributes_declared(manifest))
    describe = shown_beside(settings, manifest)
    refresh, syncs = refresh_job(), activation_job(settings)
    return dg.Definitions(
        assets=[
            ingest_assets(
                settings,
                manifest,
                freshness_check_specs(manifest),
                partial(check_freshness, settings, manifest),
            ),
            column_profiles_asset(settings, manifest),
            landing_gate(settings, manifest),
            *all_layer_assets(settings, manifest, describe, warm_up),
            quarantine_asset(settings, manifest),
            gate_asset("staging", settings, manifest, waits_for=[QUARANTINE_KEY]),
            *(gate_asset(layer, settings, manifest) for layer in LAYERS[1:]),
            publish_asset(settings, mark_published),
            *sync_assets(settings),
        ],
        jobs=[refresh, training_job(settings), *syncs],
        schedules=[daily_schedule(), training_schedule()],
        sensors=[
            source_sensor(settings, manifest),
            watch_sensor(settings),
            *after_refresh_sensor(settings, refresh, syncs, DOOR_TAG, COMMAND_LINE),
        ],
        resources={
            "warehouse": CarryingWarehouse.of(settings),
            "syncs": CarryingSyncs.of(settings),
        },
        # Every step of its own process would import everything again: measured five times slower.
        executor=dg.in_process_executor,
    )


def shown_beside(settings: Settings, manifest: Mapping[str, Any]) -> Describe:
    """What follows from tables that are made, and is kept and shown beside them.

    That is what their columns are made of, why people entered and left segments, and the quality of
    lifetime value.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
    """
    lineage = ColumnLineage(settings, manifest)

    def describe(
        connect: Connect, there: set[str], made: set[str]
    ) -> Mapping[str, Mapping[str, Any]]:
        lineage.keep(connect, there, made)
        keep_reasons(connect, settings, manifest, there)
        with connect() as con:
            shown = lineage.metadata(con, there)
            for name, entries in lifetime_metadata(con, there).items():
                shown[name] = {**shown.get(name, {}), **entries}
        return shown

    return describe


@dg.definitions
def defs() -> dg.Definitions:
    """The installation that the environment describes."""
    write_privately()
    return build_definitions(Settings.from_env())
