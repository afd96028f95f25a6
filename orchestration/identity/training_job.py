"""Training as a Dagster job with a schedule of its own, off until it is switched on."""

from typing import Any

import dagster as dg

from orchestration.identity.train_again import train_again
from orchestration.settings import Settings

TRAINING_JOB = "train_matching"


def training_job(settings: Settings) -> Any:
    """Training as a job of its own: its parameters are used from the next refresh on.

    Parameters:
        settings: paths.
    """

    @dg.op(
        name="train_match_parameters",
        required_resource_keys={"warehouse"},
        description="Learns from the records of the last run what agreement is worth.",
    )
    def train_match_parameters(context: dg.OpExecutionContext) -> None:
        model, trained = train_again(settings)
        context.add_output_metadata(
            {
                "model version": model.model_version if model else "none: " + trained.reason,
                "records": trained.record_count,
                "compared pairs": trained.pairs,
                "pairs of one person": round(trained.matches),
            }
        )

    @dg.job(
        name=TRAINING_JOB,
        executor_def=dg.in_process_executor,
        description="Learns the parameters of probabilistic links from the last run's records.",
    )
    def train_matching() -> None:
        train_match_parameters()

    return train_matching


def training_schedule() -> dg.ScheduleDefinition:
    """Parameters drift as slowly as the data do: once a quarter is plenty."""
    return dg.ScheduleDefinition(
        name="train_matching_every_quarter",
        job_name=TRAINING_JOB,
        cron_schedule="0 3 1 1,4,7,10 *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            "On the first day of each quarter at 03:00 UTC, before the morning's refresh. Off "
            "until switched on."
        ),
    )
