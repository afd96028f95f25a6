"""`c360 alert`: try the channels, and look once as the sensor does each minute."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.terminal import Console

if TYPE_CHECKING:
    from orchestration.alerts.alert import Sent

app = typer.Typer(no_args_is_help=True, help="Tell somebody when a run or a source needs them.")
out = Console()


def _show(sent: list[Sent]) -> None:
    for entry in sent:
        mark = "✓" if entry.ok else "✗"
        text = f"{mark} {entry.kind} to {entry.channel}: {entry.text}"
        out.print(text, soft_wrap=True)


@app.command()
def test() -> None:
    """Send one alert to each declared channel and say what became of it.

    Ends with 0 when every channel took it, with 1 when one did not, with 3 when none is declared.
    """
    from orchestration.alerts.alert import KINDS, Alert
    from orchestration.alerts.channels import HOW_TO_DECLARE, declared_channels
    from orchestration.alerts.delivery import Limits, deliver
    from orchestration.alerts.runs import installation

    settings = begin()
    channels = declared_channels()
    if not channels.all:
        raise UserError(HOW_TO_DECLARE, 3)
    alert = Alert(
        "test",
        "this is a test",
        "Somebody has started c360 alert test to see whether alerts arrive here. They do.",
        datetime.now(UTC),
        facts=installation(settings),
    )
    work = {channel: [alert] for channel in channels.all}
    sent = [entry for _, _, entry in deliver(work, Limits.of_policy())]
    _show(sent)
    if silent := [kind for kind in KINDS if kind not in channels.kinds]:
        out.print(f"Not sent, by C360_ALERT_ON: {', '.join(silent)}.", soft_wrap=True)
    if failed := [entry for entry in sent if not entry.ok]:
        raise UserError(f"{len(failed)} of {len(sent)} channels did not take the test alert.")


@app.command()
def check() -> None:
    """Look once for runs that hang or are dead and sources without new rows, and tell.

    The sensor `alerts` in Dagster does the same each minute; this is for cron, without Dagster.
    """
    from orchestration.alerts.channels import HOW_TO_DECLARE, declared_channels
    from orchestration.alerts.telling import look
    from orchestration.run_records import read_records

    settings = begin()
    if not declared_channels().all:
        raise UserError(HOW_TO_DECLARE, 3)
    sent = look(settings, read_records(settings))
    _show(sent)
    if not sent:
        out.print("Nothing new to tell.")
    if any(not entry.ok for entry in sent):
        raise UserError("Not everything could be told.")
