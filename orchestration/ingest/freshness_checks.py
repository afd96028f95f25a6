"""The freshness of the sources as checks of their assets, which warn and stop nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.freshness import PASS, SourceFreshness, declared

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


def freshness_results(found: Sequence[SourceFreshness]) -> Iterator[dg.AssetCheckResult]:
    """What was found, as Dagster shows it. A stale source is no reason to build nothing."""
    for entry in found:
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
