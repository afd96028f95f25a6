"""A Dagster sensor that tells what no run can tell of itself, each minute."""

from __future__ import annotations

import dagster as dg

from orchestration.alerts.channels import declared_channels
from orchestration.alerts.telling import look
from orchestration.errors import UserError
from orchestration.run_records import read_records
from orchestration.runs.repair import settle_dagster, settle_records
from orchestration.settings import Settings

SECONDS = 60


def watch_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor `alerts`: runs that hang or are dead, and sources that bring nothing new.

    It starts no runs. It is on where a channel is declared when the definitions are loaded, because
    declaring one is asking to be told; a new installation has none, so it does nothing unasked.

    Parameters:
        settings: paths.
    """

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=SECONDS,
        default_status=(
            dg.DefaultSensorStatus.RUNNING if _is_asked_for() else dg.DefaultSensorStatus.STOPPED
        ),
        description=(
            "Tells of runs that hang or were killed and of sources without new rows, by the "
            "channels that the environment declares (docs/alerts.md). Starts no runs."
        ),
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dead = settle_records(settings)
        settle_dagster(settings, context.instance)
        told = [sentence for record in dead for sentence in record.alerts]
        told += [entry.sentence for entry in look(settings, read_records(settings))]
        return dg.SkipReason(" ".join(f"{text}." for text in told) or "Nothing to tell.")

    return alerts


def _is_asked_for() -> bool:
    try:
        return bool(declared_channels().all)
    except UserError:
        # Somebody has asked and made a mistake, which each look says.
        return True
