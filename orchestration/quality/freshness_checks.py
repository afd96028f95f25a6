"""The freshness of the sources as checks of their assets, which warn and stop nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.freshness import PASS, declared, measure_freshness
from orchestration.settings import Settings
from orchestration.warehouse import Connect

CHECK_NAME = "is_fresh"


def freshness_check_specs(manifest: Mapping[str, Any]) -> list[dg.AssetCheckSpec]:
    """A check per source table whose YAML says how fresh it has to be.

    Parameters:
        manifest: dbt's manifest.json as a mapping.
    """
    return [
        dg.AssetCheckSpec(
            CHECK_NAME,
            asset=dg.AssetKey([source, table]),
            description="Its newest row is no older than its YAML expects (dbt's freshness).",
        )
        for source, table in declared(manifest)
    ]


def check_freshness(
    settings: Settings, manifest: Mapping[str, Any], connect: Connect
) -> Iterator[dg.AssetCheckResult]:
    """Measure it, as Dagster shows it. A stale source is no reason to build nothing.

    Parameters:
        settings: paths; the caller holds the writer lock.
        manifest: dbt's manifest.json as a mapping.
        connect: gives connections that may write the warehouse.
    """
    for entry in measure_freshness(settings, manifest, connect):
        state = entry.state(entry.checked_at)
        yield dg.AssetCheckResult(
            passed=state == PASS,
            asset_key=dg.AssetKey([entry.source, entry.table]),
            check_name=CHECK_NAME,
            severity=dg.AssetCheckSeverity.WARN,
            description="" if state == PASS else entry.sentence(entry.checked_at),
            metadata={
                "newest row": entry.newest_at.isoformat() if entry.newest_at else "none",
                "state": state,
            },
        )
