"""`c360 identity ...`: training the parameters of probabilistic links."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from orchestration.errors import UserError
from orchestration.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Who is who: train the parameters of probabilistic links.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def _settings() -> Settings:
    from orchestration.logs import write_to

    settings = Settings.from_env()
    write_to(settings)
    return settings


@app.command()
def train(as_json: AsJson = False) -> None:
    """Learn from the records of the last run what agreement between two records is worth.

    The new parameters are used from the next `c360 run` on. Ends with 1 when there is too little
    to learn from; the parameters in use then stay.
    """
    from orchestration.identity.train_again import train_again

    console = Console(stderr=as_json)
    with console.status("Comparing records ..."):
        model, trained = train_again(_settings())
    if model is None:
        raise UserError(
            f"Nothing was learned: {trained.reason}. The parameters in use stay as they are; "
            "without any, only exact links count. The thresholds are in "
            "dbt_project/seeds/policy/match_rules.csv."
        )
    if as_json:
        found = {
            "model_version": model.model_version,
            "record_count": trained.record_count,
            "compared_pair_count": trained.pairs,
            "expected_match_count": round(trained.matches),
            "comparisons": [c["output_column_name"] for c in model.settings["comparisons"]],
        }
        print(json.dumps(found, indent=2))
        return
    console.print(
        f"Learned from {trained.record_count:,} records, of which about {trained.matches:,.0f} "
        f"pairs are one person's. Version {model.model_version} is used from the next run on.",
        highlight=False,
        soft_wrap=True,
    )
