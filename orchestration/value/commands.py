"""`c360 value ...`: what lifetime value rests on."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.private_files import project_files
from orchestration.terminal import Console

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Lifetime value: how good the predictions are, and what they were chosen from.",
)


@app.callback()
def value() -> None:
    """Keep `report` a command of its own while it is the only one."""


@app.command()
def report(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the report with charts as one page.")
    ] = None,
) -> None:
    """Print the last backtest: grade, candidates beside the baselines, and the decile table.

    Each refresh holds the last months out, lets every candidate predict them, and publishes the
    predictions of the best; settings are in dbt_project/seeds/policy/clv_settings.csv.
    """
    from orchestration.value.report import read_report
    from orchestration.value.report_text import show

    settings = begin()
    found = read_report(settings)
    if html:
        from orchestration.value.report_page import page

        try:
            with project_files():
                html.write_text(page(found), encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"{html} can't be written ({error.strerror}). Name a file in a folder that is "
                "there and yours.",
                2,
            ) from None
    if as_json:
        print(json.dumps(found, indent=2, default=_plain))
    elif html:
        Console().print(f"Open {html}", soft_wrap=True, highlight=False)
    else:
        show(Console(), found)


def _plain(value: object) -> object:
    """Amounts as numbers, days as text."""
    return float(value) if isinstance(value, Decimal) else str(value)
